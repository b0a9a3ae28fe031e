"""The diagnostics about revisions: one function each, so that their words stand side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics.codes import diagnose
from meshgen.git import Cause

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.git import GitError

SHORT = 12
"""How much of a commit's id is shown."""
_OTHERWISE = "or name a commit that is here with `--against`; `--allow-withdrawal` builds without knowing"


def shallow(output: Path) -> Diagnostic:
    return _hidden(
        f"the clone is shallow, and the commit that changed `{output}` last is not in it: nobody knows what is in use",
        "Fetch more with `git fetch --unshallow` (GitHub: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`)",
    )


def lacking(commit: str, fleet: Path) -> Diagnostic:
    return _hidden(
        f"the clone is partial, and lacks files of commit {commit[:SHORT]}: nobody knows what is in use",
        f"Have Git fetch them with `git archive {commit[:SHORT]} {fleet} > /dev/null`",
    )


def no_target(branch: str) -> Diagnostic:
    return _hidden(
        f"the clone has no `origin/{branch}`, into which this is to be merged: nobody knows what is in use there",
        f"Fetch it with `git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}`",
    )


def no_answer(error: GitError) -> Diagnostic:
    remedy = {
        Cause.NO_GIT: "Install git",
        Cause.OWNERSHIP: "Have Git trust it (`git config --global --add safe.directory <directory>`)",
    }.get(error.cause, "Repair what Git says")
    return _hidden(f"Git does not say what was built before: {error}", remedy)


def _hidden(message: str, fetch: str) -> Diagnostic:
    return diagnose("MG653", message, help=f"{fetch}, {_OTHERWISE}.")


def moved(commit: str, path: Path) -> Diagnostic:
    """`path`: where the fleet is now, and where the commit has none."""
    return _unknown(commit, f"it has no `{path}`", "Commit a fleet that moved before you build it; else name")


def unreadable(commit: str, why: str) -> Diagnostic:
    """`why`: what keeps the fleet of the commit from being compiled."""
    return _unknown(commit, why, "Name")


def _unknown(commit: str, why: str, advice: str) -> Diagnostic:
    return diagnose(
        "MG654",
        f"commit {commit[:SHORT]} changed the output, but {why}: nobody knows what is in use",
        help=f"{advice} a commit whose fleet says what the clusters run with `--against`; "
        "`--allow-withdrawal` builds without knowing.",
    )


_WITHOUT_GIT: dict[str, str] = {
    Cause.NO_GIT: "Install git: what was before is read from commits.",
    Cause.NO_REPOSITORY: "Run it in a clone of the repository that holds the fleet, or `git init` and commit first: "
    "what was before is read from commits.",
}


def no_commit(revision: str, why: str, option: str = "--against") -> Diagnostic:
    named = "Name a commit, branch or tag of the repository that holds the fleet; a clone may have to fetch it first."
    return diagnose("MG655", f"`{option} {revision}`: {why}", help=_WITHOUT_GIT.get(why, named))
