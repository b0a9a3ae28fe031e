"""The stages in their order: load → language → calls and published hosts → draft plan → check → emit → verify. Nothing
here touches the output tree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from meshgen.check.accept import apply
from meshgen.diagnostics.near import afresh
from meshgen.diagnostics.several import ordered
from meshgen.language.typed import typed_fleet
from meshgen.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.diagnostics import Diagnostic
    from meshgen.emit.artifact import Artifact
    from meshgen.plan.model import ClusterPlan, Identity, Plan, PlannedDelivery, PlannedDns
    from meshgen.published import Published
    from meshgen.published.probes import Probe


@dataclass(frozen=True, slots=True)
class Checked:
    """A fleet after all rules."""

    calls: Calls | None
    """None where the fleet could not be read or typed."""
    planned: Callable[[], Plan] | None
    """Plans it at the first call; None as above."""
    sources: dict[str, str]
    """Text of every file that diagnostics point at."""
    diagnostics: list[Diagnostic]
    """Sorted, accepted ones left out."""
    published: tuple[Published, ...] = ()
    """The published hosts of known workspaces."""
    asked: tuple[Probe, ...] = ()
    """The names of their health checks and of the canary's."""

    @property
    def relations(self) -> Relations | None:
        return None if self.calls is None else self.calls.relations

    @property
    def draft(self) -> Plan | None:
        """What would be emitted if no rule objected; None where the fleet could not be read or typed."""
        return None if self.planned is None else self.planned()

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


@dataclass(frozen=True)
class Compilation:
    """A fleet and everything made of it."""

    checked: Checked
    plan: Plan | None = None
    artifacts: tuple[Artifact, ...] = ()
    """The wanted output tree, sorted by path."""

    @cached_property
    def manifests(self) -> tuple[Artifact, ...]:
        """The Kubernetes objects among the artifacts."""
        return tuple(artifact for artifact in self.artifacts if artifact.schema)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The wanted output tree: path below the output directory → content."""
        return {artifact.path: artifact.content for artifact in self.artifacts}

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self.checked.diagnostics

    @property
    def calls(self) -> Calls | None:
        return self.checked.calls


def check_fleet(path: Path, consumers: frozenset[str] | None = None) -> Checked:
    """Read, type and check the fleet at `path`, a directory or one file. Never raises for a broken fleet.

    `consumers`: derive, plan and check what these clusters get, and nothing of what others do; None: all.
    """
    afresh()
    loaded, diagnostics = load(path)
    fleet, problems = typed_fleet(loaded)
    diagnostics += problems
    if fleet is None:
        return Checked(None, None, loaded.sources, ordered(diagnostics))
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls

    return check_calls(Calls(Relations(fleet), consumers), loaded.sources, diagnostics)


def check_calls(calls: Calls, sources: dict[str, str], diagnostics: Iterable[Diagnostic] = ()) -> Checked:
    """Check a fleet that could be read and typed; `diagnostics`: what was found until then."""
    from meshgen.check.context import Context
    from meshgen.check.table import check
    from meshgen.published import published_hosts
    from meshgen.published.probes import probes

    relations = calls.relations
    published = published_hosts(calls)
    asked = probes(relations, published)
    dns = cache(partial(_dns, relations, published, asked))
    delivery = cache(partial(_delivery, relations))
    planned = cache(partial(_plan, calls, published, asked, dns, delivery))
    told = [*diagnostics, *check(Context(calls, published, asked, dns, delivery, planned, _identities))]
    found = ordered(apply(told, relations.fleet.spec.accept))
    if any(diagnostic.severity == "error" for diagnostic in found):
        # Advice on a fleet that does not build only hides what keeps it from building.
        found = [diagnostic for diagnostic in found if diagnostic.severity != "hint"]
    return Checked(calls, planned, sources, found, published, asked)


def _dns(relations: Relations, published: tuple[Published, ...], asked: tuple[Probe, ...]) -> PlannedDns | None:
    from meshgen.plan.dns import planned_dns  # only fleets with zones need it

    return planned_dns(relations, published, asked)


def _delivery(relations: Relations) -> PlannedDelivery | None:
    from meshgen.plan.delivery import planned_delivery  # only fleets with an engine need it

    return planned_delivery(relations.fleet)


def _plan(
    calls: Calls,
    published: tuple[Published, ...],
    asked: tuple[Probe, ...],
    dns: Callable[[], PlannedDns | None],
    delivery: Callable[[], PlannedDelivery | None],
) -> Plan:
    from meshgen.plan import plan  # a fleet that is only validated seldom needs it

    return plan(calls, published, asked, dns(), delivery())


def _identities(draft: Plan, cluster: ClusterPlan) -> Iterable[Identity]:
    from meshgen.emit import identities  # only fleets with objects of others need it

    return identities(draft, cluster)


def plan_fleet(path: Path, consumers: frozenset[str] | None = None) -> Compilation:
    """Check and plan a fleet; the plan is None where a rule found an error. `consumers`: as for `check_fleet`."""
    checked = check_fleet(path, consumers)
    return Compilation(checked, None if checked.failed else checked.draft)


def compile_fleet(path: Path, consumers: frozenset[str] | None = None) -> Compilation:
    """Check, plan, emit and verify a fleet: the whole output tree, in memory. `consumers`: as for `check_fleet`."""
    planned = plan_fleet(path, consumers)
    if planned.plan is None:
        return planned
    from meshgen.emit import emit_fleet
    from meshgen.verify import verify

    artifacts = emit_fleet(planned.plan)
    problems = verify(artifacts)
    checked = planned.checked
    if problems:
        checked = replace(checked, diagnostics=ordered([*checked.diagnostics, *problems]))
    return Compilation(checked, planned.plan, artifacts)
