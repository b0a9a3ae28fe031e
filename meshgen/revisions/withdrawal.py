"""Withdrawing is two commits: first no one uses an exposure, then it goes (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import namespace_matches, parse_host
from meshgen.diagnostics.codes import diagnose
from meshgen.plan.diff import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meshgen.diagnostics import Diagnostic, Span
    from meshgen.language.fleet import Fleet
    from meshgen.plan.diff import Use
    from meshgen.plan.model import Plan


def withdrawn(
    used: Mapping[Use, str], plan: Plan, fleet: Fleet, *, only: frozenset[str] | None = None
) -> Iterator[Diagnostic]:
    """Find what was in use before and is no longer let in: one MG650 for each consumer, host and gateway.

    `used`: each use, and by what it is known. `only`: the clusters that are written; the gateways of others go on as
    they are, and all consumers count, since one that is not written goes on too.
    """
    for use in cut(used, plan):
        gateway = use.gateway
        if only is not None and gateway.cluster not in only:
            continue
        source = f"`{gateway.cluster}`"
        if gateway not in plan.exposed:
            source = f"gateway `{gateway.namespace}/{gateway.name}` of {source}, which is no longer in the fleet"
        yield diagnose(
            "MG650",
            f"`{use.host}` would no longer be exposed by {source}, "
            f"but `{use.consumer}` still calls it there, as of {used[use]}",
            span=_place(fleet, use),
            help="Set `state: draining` (or `state: leaving` in the inventory), build and sync everywhere, "
            "then remove it; `--allow-withdrawal` if nothing calls it.",
            object=use.host,
        )


def _place(fleet: Fleet, use: Use) -> Span | None:
    """Where the fleet would have to say something: its clusters, or the workspace of the host, if it is still there."""
    if all(cluster.name != use.gateway.cluster for cluster in fleet.clusters):
        return fleet.spec.span("clusters")
    name = parse_host(use.host, fleet.spec.cluster_domain)
    for workspace in fleet.workspaces:
        patterns = workspace.namespace_selector.names
        if name and any(namespace_matches(pattern, use.gateway.cluster, name.namespace) for pattern in patterns):
            return workspace.span("exposedServices")
    return fleet.spec.span()
