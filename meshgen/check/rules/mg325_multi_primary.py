"""An istiod that reads other clusters finds their pods itself (Istio: WORKLOAD_ENTRY_CROSS_CLUSTER)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with remote secrets: every remote endpoint would be there twice."""
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        if inventory is not None and inventory.istio is not None and inventory.istio.multi_primary:
            yield Diagnostic(
                code="MG325",
                severity="error",
                message=f"istiod of cluster `{cluster.name}` reads other clusters through remote secrets, so remote "
                "endpoints would be there twice",
                span=inventory.istio.span("multiPrimary"),
                help='Remove the remote secrets (label `istio/multiCluster: "true"`), or the cluster from the fleet.',
                object=f"cluster/{cluster.name}",
            )
