"""A build: compile the fleet, compare the result with the tree on disk, have it checked, write it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from meshgen.diagnostics import Diagnostic, Span, diagnose
from meshgen.diagnostics.model import ordered
from meshgen.pipeline import compile_fleet
from meshgen.revisions import Now, earlier, meant, withdrawn
from meshgen.tree import compare, write
from meshgen.verify import kubeconform

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.pipeline import Compilation
    from meshgen.tree import Comparison, Result


@dataclass(frozen=True, slots=True)
class Options:
    """How a build is done."""

    check: bool = False
    """Write nothing; a difference is a finding."""
    force: bool = False
    against: tuple[str, ...] = ()
    """Commits whose fleets say what the clusters run. Empty: those that count by themselves."""
    clusters: tuple[str, ...] = ()
    """Write these clusters only; all are checked. Empty: all."""
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
    compilation = compile_fleet(fleet)
    report = Report(compilation.checked.sources, list(compilation.diagnostics))
    plan, relations = compilation.plan, compilation.checked.relations
    if plan is None or relations is None or compilation.checked.failed:
        return report
    unknown = [_unknown(name) for name in options.clusters if name not in relations.facts]
    if unknown:
        report.diagnostics += unknown
        return report
    names = frozenset(relations.facts)
    only = frozenset(options.clusters) or None
    report.clusters = len(only or names)
    report.comparison = comparison = compare(output, compilation.files, only=only, clusters=names)
    findings = list(comparison.findings(force=options.force))
    before = earlier(fleet, output, Now(report.sources, relations, plan, only), options.against, os.environ)
    used = before.uses if before.committed else dict.fromkeys(meant.remembered(output), "the last build")
    if not options.force:
        findings += before.diagnostics
        findings += withdrawn(used, plan, relations.fleet, only=only)
    conformity, report.conformity = _conformity(compilation, comparison, options)
    report.diagnostics = ordered([*report.diagnostics, *findings, *conformity])
    failing = {"error", options.fail_on}
    if not options.check and not any(found.severity in failing for found in report.diagnostics):
        total = len(comparison.changes)
        report.result = write(
            comparison, force=options.force, progress=(lambda done: progress(done, total)) if progress else None
        )
        if not before.committed:
            meant.remember(output, meant.document(plan, used, only))
    return report


def _conformity(
    compilation: Compilation, comparison: Comparison, options: Options
) -> tuple[list[Diagnostic], kubeconform.Summary | None]:
    """What kubeconform says: of every object where it is required, else of what changes.

    An object that does not change was judged when it was written.
    """
    changing = {*comparison.added, *comparison.changed}
    judged = {
        manifest.path: manifest
        for manifest in compilation.manifests
        if options.kubeconform == "require" or manifest.path in changing
    }
    if options.kubeconform == "off" or (options.kubeconform == "auto" and not kubeconform.is_there()):
        return [], None
    if not judged:
        return [], kubeconform.Summary()
    with tempfile.TemporaryDirectory(prefix="meshgen-") as staged:
        for path in judged:
            file = Path(staged, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(compilation.files[path])
        return kubeconform.validate(Path(staged), judged, options.kubeconform)


def _overlap(fleet: Path, output: Path) -> Diagnostic | None:
    root, target = fleet.resolve(), output.resolve()
    if root != target and root not in target.parents:
        return None
    return diagnose(
        code="MG651",
        message=f"output directory `{output}` is inside the fleet `{fleet}`",
        span=Span(str(output), 1, 1, 1, 1),
        help="Name an output directory beside the fleet: what is written there must not be read as input.",
    )


def _unknown(cluster: str) -> Diagnostic:
    return diagnose(
        code="MG652",
        message=f"`--cluster {cluster}`: the fleet has no such cluster",
        help="Name a cluster of the fleet; `meshgen show` lists them.",
        object=f"cluster/{cluster}",
    )
