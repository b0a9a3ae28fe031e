"""The fleets of commits that people name, and the one on disk beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.git import GitError
from meshgen.revisions import findings
from meshgen.revisions.ci import target_branch
from meshgen.revisions.history import History, UnknownError, repository_of, texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.revisions.compile import Meaning
    from meshgen.revisions.history import Texts


def default_revision(environment: Mapping[str, str]) -> str:
    """What a change is compared with: the branch that it goes to, in CI, else what is committed."""
    branch = target_branch(environment)
    return "HEAD" if branch is None else f"origin/{branch}"


class Fleets:
    """What the fleet at one place meant in commits; equal ones are one, so that each is worked out once."""

    def __init__(self, fleet: Path) -> None:
        self._fleet = fleet
        self._known: dict[Texts, Meaning | None] = {}

    def now(self, meaning: Meaning, sources: Mapping[str, str]) -> None:
        """Take the fleet on disk, which was read from `sources`, for every commit that has the same."""
        self._known[texts(text.encode() for text in sources.values())] = meaning

    def at(self, revision: str, option: str) -> Meaning | Diagnostic:
        """What the fleet meant in the commit `revision`, else why that cannot be told (MG655).

        `option`: the option by which people named the commit.
        """
        try:
            history = self._history()
            commit = history.commit(revision)
            if commit is None:
                return findings.no_commit(revision, "there is no such commit here", option)
            return history.meaning(commit)
        except UnknownError as error:
            return findings.no_commit(revision, error.diagnostic.message, option)
        except GitError as error:
            return findings.no_commit(revision, str(error.cause), option)

    def since(self, since: str, until: str, option: str) -> list[tuple[str, Meaning]] | Diagnostic:
        """The fleet of the commit `since` and of each one after it, up to `until`, that changed it; the oldest first.

        Each with the commit, as people are shown it.
        """
        try:
            history = self._history()
            commits = history.since(since, until, option)
            return [(commit[: findings.SHORT], history.meaning(commit)) for commit in commits]
        except UnknownError as error:
            return error.diagnostic
        except GitError as error:
            return findings.no_commit(since, str(error.cause), option)

    def _history(self) -> History:
        repository, file = repository_of(self._fleet)
        return History(fleet=repository, file=file, shown=(self._fleet, self._fleet), output=None, known=self._known)
