"""All clusters of a fleet have one cluster domain: a host is the same name everywhere (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters whose Services have another DNS domain than the fleet's."""
    spec = relations.fleet.spec
    declared = spec.span("clusterDomain") if "cluster_domain" in spec.model_fields_set else None
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        observed = inventory.istio.cluster_domain if inventory and inventory.istio else None
        if inventory is None or inventory.istio is None or observed in (None, spec.cluster_domain):
            continue
        yield Diagnostic(
            code="MG326",
            severity="error",
            message=f"cluster `{cluster.name}` has the cluster domain `{observed}`, but the fleet has "
            f"`{spec.cluster_domain}`",
            span=inventory.istio.span("clusterDomain"),
            help=f"Set `clusterDomain: {observed}` if all clusters have it; clusters of different domains have no name "
            "in common.",
            notes=notes((declared, "the fleet's is declared here")),
            object=f"cluster/{cluster.name}",
        )
