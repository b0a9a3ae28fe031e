"""A build: compile the fleet, compare the result with the tree on disk, have it checked, write it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from meshgen.diagnostics import Diagnostic, Note, Span, diagnose
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.diagnostics.several import ordered
from meshgen.emit import emit
from meshgen.emit.signature import SIGNATURE
from meshgen.pipeline import plan_fleet
from meshgen.revisions import Now, beside, earlier, elsewhere, guard, meant
from meshgen.tree import open_tree
from meshgen.tree.findings import overruled
from meshgen.verify import kubeconform, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Written
    from meshgen.plan.model import Plan
    from meshgen.tree import Change, Comparison, Result, Tree

_AT_ONCE = 2000
"""How many objects kubeconform is at least asked about in one run: it starts slowly."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a build is done."""

    check: bool = False
    """Write nothing; a difference is a finding."""
    overwrite_edits: bool = False
    """Replace and remove files that somebody edited since meshgen wrote them (MG601)."""
    allow_withdrawal: bool = False
    """Withdraw what still has consumers (MG650), and build where nobody knows whether something has."""
    against: tuple[str, ...] = ()
    """Commits whose fleets say what the clusters run. Empty: those that count by themselves."""
    since: str | None = None
    """The oldest commit that a cluster may still run: the fleets from there on count, too."""
    clusters: tuple[str, ...] = ()
    """Plan, check and write these clusters only. Empty: all."""
    kubeconform: kubeconform.Mode = "auto"
    fail_on: Literal["error", "warning"] = "error"
    """Findings that keep anything from being written."""


@dataclass(slots=True)
class Report:
    """What a build found and did."""

    sources: dict[str, str]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    clusters: int = 0
    comparison: Comparison | None = None
    """None where the fleet has errors."""
    result: Result | None = None
    """None where nothing was to be written, or could not be."""
    conformity: kubeconform.Summary | None = None
    """None where kubeconform did not run."""


def build(fleet: Path, output: Path, options: Options, progress: Callable[[int, int], None] | None = None) -> Report:
    """Build the tree of `fleet` at `output`. Whatever goes wrong is in the report's diagnostics.

    `progress` is called with the number of manifests in place and the number of all that are to be.
    Raises `TreeError` where the tree could not be written; it is then as it was.
    """
    if overlap := _overlap(fleet, output):
        return Report({}, [overlap])
    only = frozenset(options.clusters) or None
    compilation = plan_fleet(fleet, only)
    report = Report(compilation.checked.sources, list(compilation.diagnostics))
    plan, calls = compilation.plan, compilation.calls
    if plan is None or calls is None or compilation.checked.failed:
        return report
    relations = calls.relations
    unknown = [_unknown(name, relations.facts) for name in options.clusters if name not in relations.facts]
    if unknown:
        report.diagnostics += unknown
        return report
    names = frozenset(relations.facts)
    report.clusters = len(only or names)
    with open_tree(
        output,
        SIGNATURE,
        only=only,
        clusters=names,
        writing=not options.check,
        overwrite_edits=options.overwrite_edits,
    ) as tree:
        judge = _Judge(tree, options.kubeconform, (fleet, output))
        findings = _emit(plan, tree, judge)
        if lost := elsewhere(output, relations.fleet.spec.delivery):
            findings.append(lost)
        report.comparison = comparison = tree.finish()
        memory = meant.remembered(output)
        now = Now(
            report.sources,
            calls,
            compilation.checked.published,
            plan,
            only,
            in_sync=comparison.in_sync,
            built_here=memory.holds(report.sources, only or names),
        )
        guarded, committed = _guarded(fleet, output, now, memory, options, compilation.diagnostics)
        report.diagnostics = ordered([*guarded, *findings, *comparison.diagnostics, *judge.end()])
        report.conformity = judge.summary
        failing = {"error", options.fail_on}
        if not options.check and not any(found.severity in failing for found in report.diagnostics):
            total = len(comparison.changes)
            report.result = tree.write((lambda done: progress(done, total)) if progress else None)
            content = meant.document(report.sources, only or names, memory, whole=only is None, committed=committed)
            meant.remember(output, content)
    return report


def _guarded(
    fleet: Path, output: Path, now: Now, memory: meant.Memory, options: Options, checked: Iterable[Diagnostic]
) -> tuple[list[Diagnostic], bool]:
    """What the check says and the build would take from callers, and whether commits hold fleet and output."""
    before = earlier(fleet, output, now, options.against, os.environ, options.since)
    pasts, fleets, runs = before.pasts, before.fleets, before.runs
    if not before.committed and memory.tells and not memory.holds(now.sources, memory.clusters):
        pasts, fleets, runs = (
            [*pasts, (memory.past(now),)],
            [*fleets, *memory.before(now)],
            [*runs, memory.run(now)],
        )
    told = guard(pasts, now, runs, fleets)
    findings = [*before.diagnostics, *told.findings]
    if before.unanswered and output.is_dir() and not memory.tells:
        findings.append(before.unanswered)
    if options.allow_withdrawal:
        findings = [overruled(finding, "--allow-withdrawal") for finding in findings]
    return [*beside(told, checked), *findings], before.committed


def _emit(plan: Plan, tree: Tree, judge: _Judge) -> list[Diagnostic]:
    """Emit, verify, compare and stage one cluster after the other, so that no more than one is in memory.

    What a cluster has outside of its own directory comes last: it is small. Returns what verification found.
    """
    found: list[Diagnostic] = []
    beside: dict[str, dict[str, bytes]] = {}
    known: Written = {}
    for cluster in plan.clusters:
        artifacts = tuple(emit(plan, cluster, known))
        found += verify(artifacts)
        files: dict[str, bytes] = {}
        for artifact in artifacts:
            top = artifact.path.partition("/")[0]
            (files if top == cluster.cluster else beside.setdefault(top, {}))[artifact.path] = artifact.content
        judge.add(artifacts, tree.add(cluster.cluster, files))
    for top in sorted(beside):
        tree.add(top, beside[top])
    return found


class _Judge:
    """Asks kubeconform about every object where it is required, else of what changes, some thousand at a time.

    An object that does not change was judged when it was written.
    """

    def __init__(self, tree: Tree, mode: kubeconform.Mode, places: tuple[Path, Path]) -> None:
        self._tree = tree
        self._mode = mode
        self._places = places
        self._silent = mode == "off" or (mode == "auto" and not kubeconform.is_there())
        self._found: list[Diagnostic] = []
        self._staged: dict[str, Artifact] = {}
        self._others: dict[str, Artifact] = {}
        self.summary = None if self._silent else kubeconform.Summary()

    def add(self, artifacts: Iterable[Artifact], changing: Collection[str]) -> None:
        """Have the objects of one cluster judged; `changing`: the paths that are to be written."""
        if self._silent:
            return
        changed = frozenset(changing)
        for artifact in artifacts:
            if artifact.schema is not None and (self._mode != "auto" or artifact.path in changed):
                there = self._tree.staged is not None and artifact.path in changed
                (self._staged if there else self._others)[artifact.path] = artifact
        if len(self._staged) + len(self._others) >= _AT_ONCE:
            self._ask()

    def end(self) -> list[Diagnostic]:
        """Everything that it found."""
        self._ask()
        return self._found

    def _ask(self) -> None:
        if self._staged and self._tree.staged is not None:
            self._validate(self._tree.staged, self._staged)
        if self._others:
            with tempfile.TemporaryDirectory(prefix="meshgen-") as directory:
                for path, artifact in self._others.items():
                    file = Path(directory, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(artifact.content)
                self._validate(Path(directory), self._others)
        self._staged, self._others = {}, {}

    def _validate(self, root: Path, artifacts: Mapping[str, Artifact]) -> None:
        found, summary = kubeconform.validate(root, artifacts, self._mode, places=self._places)
        self._found += found
        self.summary = None if self.summary is None or summary is None else self.summary + summary


def drift_of(report: Report) -> Diagnostic | None:
    """MG510: how the output differs from what the fleet says; None where it does not."""
    comparison = report.comparison
    if comparison is None or comparison.in_sync:
        return None
    changes = [*comparison.changes, *comparison.old_form]
    places = [(Span((comparison.output / change.path).as_posix(), 1, 1, 1, 1), _fate(change)) for change in changes]
    count = f"{len(changes)} file{'' if len(changes) == 1 else 's'} of " if changes else ""
    return diagnose(
        "MG510",
        f"{count}the output {'is' if len(changes) < 2 else 'are'} not what the fleet says",  # noqa: PLR2004 - a plural
        places[0][0] if places else None,
        "Run `meshgen build` and commit the result.",
        tuple(Note(span, fate) for span, fate in places),
    )


def _fate(change: Change) -> str:
    if change.removed:
        return "is to be removed"
    return "is to be added" if change.seen is None else "is to be changed"


def _overlap(fleet: Path, output: Path) -> Diagnostic | None:
    root, target = fleet.resolve(), output.resolve()
    if root == target or root in target.parents:
        message = f"output directory `{output}` is inside the fleet `{fleet}`"
    elif target in root.parents:
        message = f"output directory `{output}` has the fleet `{fleet}` in it"
    else:
        return None
    return diagnose(
        code="MG651",
        message=message,
        span=Span(str(output), 1, 1, 1, 1),
        help="Name an output directory beside the fleet, such as `-o output`: neither must be read as the other.",
    )


def _unknown(cluster: str, known: Iterable[str]) -> Diagnostic:
    return diagnose(
        code="MG652",
        message=f"`--cluster {cluster}`: the fleet has no such cluster",
        help=did_you_mean(near(cluster, known)) or "Name a cluster of the fleet; `meshgen show` lists them.",
        object=f"cluster/{cluster}",
    )
