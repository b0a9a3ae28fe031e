"""What clusters use of each other, as far as the fleet's history tells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.git import Cause, GitError, in_work_tree, open_repository
from meshgen.revisions import findings
from meshgen.revisions.ci import target_branch
from meshgen.revisions.compile import Derived, Meaning
from meshgen.revisions.history import History, UnknownError, repository_of, texts
from meshgen.revisions.past import Known
from meshgen.revisions.published import Before
from meshgen.revisions.runs import ran

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.plan.model import Plan
    from meshgen.published import Published
    from meshgen.revisions.history import Texts
    from meshgen.revisions.past import Past, Together
    from meshgen.revisions.runs import Run


SINCE = "--since"


@dataclass(frozen=True, slots=True)
class Now:
    """The fleet that is built, so that an equal one is not read again, and how the output stands to it."""

    sources: Mapping[str, str]
    """The text of each of its files."""
    calls: Calls
    published: tuple[Published, ...]
    plan: Plan
    only: frozenset[str] | None = None
    """The clusters that are written, and that the plan has; None: all."""
    in_sync: bool = False
    """Whether the output on disk is what the fleet says."""
    built_here: bool = False
    """Whether the last build on this machine wrote this fleet."""

    @property
    def relations(self) -> Relations:
        return self.calls.relations


@dataclass(frozen=True, slots=True)
class _Step:
    """Commits that count together, and as what they do: those that stand twice count once."""

    commits: tuple[str, ...]
    branch: str = field(default="", compare=False)
    """The branch that the change goes to, where it is by that one that the first of them counts."""
    named: bool = field(default=False, compare=False)
    """Whether somebody said that their fleets are what the clusters run."""
    tip: str = field(default="", compare=False)
    """The commit that they were found from."""

    def shown(self, commit: str) -> str:
        by = f"commit {commit[: findings.SHORT]}"
        return f"{by} of `{self.branch}`" if self.branch else by


@dataclass(slots=True)
class Earlier:
    """What the clusters may run."""

    pasts: list[Together] = field(default_factory=list)
    """Without those in which nothing can be lost, since their fleet is the one that is built."""
    fleets: list[tuple[Before, ...]] = field(default_factory=list)
    """The fleets of these, in the same order."""
    runs: list[Run] = field(default_factory=list)
    """The same once more, as revisions that clusters may run."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """Why it may be more than that: MG653 to MG655."""
    committed: bool = False
    """Whether commits hold fleet and output, so that nothing else needs to remember."""
    unanswered: Diagnostic | None = None
    """What is to be said where Git cannot be asked about a work tree (no program, somebody else's), and nothing else
    remembers either."""


def earlier(
    fleet: Path,
    output: Path,
    now: Now,
    against: Sequence[str],
    environment: Mapping[str, str],
    since: str | None = None,
) -> Earlier:
    """What the clusters run by the fleets of earlier commits: those of `against`, else those that count by themselves.

    `since`: also that of this commit, and of each one after it that changed the fleet. Reads Git's objects only; where
    it cannot say what was in use, a diagnostic says why.
    """
    found = Earlier()
    try:
        history = _open(fleet, output, now)
    except GitError as error:
        if against or since:
            found.diagnostics += [findings.no_commit(revision, str(error.cause)) for revision in against]
            found.diagnostics += [findings.no_commit(since, str(error.cause), SINCE)] if since else []
        elif error.cause is Cause.FAILED:
            found.diagnostics.append(findings.no_answer(error))
        elif error.cause is not Cause.NO_REPOSITORY and in_work_tree(fleet):
            found.unanswered = findings.no_answer(error)
        return found
    try:
        steps = list(_named(history, against) if against else _by_themselves(history, now, environment))
        found.committed = bool(steps)
        if since is not None:
            steps += _since(history, since)
    except GitError as error:
        steps = [findings.no_answer(error)]
        found.committed = True
    for step in dict.fromkeys(steps):
        if isinstance(step, Diagnostic):
            found.diagnostics.append(step)
            continue
        try:
            past = _past(history, now, step)
        except UnknownError as error:
            found.diagnostics.append(error.diagnostic)
        except GitError as error:
            found.diagnostics.append(findings.no_answer(error))
        else:
            found.pasts += [together for together, _ in past]
            found.fleets += [fleets for _, fleets in past]
            found.runs += [ran(together, fleets) for together, fleets in past]
    return found


def _past(history: History, now: Now, step: _Step) -> list[tuple[Together, tuple[Before, ...]]]:
    """What a step says, and the fleets that it says it of; empty where it says what is built."""
    together: list[Past] = []
    fleets: list[Before] = []
    for commit in step.commits:
        meaning = history.meaning(commit)
        if meaning.relations is now.relations and (now.in_sync or step.named):
            return []
        reached = (
            {key: (reach, commit) for key, reach in meaning.reaches().items()} if step.named else history.ran(commit)
        )
        older = dict.fromkeys(by for _, by in reached.values() if by != commit)
        fleets.append(Before(meaning, step.shown(commit), tuple(map(history.meaning, older))))
        going = _going(history, now, step, {consumer for consumer, _ in reached})
        together.append(
            {
                key: Known(replace(reach, draining=True) if key[0] in going else reach, step.shown(by))
                for key, (reach, by) in reached.items()
            }
        )
    return [(tuple(together), tuple(fleets))]


def _going(history: History, now: Now, step: _Step, consumers: set[str]) -> frozenset[str]:
    """The consumers that are no more and were announced to go since: of those that are no source, no output says so."""
    gone = consumers - now.relations.facts.keys()
    if not gone or not step.tip or not history.readable(step.tip):
        return frozenset()
    then = history.meaning(step.tip).relations
    return frozenset(name for name in gone & then.facts.keys() if then.cluster(name).state == "draining")


def _open(fleet: Path, output: Path, now: Now) -> History:
    repository, file = repository_of(fleet)
    try:
        beside = open_repository(output.resolve())
    except GitError as error:
        if error.cause is Cause.FAILED or (error.cause is not Cause.NO_REPOSITORY and in_work_tree(output)):
            raise
        beside = None
    whole = Derived(now.calls, now.published, lambda: now.plan) if now.only is None else None
    same: dict[Texts, Meaning | None] = {
        texts(text.encode() for text in now.sources.values()): Meaning(now.relations, whole)
    }
    return History(
        fleet=repository,
        file=file,
        shown=(fleet, output),
        output=beside if beside is not None and beside.top == repository.top else None,
        known=same,
    )


def _named(history: History, against: Sequence[str]) -> Iterator[_Step | Diagnostic]:
    for revision in against:
        commit = history.commit(revision)
        if commit is None:
            yield findings.no_commit(revision, "there is no such commit here")
        else:
            yield _Step((commit,), named=True)


def _since(history: History, since: str) -> Iterator[_Step | Diagnostic]:
    try:
        for commit in history.since(since, "HEAD", SINCE):
            yield _Step((commit,), named=True)
    except UnknownError as error:
        yield error.diagnostic


def _by_themselves(history: History, now: Now, environment: Mapping[str, str]) -> Iterator[_Step | Diagnostic]:
    tips = history.tips() if history.tracked() else ()
    steps = [step for tip in tips for step in _counting(history, tip)]
    yield from steps
    # Where no commit of the change has an output, none of the target branch says what the clusters run.
    branch = target_branch(environment)
    if steps and branch is not None:
        target = history.commit(f"refs/remotes/origin/{branch}")
        if target is None:
            yield findings.no_target(branch)
        else:
            yield from _of_target(history, tips[0], target, f"origin/{branch}")
    if len(steps) == len(tips) == 1 and isinstance(steps[0], _Step) and not now.built_here:
        yield from _taken_back(history, now, steps[0].commits[0], reviewed=branch is not None)


def _counting(history: History, tip: str, branch: str = "") -> Iterator[_Step | Diagnostic]:
    try:
        for commit in history.counting(tip):
            yield _Step((commit,), branch, tip=tip)
    except UnknownError as error:
        yield error.diagnostic


def _of_target(history: History, tip: str, target: str, branch: str) -> Iterator[_Step | Diagnostic]:
    """What counts for the target branch; what it got since this change left it, this change does not withdraw."""
    fork = history.forked(tip, target)
    for step in _counting(history, target, branch):
        if isinstance(step, _Step) and fork is not None and fork not in step.commits:
            yield replace(step, commits=(*step.commits, fork))
        else:
            yield step


def _taken_back(history: History, now: Now, commit: str, *, reviewed: bool) -> Iterator[_Step]:
    """What ran before a commit whose fleet is the one that is built, where no build here has compared it yet.

    Git may have made it: a merge of two branches that were fine alone, or the revert of a commit.
    """
    if not history.readable(commit) or history.meaning(commit).relations is not now.relations:
        return
    before = history.before(commit)
    if len(before) > 1 or (before and not reviewed and not history.fleet.published(commit)):
        yield _Step(before)
