"""One writer at a time: a lock that the operating system drops with the process."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


class LockedError(Exception):
    """Another process holds the lock; `holder` is its id where known."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextlib.contextmanager
def held(path: str) -> Iterator[None]:
    """Hold the lock file `path`, or raise `LockedError` at once. The file is gone afterwards."""
    descriptor = _acquire(path)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        # Removed before it is released: whoever opened it meanwhile sees that its name is gone and tries again.
        with contextlib.suppress(OSError):
            Path(path).unlink()
        os.close(descriptor)


def _acquire(path: str) -> int:
    while True:
        descriptor = os.open(path, _FLAGS, 0o666)
        kept = False
        try:
            holder = None if _try_lock(descriptor) else _holder(descriptor)
            kept = holder is None and _still_named(descriptor, path)
        finally:
            if not kept:
                os.close(descriptor)
        if kept:
            return descriptor
        if holder is not None:
            raise LockedError(holder)


def _still_named(descriptor: int, path: str) -> bool:
    try:
        named = os.lstat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), named)


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
