"""Change many files so that all are changed, or none.

Files are staged first, in one flat directory on the same file system, then moved into place one by one. What is
replaced or deleted moves into staging, so that every step can be taken back.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field

from meshgen.tree import disk
from meshgen.tree.model import fingerprint

_STAGED = re.compile(r"\d+(\.old)?|journal")


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
    _fresh: set[str] = field(default_factory=set)

    def stage(self, number: int, path: str, content: bytes, *, durable: bool = False) -> None:
        """Write what `path` will hold, beside the tree."""
        self.current = path
        disk.create(f"{self.staging}/{number}", content, durable=durable)

    def put(self, number: int, path: str, seen: str | None) -> None:
        """Move the staged file `number` to `path`, which must be as it was `seen`.

        Raises `MovedOnError`, `OSError`.
        """
        self.current = path
        directory = path.rpartition("/")[0]
        self._enter(directory)
        target = f"{self.root}/{path}"
        staged = f"{self.staging}/{number}"
        backup = ""
        if seen is not None:
            self._check(target, seen)
            backup = f"{staged}.old"
            disk.keep(target, backup)
        elif directory not in self._fresh and disk.kind(target) is not None:
            raise MovedOnError
        # Noted before it is done: a step that did not happen is recognised by its staged file.
        self._steps.append((staged, target, backup, 0))
        disk.move(staged, target)

    def delete(self, number: int, path: str, seen: str) -> None:
        """Take away the file at `path`, which must be as it was `seen`. Raises `MovedOnError`, `OSError`."""
        self.current = path
        if not self._is_real(path.rpartition("/")[0]):
            raise MovedOnError
        target = f"{self.root}/{path}"
        self._check(target, seen)
        backup = f"{self.staging}/{number}.old"
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
            elif not disk.is_file(staged):
                disk.move(backup or target, target if backup else staged)
            self._steps.pop()

    def _check(self, target: str, seen: str) -> None:
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
            self._fresh.add(directory)
        elif not disk.is_directory(path):
            raise MovedOnError
        self._real.add(directory)


def discard(staging: str) -> None:
    """Remove a staging directory, and nothing in it that is not a staged file."""
    with contextlib.suppress(FileNotFoundError):
        for entry in disk.entries(staging):
            if _STAGED.fullmatch(entry.name):
                disk.remove(entry.path)
        disk.remove_directory(staging)
