"""What clusters use of each other, as far as the fleet's history tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.git import Cause, GitError, open_repository
from meshgen.plan.diff import lets_in, uses
from meshgen.revisions import findings
from meshgen.revisions.ci import target_branch
from meshgen.revisions.compile import Meaning
from meshgen.revisions.history import History, UnknownError, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from meshgen.analysis.relations import Relations
    from meshgen.plan.diff import Use
    from meshgen.plan.model import Plan
    from meshgen.revisions.history import Texts


@dataclass(frozen=True, slots=True)
class Now:
    """The fleet that is built, so that an equal one is not read again, and what it lets in."""

    sources: Mapping[str, str]
    """The text of each of its files."""
    relations: Relations
    plan: Plan
    only: frozenset[str] | None = None
    """The clusters that are written, and that the plan has; None: all."""

    def closes(self, before: Meaning) -> bool:
        """Whether a gateway lets in less than before."""
        return any(
            not lets_in(self.plan, gateway, host)
            for gateway, hosts in before.exposed.items()
            if self.only is None or gateway.cluster in self.only
            for host in hosts
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """A commit that counts, and as what it does: two that are one commit count once."""

    commit: str
    branch: str = field(default="", compare=False)
    """The branch that the change goes to, where it is by that one that the commit counts."""

    def __str__(self) -> str:
        shown = f"commit {self.commit[: findings.SHORT]}"
        return f"{shown} of `{self.branch}`" if self.branch else shown


@dataclass(slots=True)
class Earlier:
    """What was in use before."""

    uses: dict[Use, str] = field(default_factory=dict)
    """Each use, and by what it is known: `commit 3ff41a9f838e`, or one of the target branch. A commit that let in no
    more than now adds none."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """Why it may be more than that: MG653 to MG655."""
    committed: bool = False
    """Whether commits hold fleet and output, so that nothing else needs to remember."""


def earlier(fleet: Path, output: Path, now: Now, against: Sequence[str], environment: Mapping[str, str]) -> Earlier:
    """The uses by the fleets of earlier commits: those of `against`, else those that count by themselves.

    Reads Git's objects only; where it cannot say what was in use, a diagnostic says why.
    """
    found = Earlier()
    try:
        history = _open(fleet, output, now)
    except GitError as error:
        if against:
            found.diagnostics += [findings.no_commit(revision, str(error.cause)) for revision in against]
        elif error.cause is Cause.FAILED:
            found.diagnostics.append(findings.no_answer(error))
        return found
    try:
        steps = list(_named(history, against) if against else _by_themselves(history, environment))
    except GitError as error:
        steps = [findings.no_answer(error)]
    found.committed = bool(steps)
    for step in dict.fromkeys(steps):
        if isinstance(step, Diagnostic):
            found.diagnostics.append(step)
            continue
        try:
            meaning = history.meaning(step.commit)
        except UnknownError as error:
            found.diagnostics.append(error.diagnostic)
        except GitError as error:
            found.diagnostics.append(findings.no_answer(error))
        else:
            for use in uses(meaning.plan) if now.closes(meaning) else ():
                found.uses.setdefault(use, str(step))
    return found


def _open(fleet: Path, output: Path, now: Now) -> History:
    real = fleet.resolve()
    repository = open_repository(real if real.is_dir() else real.parent)
    try:
        beside = open_repository(output.resolve())
    except GitError as error:
        if error.cause is Cause.FAILED:
            raise
        beside = None
    whole = now.plan if now.only is None else None
    same: dict[Texts, Meaning | None] = {
        texts(text.encode() for text in now.sources.values()): Meaning(now.relations, whole)
    }
    return History(
        fleet=repository,
        file="" if real.is_dir() else real.name,
        shown=(fleet, output),
        output=beside if beside is not None and beside.top == repository.top else None,
        known=same,
    )


def _named(history: History, against: Sequence[str]) -> Iterator[_Step | Diagnostic]:
    for revision in against:
        commit = history.commit(revision)
        yield findings.no_commit(revision, "there is no such commit here") if commit is None else _Step(commit)


def _by_themselves(history: History, environment: Mapping[str, str]) -> Iterator[_Step | Diagnostic]:
    steps = [step for tip in history.tips() for step in _counting(history, tip)] if history.tracked() else []
    yield from steps
    # Where no commit of the change has an output, none of the target branch says what the clusters run.
    if not steps or (branch := target_branch(environment)) is None:
        return
    target = history.commit(f"refs/remotes/origin/{branch}")
    if target is None:
        yield findings.no_target(branch)
    else:
        yield from _counting(history, target, f"origin/{branch}")


def _counting(history: History, tip: str, branch: str = "") -> Iterator[_Step | Diagnostic]:
    try:
        for commit in history.counting(tip):
            yield _Step(commit, branch)
    except UnknownError as error:
        yield error.diagnostic
