"""The difference between an output tree and what it should be, as data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.tree.disk import Root

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic

ENVIRONMENT = frozenset({"MG609", "MG612", "MG613"})
"""Findings about the machine, not about the fleet or the tree: exit 2 (design §6)."""


class TreeError(Exception):
    """The output tree could not be written; it is as it was unless a diagnostic says otherwise."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics

    @property
    def is_environment(self) -> bool:
        """Whether the machine is at fault, so that the exit code is 2."""
        return is_environment(self.diagnostics)


def is_environment(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of `diagnostics` says that the machine is at fault: its disk, another build."""
    return any(diagnostic.code in ENVIRONMENT for diagnostic in diagnostics)


def fingerprint(content: bytes) -> bytes:
    """Tells the exact bytes of a file from all others, line ends included."""
    return hashlib.sha256(content).digest()


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs: it is written, or with `removed` deleted.

    `seen`: the fingerprint of the file when it was compared, `None`: there was none.
    """

    path: str
    seen: bytes | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """An output tree beside what it should be. Paths are relative to `output`, sorted.

    `changes` are manifests. `unchanged` are the numbers of files that are as they should be, by top directory; those
    that a sparse checkout leaves out count among them. `old_form`: files of the form before 0.1.0 that go or lose
    lines. `stale`: left out by a sparse checkout, and not as they should be. `pending`: an earlier write did not end.
    `noted`: whether the local state lacks nothing.
    """

    output: Path
    root: str
    changes: tuple[Change, ...]
    unchanged: dict[str, int]
    old_form: tuple[Change, ...]
    stale: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    pending: bool
    noted: bool

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.seen is None)

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.seen is not None and not change.removed)

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.removed)

    @property
    def in_sync(self) -> bool:
        """Whether the tree says what it should and no write is unfinished; the local state is no part of it."""
        return not (self.changes or self.old_form or self.stale or self.pending or self.blocking)

    @property
    def is_settled(self) -> bool:
        """Whether a write would change no byte."""
        return not (self.changes or self.old_form or self.pending) and self.noted

    @property
    def blocking(self) -> tuple[Diagnostic, ...]:
        """The errors that keep anything from being written."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error")

    def old(self, change: Change) -> bytes | None:
        """The content on disk, read when asked for; `None`: there is no file. Raises `OSError`."""
        if change.seen is None:
            return None
        with Root(self.root) as root:
            return root.read(change.path)


@dataclass(frozen=True, slots=True)
class Result:
    """How many files a write added, changed and removed, and how many it left as they were."""

    added: int
    changed: int
    removed: int
    unchanged: int
