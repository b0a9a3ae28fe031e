"""A file that people edit, too: read once, and replaced only while it is what was read."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from typing import TYPE_CHECKING

from meshgen import interrupts
from meshgen.beneath import Directory
from meshgen.load.files import LARGEST_FILE
from meshgen.load.inputs import absolute, led_out, real

if TYPE_CHECKING:
    from pathlib import Path

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PATIENCE = 10.0
"""How many seconds another command may take to write."""


class ChangedError(Exception):
    """The file is not what it was when it was read."""


class UnfitError(Exception):
    """What stands there cannot be replaced; the text says why."""


class Target:
    """The file at `path`; a link to one within the fleet, or within its repository, stays a link.

    Raises `UnfitError` where a link leads elsewhere.
    """

    def __init__(self, path: Path, fleet: Path) -> None:
        below = fleet if absolute(fleet) in absolute(path).parents else path.parent
        if end := led_out(path, below):
            raise UnfitError(f"is a link that leads out, to `{end}`")
        self._end = real(path)
        self._seen: bytes | None = None

    def read(self) -> bytes | None:
        """The content, None where there is no file. Raises `UnfitError` where it is no regular file, `OSError`."""
        try:
            with Directory(str(self._end.parent)) as directory:
                self._seen = self._content(directory)
        except (FileNotFoundError, NotADirectoryError):
            self._seen = None
        return self._seen

    def _content(self, directory: Directory) -> bytes | None:
        try:
            mode = directory.status(self._end.name).st_mode
            if not stat.S_ISREG(mode):
                raise UnfitError("is no regular file")
            content = directory.read(self._end.name, LARGEST_FILE)
        except FileNotFoundError:
            return None
        if len(content) > LARGEST_FILE:
            raise UnfitError(f"is larger than {LARGEST_FILE >> 20} MiB")
        return content

    def replace(self, content: bytes) -> None:
        """Put `content` there in one step: a reader sees the old file or the new one.

        Raises `ChangedError` where the file is not what `read` gave, `UnfitError` where it is no file any more,
        `OSError`.
        """
        self._end.parent.mkdir(parents=True, exist_ok=True)
        staged = f".{self._end.name}.{secrets.token_hex(4)}.tmp"
        with Directory(str(self._end.parent)) as directory:
            lock = _locked(directory)
            try:
                if self._content(directory) != self._seen:
                    raise ChangedError
                with interrupts.held():
                    self._put(directory, staged, content)
            finally:
                if lock is not None:
                    os.close(lock)

    def _put(self, directory: Directory, staged: str, content: bytes) -> None:
        name, at = directory.at(staged)
        mode = 0o666 if self._seen is None else stat.S_IMODE(directory.status(self._end.name).st_mode)
        try:
            with os.fdopen(os.open(name, _CREATE, mode, dir_fd=at), "wb") as stream:
                stream.write(content)
                stream.flush()
                if self._seen is not None and hasattr(os, "fchmod"):
                    os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            target, at = directory.at(self._end.name)
            if self._seen is None and os.link in os.supports_dir_fd:
                # Unlike a move it does not replace what came meanwhile.
                os.link(name, target, src_dir_fd=at, dst_dir_fd=at)
            else:
                os.replace(name, target, src_dir_fd=at, dst_dir_fd=at)
        except FileExistsError as error:
            raise ChangedError from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=at)


if sys.platform == "win32":

    def _locked(directory: Directory) -> int | None:
        del directory
        return None

else:
    import fcntl

    def _locked(directory: Directory) -> int | None:
        """The directory, locked for those who write; a file beside those of the fleet would be one more to explain.

        None where the file system has no locks. Raises `OSError` if another one takes too long.
        """
        name, at = directory.at("")
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        patience = time.monotonic() + _PATIENCE
        while time.monotonic() < patience:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                os.close(descriptor)
                return None
            else:
                return descriptor
        os.close(descriptor)
        raise OSError(errno.EAGAIN, "another command holds the directory", directory.path)
