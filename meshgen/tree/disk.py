"""The operations on files that the output tree is made with, beneath the open output directory: no link is followed.

Every change of the disk goes through this module: the tests stop it at each single step. `os` and not `pathlib`:
`Path` objects double the time of writing 10⁵ files.
"""

# ruff: noqa: PTH101, PTH102, PTH106, PTH116 - see above

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple, Self

from meshgen.beneath import Directory, bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 64 << 20
"""No file of a tree has more."""

_COMMON = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# A device or a pipe that came meanwhile does not make `open` wait.
_AT_ONCE = _COMMON | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_READ = os.O_RDONLY | _AT_ONCE
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _COMMON
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _AT_ONCE
_BY_DESCRIPTOR = os.chmod in os.supports_fd
_LIST = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _COMMON


class TooLargeError(OSError):
    """A file that has more than any of ours."""

    def __init__(self) -> None:
        super().__init__(errno.EFBIG, f"larger than {LARGEST >> 20} MiB")


class SharedError(OSError):
    """A file that is to be written into is none, or has another name, which may be somebody else's."""

    def __init__(self) -> None:
        super().__init__(errno.EMLINK, "it is no file of its own")


class Entry(NamedTuple):
    """What a directory has: a name, and whether that is a directory."""

    name: str
    is_directory: bool


class Root:
    """The output directory at `path`, a real path, whether it is there or not; opened by the first use that finds it.

    Paths given are relative to it. Every method may raise `OSError`.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._directory: Directory | None = None
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._directory is not None:
            self._directory.close()
            self._directory = None

    def make(self) -> None:
        """Make the directory, and those above it that are missing."""
        missing = []
        path = self.path
        while not os.path.lexists(path):
            missing.append(path)
            path = os.path.dirname(path)  # noqa: PTH120 - see above
        for path in reversed(missing):
            self._made.append(path)
            os.mkdir(path)

    def unmake(self) -> None:
        """Remove what `make` made and is empty."""
        while self._made:
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(self._made.pop())

    @property
    def _there(self) -> Directory:
        if self._directory is None:
            self._directory = Directory(self.path)
        return self._directory

    def is_in_place(self) -> bool:
        """Whether the directory that is open is still the one at its path."""
        try:
            return os.path.samestat(os.stat(self.path, follow_symlinks=False), self._there.status())
        except FileNotFoundError:
            return False

    def read(self, path: str, expected: bytes = b"") -> bytes:
        """The content of a regular file; one read where it is `expected`. Raises `TooLargeError`."""
        name, at = self._there.at(path)
        descriptor = os.open(name, _READ, dir_fd=at)
        try:
            content = os.read(descriptor, len(expected) + 1)
            if content and content == expected:
                return expected
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            content += bounded(lambda size: os.read(descriptor, size), LARGEST - len(content))
        finally:
            os.close(descriptor)
        if len(content) > LARGEST:
            raise TooLargeError
        return content

    def create(self, path: str, content: bytes, *, durable: bool = False) -> None:
        """Write a file that does not exist yet; `durable`: it is on the medium when this returns."""
        name, at = self._there.at(path)
        _write(os.open(name, _CREATE, 0o666, dir_fd=at), content, durable=durable)

    def append(self, path: str, content: bytes, *, durable: bool = False) -> None:
        """Write at the end of a file, made where it is missing; `durable`: all of it is on the medium at the end.

        Raises `SharedError`.
        """
        name, at = self._there.at(path)
        descriptor = os.open(name, _APPEND, 0o666, dir_fd=at)
        refuse_shared(descriptor)
        _write(descriptor, content, durable=durable)

    def at(self, path: str) -> tuple[str, int | None]:
        """The place of `path` for functions of `os`: see `Directory.at`."""
        return self._there.at(path)

    def status(self, path: str) -> os.stat_result | None:
        """What stands at `path` itself, `None` where nothing does."""
        try:
            return self._there.status(path) if path else os.stat(self.path, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def kind(self, path: str) -> int | None:
        """The file type bits of what stands at `path` itself, `None` where nothing does."""
        status = self.status(path)
        return None if status is None else stat.S_IFMT(status.st_mode)

    def is_file(self, path: str) -> bool:
        return self.kind(path) == stat.S_IFREG

    def is_directory(self, path: str) -> bool:
        return self.kind(path) == stat.S_IFDIR

    def move(self, source: str, target: str) -> None:
        """Put the file `source` in the place of `target`, in one step."""
        (name, at), (to, to_at) = self._there.at(source), self._there.at(target)
        os.replace(name, to, src_dir_fd=at, dst_dir_fd=to_at)

    def move_directory(self, source: str, target: str) -> None:
        """Put the directory `source` to `target`, where nothing is, or an empty directory."""
        self.move(source, target)
        self._there.forget()

    def place(self, source: str, target: str) -> None:
        """Give the file `source` the name `target`, which nothing has. Raises `FileExistsError`."""
        (name, at), (to, to_at) = self._there.at(source), self._there.at(target)
        try:
            os.link(name, to, src_dir_fd=at, dst_dir_fd=to_at, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            # A file system without hard links.
            if self.kind(target) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
            self.move(source, target)
        else:
            os.unlink(name, dir_fd=at)

    def keep(self, source: str, backup: str) -> None:
        """Make `backup` a second name of `source`, or a copy where the file system has no hard links."""
        (name, at), (to, to_at) = self._there.at(source), self._there.at(backup)
        try:
            os.link(name, to, src_dir_fd=at, dst_dir_fd=to_at, follow_symlinks=False)
        except (OSError, NotImplementedError):
            self.create(backup, self.read(source))

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            name, at = self._there.at(path)
            os.unlink(name, dir_fd=at)

    def make_directory(self, path: str) -> None:
        name, at = self._there.at(path)
        os.mkdir(name, dir_fd=at)

    def remove_directory(self, path: str) -> bool:
        """Remove a directory that is empty. Returns whether there was one."""
        try:
            name, at = self._there.at(path)
            os.rmdir(name, dir_fd=at)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                return False
            raise
        self._there.forget()
        return True

    def restore_directory(self, path: str, mode: int) -> None:
        """Make a directory again, as it was."""
        name, at = self._there.at(path)
        os.mkdir(name, dir_fd=at)
        if not _BY_DESCRIPTOR:
            os.chmod(name, mode)
            return
        descriptor = os.open(name, _LIST, dir_fd=at)
        try:
            os.chmod(descriptor, mode)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def listed(self, path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        """What a directory holds; the kinds are to be asked for in the block."""
        with self._there.listed(path) as entries:
            yield entries

    def entries(self, path: str) -> list[Entry]:
        """What a directory holds, sorted by name."""
        with self.listed(path) as entries:
            return sorted(Entry(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)

    def sync_directory(self, path: str) -> None:
        """Make the names in a directory durable."""
        if sys.platform != "win32":
            name, at = self._there.at(path)
            descriptor = os.open(name, _LIST, dir_fd=at)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def refuse_shared(descriptor: int) -> None:
    """Close what cannot be written into without harm to others, and raise `SharedError`."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(descriptor)
        raise SharedError


def _write(descriptor: int, content: bytes, *, durable: bool) -> None:
    try:
        written = os.write(descriptor, content) if content else 0
        while written < len(content):
            written += os.write(descriptor, memoryview(content)[written:])
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
