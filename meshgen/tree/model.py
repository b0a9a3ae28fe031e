"""The difference between an output tree and what it should be, as data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.tree import disk

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic

FORCEABLE = frozenset({"MG601", "MG602"})
"""Findings that `--force` overrules; every other error stays one."""

ENVIRONMENT = frozenset({"MG609", "MG612", "MG613"})
"""Findings about the machine, not about the fleet or the tree: exit 2 (design §6)."""


class TreeError(Exception):
    """The output tree could not be written; it is as it was unless a diagnostic says otherwise."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics

    @property
    def is_environment(self) -> bool:
        """Whether the machine is at fault (disk, another build), so that the exit code is 2."""
        return any(diagnostic.code in ENVIRONMENT for diagnostic in self.diagnostics)


def fingerprint(content: bytes) -> str:
    """Tells the exact bytes of a file from all others, line ends included."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs.

    `new`: the content that it gets, `None`: it is deleted. `seen`: the fingerprint of the file when it was
    compared, `None`: there was none. `digest`: the hash under which the owned list knows it (of `new`, or of
    what is deleted). `tidying`: only the form of an owned list changes, not what it says.
    """

    path: str
    file: str
    new: bytes | None
    seen: str | None
    digest: str = ""
    tidying: bool = False

    @property
    def old(self) -> bytes | None:
        """The content on disk, read when asked for; `None`: there is no file. Raises `OSError`."""
        return disk.read(self.file) if self.seen is not None else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """An output tree beside what it should be. Paths are relative to `output`, sorted.

    `changes` are the manifests behind `added`, `changed` and `removed`; `bookkeeping` are owned lists and Git's
    files; `emptied` are directories that are removed if nothing is left in them, deepest first. `covered` are
    the top directories that were compared. `pending`: an earlier write did not end; `leftovers`: staging
    directories that nobody uses any more.
    """

    output: Path
    root: str
    covered: frozenset[str]
    changes: tuple[Change, ...]
    adopted: tuple[str, ...]
    unchanged: tuple[str, ...]
    bookkeeping: tuple[Change, ...]
    emptied: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    journal: bytes | None
    leftovers: bool

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.seen is None)

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.seen is not None and change.new is not None)

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.new is None)

    @property
    def pending(self) -> bool:
        return self.journal is not None

    @property
    def in_sync(self) -> bool:
        """Whether tree, owned lists and Git's files say what they should and no write is unfinished.

        Order and duplicates in an owned list, and lines of files that are gone, are what a merge leaves: no
        difference.
        """
        return (
            not self.changes
            and not self.pending
            and all(change.tidying for change in self.bookkeeping)
            and not self.blocking(force=False)
        )

    @property
    def is_settled(self) -> bool:
        """Whether a write would change no byte."""
        return not (self.changes or self.pending or self.bookkeeping or self.leftovers)

    def blocking(self, *, force: bool) -> tuple[Diagnostic, ...]:
        """The errors that keep anything from being written."""
        return tuple(
            diagnostic
            for diagnostic in self.diagnostics
            if diagnostic.severity == "error" and not (force and diagnostic.code in FORCEABLE)
        )

    def findings(self, *, force: bool) -> tuple[Diagnostic, ...]:
        """What a build has to show: all diagnostics, without those that `force` overrules."""
        return tuple(
            diagnostic
            for diagnostic in self.diagnostics
            if not (force and diagnostic.code in FORCEABLE and diagnostic.severity == "error")
        )


@dataclass(frozen=True, slots=True)
class Result:
    """How many manifests a write added, changed, removed, adopted and left as they were."""

    added: int
    changed: int
    removed: int
    adopted: int
    unchanged: int
