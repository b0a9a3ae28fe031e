"""The files of a fleet: which they are, and their text."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Span, diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST_FILE = 16 * 1024 * 1024
_SUFFIXES = (".yaml", ".yml")
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_files(path: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    """The text of every fleet file at `path`, by the path that people see, in order.

    `path` is a directory, read with all that is below it, or one file of any name. Byte order marks are removed.
    """
    sources: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for file, shown in _files(path, diagnostics):
        text = _text(file, shown, diagnostics)
        if text is not None:
            sources[shown] = text
    if not sources and not diagnostics:
        diagnostics.append(
            diagnose(
                "MG001",
                f"no fleet in `{_shown(path)}`: there is no `.yaml` or `.yml` file",
                help="Name the directory or the file of the fleet, or write a first one with `meshgen init`.",
            )
        )
    return sources, diagnostics


def decoded(contents: Mapping[str, bytes]) -> tuple[dict[str, str], list[Diagnostic]]:
    """The text of fleet files that are not on disk, by their paths, in order, as `read_files` gives it."""
    sources: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for name, content in sorted(contents.items()):
        text = _decoded(content, name, diagnostics)
        if text is not None:
            sources[name] = text
    return sources, diagnostics


def is_fleet_file(name: str) -> bool:
    """Whether a file of a fleet directory is read."""
    return name.endswith(_SUFFIXES)


def _files(path: Path, diagnostics: list[Diagnostic]) -> Iterator[tuple[Path, str]]:
    if not os.path.lexists(path):
        diagnostics.append(
            diagnose(
                "MG001",
                f"no fleet in `{_shown(path)}`: it does not exist",
                help="Name the directory or the file of the fleet, or write a first one with `meshgen init`.",
            )
        )
        return
    if not path.is_dir():
        yield path, _shown(path)
        return

    def unreadable(error: OSError) -> None:
        diagnostics.append(_unreadable(_shown(Path(error.filename or path)), error.strerror or str(error)))

    found = [
        Path(directory) / name
        for directory, _, names in os.walk(path, onerror=unreadable)
        for name in names
        if is_fleet_file(name)
    ]
    for file in sorted(found, key=lambda file: file.relative_to(path).as_posix()):
        yield file, _shown(file)


def _shown(path: Path) -> str:
    # File names need not be text: what is not is shown escaped, so that it can be printed everywhere.
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")


def _text(file: Path, shown: str, diagnostics: list[Diagnostic]) -> str | None:
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            diagnostics.append(_unreadable(shown, "not a regular file"))
            return None
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        diagnostics.append(_unreadable(shown, getattr(error, "strerror", None) or str(error)))
        return None
    return _decoded(content, shown, diagnostics)


def _decoded(content: bytes, shown: str, diagnostics: list[Diagnostic]) -> str | None:
    if len(content) > LARGEST_FILE:
        diagnostics.append(
            diagnose(
                "MG003",
                f"the file is larger than {LARGEST_FILE // 1024 // 1024} MiB",
                Span(shown, 1, 1, 1, 1),
                help="Split it: any number of files make one fleet.",
            )
        )
        return None
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        diagnostics.append(_not_utf8(content, error.start, shown))
        return None


def _unreadable(shown: str, reason: str) -> Diagnostic:
    return diagnose(
        "MG002",
        f"cannot be read: {reason[:1].lower()}{reason[1:]}",
        Span(shown, 1, 1, 1, 1),
        help="Make it a file that can be read, or remove it from the fleet.",
    )


def _not_utf8(content: bytes, position: int, shown: str) -> Diagnostic:
    encoding = _OTHER_ENCODINGS.get(content[:2])
    before = content[:position]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    what = f"is {encoding}" if encoding else f"the byte 0x{content[position]:02X} is not UTF-8"
    return diagnose(
        "MG004",
        f"the file is not UTF-8: it {what}" if encoding else f"the file is not UTF-8: {what}",
        Span(shown, line, column, line, column + 1),
        help="Save the file as UTF-8.",
    )
