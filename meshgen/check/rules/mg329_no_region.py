"""The nearest remote cluster comes first by region; without one all are equal (Istio: core/loadbalancer)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters of unknown region in fleets of several clusters."""
    clusters = relations.fleet.clusters
    for cluster in clusters if len(clusters) > 1 else ():
        if not cluster.region:
            yield Diagnostic(
                code="MG329",
                severity="warning",
                message=f"cluster `{cluster.name}` has no region, so no remote cluster counts as near to it",
                span=cluster.span("name"),
                help="Set `region` to the label `topology.kubernetes.io/region` of its nodes.",
                object=f"cluster/{cluster.name}",
            )
