"""The manifests that an import reads: files, directories, standard input."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.beneath import bounded
from meshgen.diagnostics import Diagnostic, Span, diagnose
from meshgen.load.inputs import files, led_out, read_below, read_named, real
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meshgen.load.nodes import Node

STANDARD_INPUT = "-"
LARGEST_INPUT = 256 << 20
"""What one input may have: a device would never end."""
_SHOWN_STANDARD_INPUT = "<stdin>"
_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(slots=True)
class Manifests:
    """Documents, and the texts of the files by the path that diagnostics show."""

    documents: list[Node] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)


def read_manifests(paths: Iterable[str]) -> tuple[Manifests, list[Diagnostic]]:
    """Reads `paths`; of directories all `.yaml`, `.yml` and `.json` below them, hidden ones left out.

    Links in a directory are followed within it, and to such files of its repository.

    What cannot be read is reported: MG050, and what the YAML parser finds.
    """
    manifests = Manifests()
    findings: list[Diagnostic] = []
    for path in dict.fromkeys(paths):
        for shown, read in _inputs(path, findings):
            if shown in manifests.sources:
                continue
            try:
                text = _limited(read()).decode("utf-8-sig")
            except (OSError, ValueError) as error:
                findings.append(unreadable(shown, error))
                continue
            manifests.sources[shown] = text
            parsed = parse(text, shown, merge_keys=True)
            findings += parsed.diagnostics
            manifests.documents += [node for node, _ in parsed.documents]
    return manifests, findings


def _inputs(path: str, findings: list[Diagnostic]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Every input that `path` stands for by the path that people see, with what reads it."""
    named = Path(path)
    if path == STANDARD_INPUT:
        yield _SHOWN_STANDARD_INPUT, lambda: bounded(sys.stdin.buffer.read, LARGEST_INPUT)
    elif led_out(named) or not os.path.isdir(named):  # noqa: PTH112 - `Path.is_dir` raises where it may not look
        yield _shown(named), partial(read_named, named, LARGEST_INPUT)
    else:
        root = real(named)

        def failed(directory: str, error: OSError) -> None:
            findings.append(unreadable(_shown(named / directory), error))

        found = files(root, _is_manifest, failed, hidden=False)
        if not found:
            findings.append(
                diagnose(
                    "MG050",
                    f"`{_shown(named)}` has no `.yaml`, `.yml` or `.json` file",
                    help="Name a directory or file with manifests, or `-` for standard input.",
                )
            )
        for name in found:
            yield _shown(named / name), partial(read_below, root, name, LARGEST_INPUT, _is_manifest)


def _limited(content: bytes) -> bytes:
    if len(content) > LARGEST_INPUT:
        raise OSError(errno.EFBIG, f"larger than {LARGEST_INPUT >> 20} MiB")
    return content


def _is_manifest(name: str) -> bool:
    return name.endswith(_SUFFIXES)


def _shown(path: Path) -> str:
    # File names need not be text: what is not is shown escaped, so that it can be printed everywhere.
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")


def unreadable(shown: str, error: Exception) -> Diagnostic:
    """MG050 for a file that is shown as `shown`."""
    if isinstance(error, UnicodeDecodeError):
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        return diagnose(
            "MG050",
            f"`{shown}` is not UTF-8",
            Span(shown, line, 1, line, 1),
            "Save the file as UTF-8.",
        )
    reason = getattr(error, "strerror", None) or str(error)
    return diagnose(
        "MG050",
        f"`{shown}` cannot be read: {reason[:1].lower()}{reason[1:]}",
        help="Name a directory or file with manifests, or `-` for standard input.",
    )
