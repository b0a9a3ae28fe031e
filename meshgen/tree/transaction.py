"""Change many files so that all are changed, or none.

Files are staged first, in a directory on the same file system that mirrors the tree, then moved into place: a directory
that is not there yet as a whole, else file by file. What is replaced or deleted moves into staging, so that every step
can be taken back. Each step is noted before it is done: an interrupt may come as it returns. What others put or changed
in between stays when steps are taken back.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from meshgen.tree import state
from meshgen.tree.model import fingerprint
from meshgen.tree.paths import META
from meshgen.tree.scan import walk

if TYPE_CHECKING:
    from meshgen.tree.disk import Root
    from meshgen.tree.state import Recorded

_NEW = "new"
_OLD = "old"
_JOURNAL = "journal"


class MovedOnError(Exception):
    """A file is not as it was when it was compared, or a directory not the one that it was."""


class _Did(Enum):
    """What a step does to a path."""

    MAKE_DIRECTORY = "make a directory"
    REMOVE_DIRECTORY = "remove a directory that is empty"
    PUT_DIRECTORY = "move a staged directory in"
    PUT = "give a staged file a name that nothing has"
    REPLACE = "put a staged file in the place of another"
    DELETE = "move a file out"


@dataclass(frozen=True, slots=True)
class _Step:
    did: _Did
    path: str
    backup: str = ""
    """Where what stood there is."""
    mode: int = 0
    """The rights of a directory that is removed."""


@dataclass(slots=True)
class Transaction:
    """Changes below `root`, staged in its directory `staging`; all paths are relative to `root`.

    `current` is the path at work, for messages about an `OSError`.
    """

    root: Root
    staging: str
    current: str = ""
    _steps: list[_Step] = field(default_factory=list)
    _real: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The directories that were gone through, by what tells each from others."""
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
            self.root.make_directory(directory)
        self.root.create(self.journal, journal)

    def stage(self, path: str, content: bytes, *, durable: bool = False) -> None:
        """Write what `path` will hold, beside the tree."""
        self.current = path
        directory = path.rpartition("/")[0]
        if directory not in self._made:
            self._make(directory)
        self.root.create(f"{self.staged}/{path}", content, durable=durable)

    def _make(self, directory: str) -> None:
        if directory and directory not in self._made:
            self._make(directory.rpartition("/")[0])
            self.root.make_directory(f"{self.staged}/{directory}")
            self._made.add(directory)

    def put(self, path: str, seen: bytes | None) -> None:
        """Move a staged file to `path`, which must be as it was `seen`. Raises `MovedOnError`, `OSError`."""
        self.current = path
        self._enter(path.rpartition("/")[0])
        staged = f"{self.staged}/{path}"
        if seen is None:
            self._steps.append(_Step(_Did.PUT, path))
            try:
                self.root.place(staged, path)
            except FileExistsError:
                self._steps.pop()
                raise MovedOnError from None
            return
        backup = self._backup()
        if not self.root.is_file(path):
            raise MovedOnError
        self.root.keep(path, backup)
        # What is kept is what goes: a look at the path could be at another file.
        self._check(backup, seen)
        self._steps.append(_Step(_Did.REPLACE, path, backup))
        self.root.move(staged, path)

    def put_directory(self, path: str) -> bool:
        """Move a staged directory to `path`. Returns False, and does nothing, where a directory stands there.

        Raises `MovedOnError` where something else does, `OSError`.
        """
        self.current = path
        kind = self.root.kind(path)
        if kind is not None:
            if not stat.S_ISDIR(kind):
                raise MovedOnError
            return False
        self._enter(path.rpartition("/")[0])
        self._steps.append(_Step(_Did.PUT_DIRECTORY, path))
        try:
            self.root.move_directory(f"{self.staged}/{path}", path)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            self._steps.pop()
            return False
        self._know(path)
        return True

    def delete(self, path: str, seen: bytes) -> None:
        """Take away the file at `path`, which must be as it was `seen`. Raises `MovedOnError`, `OSError`."""
        self.current = path
        if not self._is_real(path.rpartition("/")[0]):
            raise MovedOnError
        self._check(path, seen)
        backup = self._backup()
        self._steps.append(_Step(_Did.DELETE, path, backup))
        self.root.move(path, backup)
        self._check(backup, seen)

    def remove_directory(self, path: str) -> None:
        """Remove the directory at `path` if it is empty."""
        self.current = path
        status = self.root.status(path) if self._is_real(path) else None
        if status is None:
            return
        self._steps.append(_Step(_Did.REMOVE_DIRECTORY, path, mode=stat.S_IMODE(status.st_mode)))
        if self.root.remove_directory(path):
            self._real.pop(path, None)
        else:
            self._steps.pop()

    def confirm(self) -> None:
        """Raise `MovedOnError` where a directory that was gone through is not the one at its path any more."""
        for path, known in self._real.items():
            self.current = path
            status = self.root.status(path)
            if status is None or (status.st_dev, status.st_ino) != known:
                raise MovedOnError
        self.current = ""
        if not self.root.is_in_place():
            raise MovedOnError

    def undo(self) -> None:
        """Take back every step, the last first. Raises the first `OSError` where the disk does not let it."""
        refused: OSError | None = None
        recorded = self._recorded() if self._steps else None
        while self._steps:
            try:
                self._take_back(self._steps[-1], recorded)
            except OSError as error:
                refused = refused or error
            self._steps.pop()
        if refused is not None:
            raise refused

    def _recorded(self) -> Recorded | None:
        """What the journal says that this write puts into the tree; None where it is gone."""
        try:
            return state.parse(self.root.read(state.JOURNAL))
        except OSError:
            return None

    def _take_back(self, step: _Step, recorded: Recorded | None) -> None:
        path, root = step.path, self.root
        if step.did is _Did.MAKE_DIRECTORY:
            root.remove_directory(path)
        elif step.did is _Did.REMOVE_DIRECTORY:
            if root.kind(path) is None:
                root.restore_directory(path, step.mode)
        elif step.did is _Did.PUT_DIRECTORY:
            if root.kind(f"{self.staged}/{path}") is None:
                self._empty(path, recorded)
        elif step.did is _Did.PUT:
            if self._is_ours(path, recorded):
                root.remove(path)
        elif root.is_file(step.backup):
            there = root.status(path)
            if there is None:
                with contextlib.suppress(FileExistsError):
                    root.place(step.backup, path)
            elif step.did is _Did.REPLACE and self._is_ours(path, recorded):
                kept = root.status(step.backup)
                if kept is not None and not os.path.samestat(kept, there):
                    root.move(step.backup, path)

    def _empty(self, directory: str, recorded: Recorded | None) -> None:
        """Take back a directory that was moved in: what we put there, and what is empty then."""
        found = walk(self.root, directory)
        for path in found.files:
            if self._is_ours(path, recorded):
                self.root.remove(path)
        for path in sorted({directory, *found.directories}, key=lambda path: -path.count("/")):
            self.root.remove_directory(path)

    def _is_ours(self, path: str, recorded: Recorded | None) -> bool:
        """Whether a path holds what this write put there, as far as the journal tells."""
        if not self.root.is_file(path):
            return False
        if recorded is None or path.startswith(f"{META}/") or "/" not in path:
            return True  # the local state, and what is left of the old form
        return state.digest(self.root.read(path)) in recorded.get(path, ())

    def _backup(self) -> str:
        return f"{self.staging}/{_OLD}/{len(self._steps)}"

    def _check(self, path: str, seen: bytes) -> None:
        if not self.root.is_file(path) or fingerprint(self.root.read(path)) != seen:
            raise MovedOnError

    def _know(self, directory: str) -> None:
        status = self.root.status(directory)
        if status is not None:
            self._real[directory] = (status.st_dev, status.st_ino)

    def _is_real(self, directory: str) -> bool:
        """Whether `directory` and all above it are directories, none of them a link."""
        if not directory or directory in self._real:
            return True
        if not self._is_real(directory.rpartition("/")[0]) or not self.root.is_directory(directory):
            return False
        self._know(directory)
        return True

    def _enter(self, directory: str) -> None:
        """Make `directory` and those above it where they are missing."""
        if not directory or directory in self._real:
            return
        self._enter(directory.rpartition("/")[0])
        kind = self.root.kind(directory)
        if kind is None:
            self._steps.append(_Step(_Did.MAKE_DIRECTORY, directory))
            try:
                self.root.make_directory(directory)
            except FileExistsError:
                self._steps.pop()
                raise MovedOnError from None
        elif not stat.S_ISDIR(kind):
            raise MovedOnError
        self._know(directory)


def discard(root: Root, staging: str) -> None:
    """Remove a staging directory, and nothing in it that is not staged; no link is followed."""
    with contextlib.suppress(FileNotFoundError):
        for entry in root.entries(staging):
            path = f"{staging}/{entry.name}"
            if entry.name in {_NEW, _OLD} and entry.is_directory:
                _empty(root, path)
                root.remove_directory(path)
            elif entry.name == _JOURNAL and not entry.is_directory:
                root.remove(path)
        root.remove_directory(staging)


def _empty(root: Root, directory: str) -> None:
    for entry in root.entries(directory):
        path = f"{directory}/{entry.name}"
        if entry.is_directory:
            _empty(root, path)
            root.remove_directory(path)
        else:
            root.remove(path)
