"""The manifests that an import reads: files, directories, standard input."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Span, diagnose
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.load.nodes import Node

STANDARD_INPUT = "-"
_SHOWN_STANDARD_INPUT = "<stdin>"
_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(slots=True)
class Manifests:
    """Documents, and the texts of the files by the path that diagnostics show."""

    documents: list[Node] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)


def read_manifests(paths: Iterable[str]) -> tuple[Manifests, list[Diagnostic]]:
    """Reads `paths`; of directories all `.yaml`, `.yml` and `.json` below them, hidden ones left out.

    What cannot be read is reported: MG050, and what the YAML parser finds.
    """
    manifests = Manifests()
    findings: list[Diagnostic] = []
    for path in dict.fromkeys(paths):
        for file in [None] if path == STANDARD_INPUT else _files(Path(path), findings):
            shown = _SHOWN_STANDARD_INPUT if file is None else _shown(file)
            if shown in manifests.sources:
                continue
            try:
                content = sys.stdin.buffer.read() if file is None else file.read_bytes()
                text = content.decode("utf-8-sig")
            except (OSError, ValueError) as error:
                findings.append(unreadable(shown, error))
                continue
            manifests.sources[shown] = text
            parsed = parse(text, shown, merge_keys=True)
            findings += parsed.diagnostics
            manifests.documents += [node for node, _ in parsed.documents]
    return manifests, findings


def _files(path: Path, findings: list[Diagnostic]) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = []

    def failed(error: OSError) -> None:
        findings.append(unreadable(_shown(Path(error.filename)), error))

    for directory, directories, names in os.walk(path, onerror=failed):
        directories[:] = [name for name in directories if not name.startswith(".")]
        found += [Path(directory, name) for name in names if name.endswith(_SUFFIXES) and not name.startswith(".")]
    if not found:
        findings.append(
            diagnose(
                "MG050",
                f"`{_shown(path)}` has no `.yaml`, `.yml` or `.json` file",
                help="Name a directory or file with manifests, or `-` for standard input.",
            )
        )
    return sorted(found)


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
