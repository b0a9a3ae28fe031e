"""The files of a fleet: which they are, and their text."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Span, diagnose
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.load.inputs import LedOutError, files, led_out, read_below, read_named, real
from meshgen.programs import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LARGEST_FILE = 16 * 1024 * 1024
_SUFFIXES = (".yaml", ".yml")
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_files(path: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    """The text of every fleet file at `path`, by the path that people see, in order.

    `path` is a directory, read with all that is below it, or one file of any name. Links are followed within the
    directory, and to fleet files of its repository. Byte order marks are removed.
    """
    sources: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for shown, read in _files(path, diagnostics):
        text = _text(read, shown, diagnostics)
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


def directory_of(path: Path) -> str:
    """The directory of the fleet at `path`, a directory or one file, as the paths of its files begin with."""
    shown = _shown(path if path.is_dir() else path.parent)
    return "" if shown == "." else shown


def is_fleet_file(name: str) -> bool:
    """Whether a file of a fleet directory is read."""
    return name.endswith(_SUFFIXES)


def _files(path: Path, diagnostics: list[Diagnostic]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Every file by the path that people see, with what reads it."""
    if not os.path.lexists(path):
        diagnostics.append(
            diagnose(
                "MG001",
                f"no fleet in `{_shown(path)}`: it does not exist",
                help=_elsewhere(path)
                or "Name the directory or the file of the fleet, or write a first one with `meshgen init`.",
            )
        )
        return
    root = real(path)
    if led_out(path) or not root.is_dir():
        yield _shown(path), partial(_read_file, path)
        return

    def unreadable(directory: str, error: OSError) -> None:
        diagnostics.append(_unreadable(_shown(path / directory), error.strerror or str(error)))

    for name in files(root, is_fleet_file, unreadable, hidden=True):
        yield _shown(path / name), partial(read_below, root, name, LARGEST_FILE, is_fleet_file)


def _elsewhere(path: Path) -> str:
    """The help where the command runs below the fleet or beside it, or its name is misspelled; else nothing."""
    here = Path.cwd()
    root = repository_of(here)
    for above in here.parents if root is not None and not path.is_absolute() else ():
        if root != above and root not in above.parents:
            break
        if (above / path).exists():
            return f"`{_shown(path)}` is in `{_shown(Path(os.path.relpath(above, here)))}`: run the command there."
    try:
        beside = [entry.name for entry in os.scandir(path.parent) if entry.is_dir() or is_fleet_file(entry.name)]
    except OSError:
        return ""
    return did_you_mean([_shown(path.parent / name) for name in near(path.name, beside)])


def _read_file(path: Path) -> bytes:
    if path.is_fifo():
        raise OSError(errno.EINVAL, "not a regular file")
    return read_named(path, LARGEST_FILE)


def _shown(path: Path) -> str:
    # File names need not be text: what is not is shown escaped, so that it can be printed everywhere.
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")


def _text(read: Callable[[], bytes], shown: str, diagnostics: list[Diagnostic]) -> str | None:
    try:
        content = read()
    except LedOutError as error:
        diagnostics.append(_led_out(shown, error.end))
        return None
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


def _led_out(shown: str, end: Path) -> Diagnostic:
    return diagnose(
        "MG020",
        f"the fleet ends here, but a link leads on to `{_shown(end)}`",
        Span(shown, 1, 1, 1, 1),
        help="Put the file itself into the fleet; if all of the fleet is there, name that place in the command.",
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
