"""One writer at a time: a lock that the operating system drops with the process."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from meshgen.tree.disk import refuse_shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.tree.disk import Root

# A pipe or a device in its place does not make `open` wait.
_FLAGS = os.O_RDWR | os.O_CREAT
for _name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY"):
    _FLAGS |= getattr(os, _name, 0)


class LockedError(Exception):
    """Another process holds the lock; `holder` is its id where known."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextlib.contextmanager
def held(root: Root, path: str) -> Iterator[None]:
    """Hold the lock file `path` below `root`, or raise `LockedError` at once. The file is gone afterwards.

    Raises `SharedError` where something else stands there, or a file with another name: it is left as it is.
    """
    descriptor = _acquire(root, path)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        try:
            # Removed before it is released: whoever opened it meanwhile sees that its name is gone and tries again.
            with contextlib.suppress(OSError):
                if _still_named(root, descriptor, path):
                    name, at = root.at(path)
                    os.unlink(name, dir_fd=at)
        finally:
            os.close(descriptor)


def _acquire(root: Root, path: str) -> int:
    while True:
        name, at = root.at(path)
        descriptor = os.open(name, _FLAGS, 0o666, dir_fd=at)
        refuse_shared(descriptor)
        kept = False
        try:
            holder = None if _try_lock(descriptor) else _holder(descriptor)
            kept = holder is None and _still_named(root, descriptor, path)
        finally:
            if not kept:
                os.close(descriptor)
        if kept:
            return descriptor
        if holder is not None:
            raise LockedError(holder)


def _still_named(root: Root, descriptor: int, path: str) -> bool:
    named = root.status(path)
    return named is not None and os.path.samestat(os.fstat(descriptor), named)


def _holder(descriptor: int) -> str:
    try:
        text = os.pread(descriptor, 20, 0).decode("ascii", "replace") if hasattr(os, "pread") else ""
    except OSError:
        return ""
    return text if text.isascii() and text.isdigit() else ""


if sys.platform == "win32":
    import msvcrt

    _BYTE = 1 << 30

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
