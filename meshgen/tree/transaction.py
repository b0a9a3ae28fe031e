"""Change many files so that all are changed, or none.

Files are staged first, in a directory on the same file system that mirrors the tree, then moved into place: a directory
that is not there yet as a whole, else file by file. What is replaced or deleted moves into staging, so that every step
can be taken back.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from meshgen.tree import disk
from meshgen.tree.model import fingerprint

_NEW = "new"
_OLD = "old"
_JOURNAL = "journal"


class MovedOnError(Exception):
    """A file is not as it was when it was compared."""


@dataclass(slots=True)
class Transaction:
    """Changes below `root`, staged in the directory `staging`; the paths given are relative to `root`.

    `current` is the path at work, for messages about an `OSError`.
    """

    root: str
    staging: str
    current: str = ""
    _steps: list[tuple[str, str, str, int]] = field(default_factory=list)
    _real: set[str] = field(default_factory=set)
    _made: set[str] = field(default_factory=set)

    @property
    def staged(self) -> str:
        """The directory that holds the staged files by their paths."""
        return f"{self.staging}/{_NEW}"

    @property
    def journal(self) -> str:
        """Where the journal is staged."""
        return f"{self.staging}/{_JOURNAL}"

    def begin(self, journal: bytes) -> None:
        """Make the staging directory, with what a journal begins with."""
        for directory in (self.staging, self.staged, f"{self.staging}/{_OLD}"):
            disk.make_directory(directory)
        disk.create(self.journal, journal)

    def stage(self, path: str, content: bytes, *, durable: bool = False) -> None:
        """Write what `path` will hold, beside the tree."""
        self.current = path
        directory = path.rpartition("/")[0]
        if directory not in self._made:
            self._make(directory)
        disk.create(f"{self.staging}/{_NEW}/{path}", content, durable=durable)

    def _make(self, directory: str) -> None:
        if directory and directory not in self._made:
            self._make(directory.rpartition("/")[0])
            disk.make_directory(f"{self.staging}/{_NEW}/{directory}")
            self._made.add(directory)

    def put(self, path: str, seen: bytes | None) -> None:
        """Move a staged file to `path`, which must be as it was `seen`. Raises `MovedOnError`, `OSError`."""
        self.current = path
        self._enter(path.rpartition("/")[0])
        target = f"{self.root}/{path}"
        staged = f"{self.staging}/{_NEW}/{path}"
        backup = ""
        if seen is not None:
            self._check(target, seen)
            backup = self._backup()
            disk.keep(target, backup)
        elif disk.kind(target) is not None:
            raise MovedOnError
        # Noted before it is done: a step that did not happen is recognised by what is still staged.
        self._steps.append((staged, target, backup, 0))
        disk.move(staged, target)

    def put_directory(self, path: str) -> bool:
        """Move a staged directory to `path`. Returns False, and does nothing, where a directory stands there.

        Raises `MovedOnError` where something else does, `OSError`.
        """
        self.current = path
        target = f"{self.root}/{path}"
        if disk.kind(target) is not None:
            if not disk.is_directory(target):
                raise MovedOnError
            return False
        self._enter(path.rpartition("/")[0])
        staged = f"{self.staging}/{_NEW}/{path}"
        self._steps.append((staged, target, "", 0))
        disk.move(staged, target)
        return True

    def delete(self, path: str, seen: bytes) -> None:
        """Take away the file at `path`, which must be as it was `seen`. Raises `MovedOnError`, `OSError`."""
        self.current = path
        if not self._is_real(path.rpartition("/")[0]):
            raise MovedOnError
        target = f"{self.root}/{path}"
        self._check(target, seen)
        backup = self._backup()
        self._steps.append(("", target, backup, 0))
        disk.move(target, backup)

    def remove_directory(self, path: str) -> None:
        """Remove the directory at `path` if it is empty."""
        self.current = path
        if self._is_real(path):
            mode = disk.remove_directory(f"{self.root}/{path}")
            if mode is not None:
                self._real.discard(path)
                self._steps.append(("", f"{self.root}/{path}", "", mode))

    def undo(self) -> None:
        """Take back every step, the last first. Raises `OSError` where the disk does not let it."""
        while self._steps:
            staged, target, backup, mode = self._steps[-1]
            if mode:
                disk.restore_directory(target, mode)
            elif not staged and not backup:
                disk.remove_directory(target)
            elif not staged:
                if disk.is_file(backup):
                    disk.move(backup, target)
            elif disk.kind(staged) is None:
                disk.move(backup or target, target if backup else staged)
            self._steps.pop()

    def _backup(self) -> str:
        return f"{self.staging}/{_OLD}/{len(self._steps)}"

    def _check(self, target: str, seen: bytes) -> None:
        if not disk.is_file(target) or fingerprint(disk.read(target)) != seen:
            raise MovedOnError

    def _is_real(self, directory: str) -> bool:
        """Whether `directory` and all above it are directories, none of them a link."""
        if not directory or directory in self._real:
            return True
        if not self._is_real(directory.rpartition("/")[0]) or not disk.is_directory(f"{self.root}/{directory}"):
            return False
        self._real.add(directory)
        return True

    def _enter(self, directory: str) -> None:
        """Make `directory` and those above it where they are missing."""
        if not directory or directory in self._real:
            return
        self._enter(directory.rpartition("/")[0])
        path = f"{self.root}/{directory}"
        if disk.kind(path) is None:
            disk.make_directory(path)
            self._steps.append(("", path, "", 0))
        elif not disk.is_directory(path):
            raise MovedOnError
        self._real.add(directory)


def discard(staging: str) -> None:
    """Remove a staging directory, and nothing in it that is not staged; no link is followed."""
    with contextlib.suppress(FileNotFoundError):
        for entry in disk.entries(staging):
            if entry.name in {_NEW, _OLD} and entry.is_dir(follow_symlinks=False):
                _empty(entry.path)
                disk.remove_directory(entry.path)
            elif entry.name == _JOURNAL and not entry.is_dir(follow_symlinks=False):
                disk.remove(entry.path)
        disk.remove_directory(staging)


def _empty(directory: str) -> None:
    for entry in disk.entries(directory):
        if entry.is_dir(follow_symlinks=False):
            _empty(entry.path)
            disk.remove_directory(entry.path)
        else:
            disk.remove(entry.path)
