"""The second opinion: kubeconform, another implementation in another language, reads the files as they were staged."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Literal

from pydantic import BaseModel, NonNegativeInt

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
LARGEST_ANSWER = 64 << 20
"""What kubeconform may print of one run: it names findings only."""
_LONGEST_OUTPUT = 400
_FOR_THE_REST = 10
"""Seconds for reading what is in the pipe of a program that ended."""
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


class _Cause(BaseModel):
    path: str = ""
    msg: str = ""


class _Resource(BaseModel):
    filename: str = ""
    status: str
    msg: str = ""
    validationErrors: list[_Cause] | None = None  # noqa: N815 - as kubeconform writes it


class _Counts(BaseModel):
    valid: NonNegativeInt
    invalid: NonNegativeInt
    errors: NonNegativeInt
    skipped: NonNegativeInt


class _Answer(BaseModel):
    """What kubeconform prints with `-output=json -summary` (its `pkg/output/json.go`)."""

    resources: list[_Resource]
    summary: _Counts


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


def _run(program: Path, root: Path, names: Sequence[str], timeout: float) -> tuple[list[_Resource], Summary]:
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
        code, printed, complaint = _answer(command, root, timeout)
    except subprocess.TimeoutExpired as error:
        raise _FailedError(f"no answer within {timeout:g} seconds") from error
    except OSError as error:
        raise _FailedError(f"`{program}` does not start: {error.strerror or error}") from error
    if len(printed) > LARGEST_ANSWER:
        raise _FailedError(f"its answer is larger than {LARGEST_ANSWER >> 20} MiB")
    said = _excerpt((complaint or printed).decode("utf-8", "replace"))
    if code not in {0, 1}:
        raise _FailedError(f"it ended with {code}: {said}")
    try:
        answer = _Answer.model_validate_json(printed)
    except ValueError as error:
        raise _FailedError(f"its answer is not the JSON that is expected: {said}") from error
    counts = answer.summary
    summary = Summary(counts.valid, counts.invalid, counts.errors, counts.skipped)
    if code == 1 and not (summary.invalid or summary.errors):
        raise _FailedError(f"it ended with 1 and names no object: {said}")
    if summary.invalid + summary.errors > sum(one.status in _FINDINGS for one in answer.resources):
        raise _FailedError("it counts more findings than it names")
    return answer.resources, summary


def _answer(command: Sequence[str], root: Path, timeout: float) -> tuple[int, bytes, bytes]:
    """How the program ended, and the beginning of what it printed: one byte more than allowed where it is too much.

    Nothing of it runs any more when this returns or raises: what it started is in its session.
    """
    process = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    printed: dict[str, bytes] = {}

    def read(name: str, stream: IO[bytes]) -> None:
        with stream:
            printed[name] = stream.read(LARGEST_ANSWER + 1)
            if len(printed[name]) > LARGEST_ANSWER:
                _end(process)

    pipes = {"out": process.stdout, "err": process.stderr}
    readers = [Thread(target=read, args=pipe, daemon=True) for pipe in pipes.items()]
    try:
        for reader in readers:
            reader.start()
        code = process.wait(timeout)
    finally:
        _end(process)
        process.wait()
        for reader in readers:
            reader.join(_FOR_THE_REST)
    return code, printed.get("out", b""), printed.get("err", b"")


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _findings(resource: _Resource, manifests: Mapping[str, Artifact]) -> Iterator[Diagnostic]:
    if resource.status not in _FINDINGS:
        return
    name = resource.filename.replace("\\", "/").removeprefix("./")
    manifest = manifests.get(name)
    spans = manifest.origin.spans if manifest else ()
    # The causes are only those of the first level; where there are none, the text of the whole is all there is.
    causes = resource.validationErrors or []
    texts = [f"at `{cause.path or '/'}`: {cause.msg}" for cause in causes] or [resource.msg or "it does not say why"]
    for text in dict.fromkeys(texts):
        yield diagnose(
            "MG507",
            f"kubeconform refuses `{name}`: {_excerpt(text)}",
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


def _excerpt(output: str) -> str:
    text = " ".join(output[: 2 * _LONGEST_OUTPUT].split())
    return text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}…"
