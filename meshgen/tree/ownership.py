"""Which files of the tree are meshgen's, and which of them something could give back (docs/adr/0015-ownership.md).

Git is asked only about files that differ, and only once a repository.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from meshgen.git import Cause, GitError, in_work_tree, open_repository
from meshgen.tree import findings, state

if TYPE_CHECKING:
    from collections.abc import Collection

    from meshgen.diagnostics import Diagnostic
    from meshgen.git import Repository


class Signature(Protocol):
    """How a file shows that meshgen wrote it."""

    def begins(self, content: bytes) -> bool:
        """Whether the first line is meshgen's."""
        ...

    def fits(self, path: str, content: bytes) -> bool:
        """Whether the first line is meshgen's, and `path` is the one that the object in it gets."""
        ...


class Verdict(Enum):
    """What a build may do with a file that stands in its way."""

    MAY_GO = "it can be given back"
    EDITED = "meshgen's, and nothing could give it back"
    FOREIGN = "not meshgen's"


@dataclass(slots=True)
class _Asked:
    """What a repository says of the files below one directory."""

    repository: Repository
    committed: frozenset[str]
    """The blobs of HEAD, and of what is being merged, picked, rebased or reverted."""
    unmerged: dict[str, list[str]] = field(default_factory=dict)
    """The blobs of every stage, by path."""
    staged: dict[str, str] = field(default_factory=dict)
    """The blob in the index, by path, while an operation has not ended."""
    sparse: dict[str, str] = field(default_factory=dict)
    """The blob in the index of what is not checked out, by path."""

    @classmethod
    def ask(cls, directory: Path) -> _Asked:
        """Raises `GitError`."""
        repository = open_repository(directory)
        head = repository.head()
        others = [commit for commits in repository.others().values() for commit in commits]
        commits = [*([head] if head else []), *others]
        asked = cls(repository, frozenset().union(*map(repository.blobs, commits)))
        for path, entry in repository.entries():
            if entry.stage:
                asked.unmerged.setdefault(path, []).append(entry.id)
            elif entry.sparse:
                asked.sparse[path] = entry.id
            elif others:
                asked.staged[path] = entry.id
        return asked


class Ownership:
    """Judges files below `root`. A Git that cannot be asked is one finding, once it was needed."""

    def __init__(self, output: Path, root: str, signature: Signature) -> None:
        self.finding: Diagnostic | None = None
        self._output = output
        self._root = root
        self._signature = signature
        self._asked: dict[str, _Asked | None] = {}
        self._errors: dict[str, GitError] = {}

    def verdict(
        self, path: str, content: bytes, *, hashes: Collection[str], repositories: Collection[str], wanted: bool
    ) -> Verdict:
        """Judge a file by its content; `hashes`: what the local state has for its path.

        `repositories`: directories that hold a `.git`. `wanted`: something else is to stand there.
        """
        ours = self._signature.fits(path, content)
        if ours and state.digest(content) in hashes:
            return Verdict.MAY_GO
        if not (ours or wanted or content.startswith(b"<<<<<<<") or self._signature.begins(content)):
            return Verdict.FOREIGN
        directory = _repository_of(path, repositories)
        asked = self._ask(directory)
        if asked is not None:
            name = path.removeprefix(f"{directory}/") if directory else path
            stages = asked.unmerged.get(name)
            if stages is not None:
                contents = asked.repository.read(stages).values()
                # Where ours is to stand the header is enough; a copy under another name stays foreign.
                known = any(
                    self._signature.begins(stage) if wanted else self._signature.fits(path, stage) for stage in contents
                )
                return Verdict.MAY_GO if known else Verdict.FOREIGN
            if ours:
                blobs = asked.repository.blob_ids(content)
                if not asked.committed.isdisjoint(blobs) or asked.staged.get(name) in blobs:
                    return Verdict.MAY_GO
        elif ours and directory in self._errors and self.finding is None:
            self.finding = findings.git_is_silent(self._output, directory, str(self._errors[directory]))
        return Verdict.EDITED if ours else Verdict.FOREIGN

    def left_out(self, path: str, content: bytes, repositories: Collection[str]) -> bool | None:
        """Whether a file that is missing is left out by a sparse checkout, `None`: it is not.

        `True`: with this content; `False`: with another.
        """
        directory = _repository_of(path, repositories)
        asked = self._ask(directory)
        blob = asked and asked.sparse.get(path.removeprefix(f"{directory}/") if directory else path)
        return blob in asked.repository.blob_ids(content) if asked and blob else None

    def _ask(self, directory: str) -> _Asked | None:
        if directory not in self._asked:
            place = Path(self._root, directory)
            self._asked[directory] = None
            if in_work_tree(place):
                try:
                    self._asked[directory] = _Asked.ask(place)
                except GitError as error:
                    if error.cause is not Cause.NO_REPOSITORY:
                        self._errors[directory] = error
        return self._asked[directory]


def _repository_of(path: str, repositories: Collection[str]) -> str:
    """The directory at or above a file that Git is asked in: one that holds a `.git`, else the output directory."""
    parent = path.rpartition("/")[0]
    while repositories and parent:
        if parent in repositories:
            return parent
        parent = parent.rpartition("/")[0]
    return ""
