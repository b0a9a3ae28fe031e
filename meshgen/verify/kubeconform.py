"""The second opinion: kubeconform, another implementation in another language, reads the files as they were staged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from meshgen import programs
from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.verify.schemas import TEMPLATE, directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meshgen.emit.artifact import Artifact

Mode = Literal["auto", "require", "off"] | Path
"""Whether kubeconform is asked: if it is there, always, never, or always by the program at this path."""

VARIABLE = "MESHGEN_KUBECONFORM"
# Below what a command line may hold: 2 MiB on Linux, 1 MiB on macOS, 32,767 characters on Windows.
_LONGEST_ARGUMENTS = 24_000 if os.name == "nt" else 500_000
_LONGEST_OUTPUT = 400
_FINDINGS = {"statusInvalid", "statusError"}
_REPORT = "Correct the value in the fleet; if the fleet is right, this is a fault of meshgen, so please report it."


@dataclass(frozen=True, slots=True)
class Summary:
    """How many objects kubeconform found valid, invalid, unreadable, and how many it left out."""

    valid: int = 0
    invalid: int = 0
    errors: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        return self.valid + self.invalid + self.errors + self.skipped

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.valid + other.valid,
            self.invalid + other.invalid,
            self.errors + other.errors,
            self.skipped + other.skipped,
        )


class _FailedError(Exception):
    """kubeconform did not do its work; the text says how."""


def find(mode: Mode = "auto", places: Sequence[Path] = ()) -> Path | None:
    """The program: the path that is the mode, else what `MESHGEN_KUBECONFORM` names, else `kubeconform` of PATH.

    What PATH has below the working directory or the repositories of `places` is not run: it came with what is built.
    Raises FileNotFoundError, with a message for people, where there is none although one was named or is required.
    """
    named = str(mode) if isinstance(mode, Path) else os.environ.get(VARIABLE)
    passed = None
    if named and (isinstance(mode, Path) or os.path.dirname(named)):  # noqa: PTH120 - `./x` is a path, `x` is none
        program = shutil.which(os.path.abspath(named))  # noqa: PTH100 - as it is named
        found = None if program is None else Path(program)
    else:
        looked = programs.find(named or "kubeconform", places)
        found, passed = looked.program, looked.passed
    if found is not None:
        return found
    why = f": `{passed}` came with what is built, and is not run" if passed else ""
    if named:
        by = "`--kubeconform`" if isinstance(mode, Path) else f"`{VARIABLE}`"
        raise FileNotFoundError(f"{by} names `{named}`, which is no program{why}")
    if mode == "require":
        raise FileNotFoundError(f"kubeconform is required and not on PATH{why}")
    return None


def is_there() -> bool:
    """Whether there may be a program to run, or a variable names one."""
    return bool(os.environ.get(VARIABLE)) or find() is not None


def validate(
    root: Path,
    manifests: Mapping[str, Artifact],
    mode: Mode = "auto",
    *,
    places: Sequence[Path] = (),
    timeout: float = 300,
) -> tuple[list[Diagnostic], Summary | None]:
    """What kubeconform says about the files of `manifests` below `root`, a path relative to `root` each.

    `places`: what is built, as for `find`.

    The summary is None when kubeconform did not run: `off`, not found, failed. Findings are MG507;
    MG508: not found although required; MG509: it failed, or passed over files, within `timeout` seconds a run.
    """
    if mode == "off":
        return [], None
    try:
        program = find(mode, places)
    except FileNotFoundError as error:
        return [_missing(str(error))], None
    if program is None:
        return [], None
    found: list[Diagnostic] = []
    summary = Summary()
    for names in _chunks(sorted(manifests)):
        try:
            resources, part = _run(program, root, names, timeout)
        except _FailedError as error:
            return [*found, _failed(str(error))], None
        found += [finding for resource in resources for finding in _findings(resource, manifests)]
        summary += part
        if part.total != len(names):
            found.append(_failed(f"it was given {len(names)} files and judged {part.total} objects"))
        elif part.skipped:
            found.append(_failed(f"it left out {part.skipped} of {len(names)} objects"))
    return found, summary


def _chunks(names: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    length = 0
    for name in names:
        if chunk and length + len(name) > _LONGEST_ARGUMENTS:
            yield chunk
            chunk, length = [], 0
        chunk.append(name)
        length += len(name.encode()) + len("./ ")
    if chunk:
        yield chunk


def _run(program: Path, root: Path, names: Sequence[str], timeout: float) -> tuple[list[dict[str, Any]], Summary]:
    """One run over `names`: the resources with findings and the summary, as kubeconform's JSON has them."""
    command = [
        str(program),
        "-strict",
        "-summary",
        "-output=json",
        f"-n={os.cpu_count() or 1}",
        f"-schema-location={directory().as_posix()}/{TEMPLATE}",
        *(f"./{name}" for name in names),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _FailedError(f"no answer within {timeout:g} seconds") from error
    except OSError as error:
        raise _FailedError(f"`{program}` does not start: {error.strerror or error}") from error
    said = _excerpt(done.stderr or done.stdout)
    if done.returncode not in {0, 1}:
        raise _FailedError(f"it ended with {done.returncode}: {said}")
    try:
        answer = json.loads(done.stdout)
        resources = [dict(resource) for resource in answer["resources"]]
        counts = answer["summary"]
        summary = Summary(*(int(counts[key]) for key in ("valid", "invalid", "errors", "skipped")))
    except (ValueError, TypeError, KeyError) as error:
        raise _FailedError(f"its answer is not the JSON that is expected: {said}") from error
    if done.returncode == 1 and not (summary.invalid or summary.errors):
        raise _FailedError(f"it ended with 1 and names no object: {said}")
    if summary.invalid + summary.errors > sum(one.get("status") in _FINDINGS for one in resources):
        raise _FailedError("it counts more findings than it names")
    return resources, summary


def _findings(resource: Mapping[str, Any], manifests: Mapping[str, Artifact]) -> Iterator[Diagnostic]:
    if resource.get("status") not in _FINDINGS:
        return
    name = str(resource.get("filename", "")).replace("\\", "/").removeprefix("./")
    manifest = manifests.get(name)
    spans = manifest.origin.spans if manifest else ()
    # The causes are only those of the first level; where there are none, the text of the whole is all there is.
    causes = resource.get("validationErrors") or []
    texts = [f"at `{cause.get('path') or '/'}`: {cause.get('msg')}" for cause in causes] or [
        str(resource.get("msg") or "it does not say why")
    ]
    for text in dict.fromkeys(texts):
        yield diagnose(
            "MG507",
            f"kubeconform refuses `{name}`: {_excerpt(text.encode())}",
            spans[0] if spans else None,
            _REPORT,
            object=manifest.origin.name if manifest else "",
        )


def _missing(message: str) -> Diagnostic:
    return diagnose(
        "MG508",
        message,
        help="Install kubeconform, name its program with `--kubeconform PATH`, or do without it.",
    )


def _failed(how: str) -> Diagnostic:
    return diagnose(
        "MG509",
        f"kubeconform failed: {how}",
        help="Run kubeconform on the output by hand to see more, or do without it.",
    )


def _excerpt(output: bytes) -> str:
    text = " ".join(output.decode("utf-8", "replace").split())
    return text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}…"
