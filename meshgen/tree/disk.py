"""The operations on files that the output tree is made with. None of them follows a link.

Every change of the disk goes through this module: the tests stop it at each single step. `os` and not `pathlib`:
`Path` objects double the time of writing 10⁵ files.
"""

# ruff: noqa: PTH101, PTH102, PTH105, PTH106, PTH108 - see above

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys

_BINARY = getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _BINARY | _NO_LINK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _NO_LINK
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY | _NO_LINK
_CHUNK = 1 << 20


def read(path: str, expected: bytes = b"") -> bytes:
    """The content of a regular file; one read where it is `expected`."""
    descriptor = os.open(path, _READ)
    try:
        content = os.read(descriptor, len(expected) + 1)
        if content == expected:
            return expected
        rest = [content]
        while chunk := os.read(descriptor, _CHUNK):
            rest.append(chunk)
        return b"".join(rest)
    finally:
        os.close(descriptor)


def create(path: str, content: bytes, *, durable: bool = False) -> None:
    """Write a file that does not exist yet; `durable`: it is on the medium when this returns."""
    _write(path, _CREATE, content, durable=durable)


def append(path: str, content: bytes, *, durable: bool = False) -> None:
    """Write at the end of a file, made where it is missing; `durable`: all of it is on the medium when this returns."""
    _write(path, _APPEND, content, durable=durable)


def _write(path: str, flags: int, content: bytes, *, durable: bool) -> None:
    descriptor = os.open(path, flags, 0o666)
    try:
        written = os.write(descriptor, content) if content else 0
        while written < len(content):
            written += os.write(descriptor, memoryview(content)[written:])
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kind(path: str) -> int | None:
    """The file type bits of what stands at `path` itself, `None` where nothing does."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_file(path: str) -> bool:
    return kind(path) == stat.S_IFREG


def is_directory(path: str) -> bool:
    return kind(path) == stat.S_IFDIR


def move(source: str, target: str) -> None:
    """Put `source` in the place of `target`, in one step."""
    os.replace(source, target)


def keep(source: str, backup: str) -> None:
    """Make `backup` a second name of `source`, or a copy where the file system has no hard links."""
    try:
        os.link(source, backup, follow_symlinks=False)
    except (OSError, NotImplementedError):
        create(backup, read(source))


def remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def make_directory(path: str) -> None:
    os.mkdir(path)


def remove_directory(path: str) -> int | None:
    """Remove a directory that is empty. Returns its mode, or `None` where it is not empty or not there."""
    try:
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        os.rmdir(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return None
        raise
    return mode


def restore_directory(path: str, mode: int) -> None:
    os.mkdir(path)
    os.chmod(path, mode)


def entries(path: str) -> list[os.DirEntry[str]]:
    """What a directory holds, sorted by name."""
    with os.scandir(path) as found:
        return sorted(found, key=lambda entry: entry.name)


def sync_directory(path: str) -> None:
    """Make the names in a directory durable."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY | _NO_LINK)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
