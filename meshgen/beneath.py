"""An open directory, and what is beneath it: no link below it is followed, whatever is swapped meanwhile.

Where the system has no `dir_fd` (Windows) paths are joined and looked at instead, which leaves a moment in between.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RELATIVE = os.open in os.supports_dir_fd
"""Whether paths can be relative to an open directory."""

_MANY = 32
"""How many directories stay open for the next file in them."""
_DIRECTORY = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# To pass through a directory takes no right to list it.
_THROUGH = _DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)
# Devices and pipes do not make `open` wait, nor a terminal become ours.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)
_CHUNK = 1 << 20


class Directory:
    """The directory at `path`, which is a real path; opened at once. Raises `OSError`.

    Paths given are relative to it, `/` between the parts. To be closed, or used in a `with` block.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._open: dict[str, int] = {}
        if RELATIVE:
            self._open[""] = os.open(path, _THROUGH)
        elif not os.path.isdir(path):  # noqa: PTH112 - as it is given
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.forget()
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open = {}

    def forget(self) -> None:
        """Open directories below anew when they are needed: some were moved or removed."""
        for path in [path for path in self._open if path]:
            os.close(self._open.pop(path))

    def at(self, path: str) -> tuple[str, int | None]:
        """The place of `path` for functions of `os`: a name, and the `dir_fd` of the directory that it is in.

        Valid until the next call but one. Raises `OSError` where a directory above is missing, or is a link.
        """
        parent, _, name = path.rpartition("/")
        if RELATIVE:
            return name or ".", self._directory(parent)
        self._look(parent)
        return f"{self.path}/{path}" if path else self.path, None

    def _directory(self, path: str) -> int:
        known = self._open.pop(path, None)
        if known is not None:
            self._open[path] = known  # the last one used is the last one closed
            return known
        above = path
        while above not in self._open:
            above = above.rpartition("/")[0]
        current, names = self._open[above], path.removeprefix(above).lstrip("/").split("/")
        for number, name in enumerate(names):
            try:
                opened = os.open(name, _THROUGH, dir_fd=current)
            finally:
                if number:
                    os.close(current)
            current = opened
        while len(self._open) > _MANY:
            os.close(self._open.pop(next(other for other in self._open if other)))
        self._open[path] = current
        return current

    def _look(self, path: str) -> None:
        """Without `dir_fd`: refuse a path through a link."""
        parts = path.split("/") if path else []
        for end in range(1, len(parts) + 1):
            place = "/".join((self.path, *parts[:end]))
            if not stat.S_ISDIR(os.lstat(place).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), place)

    def status(self, path: str = "") -> os.stat_result:
        """What stands at `path` itself. Raises `OSError`."""
        name, at = self.at(path)
        return os.stat(name, dir_fd=at, follow_symlinks=False)

    @contextlib.contextmanager
    def listed(self, path: str = "") -> Iterator[Iterator[os.DirEntry[str]]]:
        """The entries of the directory at `path`; their kinds are to be asked for in the block. Raises `OSError`."""
        name, at = self.at(path)
        if not RELATIVE:
            self._look(path)
            with os.scandir(name) as entries:
                yield entries
            return
        descriptor = os.open(name, os.O_RDONLY | _DIRECTORY, dir_fd=at)
        try:
            with os.scandir(descriptor) as entries:
                yield entries
        finally:
            os.close(descriptor)

    def read(self, path: str, largest: int) -> bytes:
        """The content of a regular file, and no more than one byte over `largest`. Raises `OSError`."""
        if not stat.S_ISREG(self.status(path).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        name, at = self.at(path)
        descriptor = os.open(name, _READ, dir_fd=at)
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            return bounded(stream.read, largest)

    def files(
        self, wanted: Callable[[str], bool], entered: Callable[[str], bool], failed: Callable[[str, OSError], None]
    ) -> list[str]:
        """The paths of all files below whose names are `wanted`, links among them, sorted.

        `entered`: whether a directory of a name is looked into; none is through a link. `failed` is told of those that
        cannot be.
        """
        found: list[str] = []
        waiting = [""]
        while waiting:
            directory = waiting.pop()
            prefix = f"{directory}/" if directory else ""
            try:
                with self.listed(directory) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            if entered(entry.name):
                                waiting.append(prefix + entry.name)
                        elif wanted(entry.name):
                            found.append(prefix + entry.name)
            except OSError as error:
                failed(directory, error)
        return sorted(found)


def bounded(read: Callable[[int], bytes | None], largest: int) -> bytes:
    """Everything that `read` gives, and no more than one byte over `largest`."""
    parts: list[bytes] = []
    left = largest + 1
    while left > 0 and (part := read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
