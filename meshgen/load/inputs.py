"""Files that people named, in directories that somebody else may have filled: nothing outside is read (ADR 20)."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.beneath import Directory, bounded
from meshgen.programs import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable

_GIT = ".git"


class LedOutError(OSError):
    """A link leads out of what was named, to `end`."""

    def __init__(self, end: Path) -> None:
        super().__init__(errno.ELOOP, f"it is a link that leads out, to `{end}`")
        self.end = end


def led_out(path: Path, below: Path | None = None) -> Path | None:
    """Where links lead `path`, if that is out of the repository that it is named in; None: they do not.

    Without a repository: out of `below`, or out of the working directory for names below it. Other names are taken at
    their word: whoever wrote the command meant them.
    """
    named = absolute(path)
    bound = repository_of(named.parent)
    if bound is None:
        bounds = ([] if below is None else [absolute(below)]) + [Path.cwd()]
        bound = next((one for one in bounds if one in named.parents), None)
    if bound is None:
        return None
    end, bound = real(path), real(bound)
    return None if _within(end, bound) and _GIT not in end.relative_to(bound).parts else end


def absolute(path: Path) -> Path:
    """`path` from the root, by name: no link is read."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `Path.absolute` leaves `..`


def real(path: Path) -> Path:
    """Where `path` leads; a link to itself leads nowhere. Unlike `Path.resolve` it never raises."""
    return Path(os.path.realpath(path))


def files(
    directory: Path, wanted: Callable[[str], bool], failed: Callable[[str, OSError], None], *, hidden: bool
) -> list[str]:
    """The paths below `directory`, a real path, of the files whose names are `wanted`, in order; Git's own are none.

    `hidden`: with those whose path has a part that begins with a dot. `failed` is told of directories that cannot be
    looked into.
    """

    def shown(name: str) -> bool:
        return hidden or not name.startswith(".")

    try:
        with Directory(str(directory)) as opened:
            return opened.files(
                lambda name: wanted(name) and shown(name), lambda name: name != _GIT and shown(name), failed
            )
    except OSError as error:
        failed("", error)
        return []


def read_below(directory: Path, name: str, largest: int, wanted: Callable[[str], bool]) -> bytes:
    """The content of a regular file below `directory`, a real path, and no more than one byte over `largest`.

    A link may end at a file below the directory, or at one of its repository whose name is `wanted`. Raises `OSError`,
    `LedOutError` for any other link.
    """
    end, base = real(directory / name), directory
    if not _within(end, base):
        repository = repository_of(base)
        if repository is None or not _within(end, repository) or not wanted(end.name):
            raise LedOutError(end)
        base = repository
    relative = end.relative_to(base)
    if _GIT in relative.parts:
        raise LedOutError(end)
    with Directory(str(base)) as opened:
        return opened.read(relative.as_posix(), largest)


def read_named(path: Path, largest: int) -> bytes:
    """The content of the file at `path`, and no more than one byte over `largest`; a pipe that was named is read, too.

    Raises `OSError`, `LedOutError` where a link leads out of what `led_out` tells.
    """
    if end := led_out(path):
        raise LedOutError(end)
    if path.is_fifo():
        with path.open("rb", buffering=0) as stream:
            return bounded(stream.read, largest)
    end = real(path)
    with Directory(str(end.parent)) as opened:
        return opened.read(end.name, largest)


def _within(path: Path, directory: Path) -> bool:
    return directory == path or directory in path.parents
