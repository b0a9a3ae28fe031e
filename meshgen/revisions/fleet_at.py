"""The fleet of one commit that people name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.git import GitError, open_repository
from meshgen.revisions import findings
from meshgen.revisions.ci import target_branch
from meshgen.revisions.history import History, UnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.revisions.compile import Meaning


def default_revision(environment: Mapping[str, str]) -> str:
    """What a change is compared with: the branch that it goes to, in CI, else what is committed."""
    branch = target_branch(environment)
    return "HEAD" if branch is None else f"origin/{branch}"


def fleet_at(fleet: Path, revision: str, option: str) -> Meaning | Diagnostic:
    """What the fleet at `fleet` meant in the commit `revision`, else why that cannot be told (MG653 to MG655).

    `option`: the option by which people named the commit.
    """
    real = fleet.resolve()
    try:
        repository = open_repository(real if real.is_dir() else real.parent)
        history = History(fleet=repository, file="" if real.is_dir() else real.name, shown=(fleet, fleet), output=None)
        commit = history.commit(revision)
        if commit is None:
            return findings.no_commit(revision, "there is no such commit here", option)
        return history.meaning(commit)
    except UnknownError as error:
        return findings.no_commit(revision, error.diagnostic.message, option)
    except GitError as error:
        return findings.no_commit(revision, str(error.cause), option)
