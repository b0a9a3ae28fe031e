"""An Inventory belongs to a declared cluster (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find inventories that nothing reads because no cluster has their name."""
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    for name, inventory in relations.fleet.inventories.items():
        if name not in clusters:
            advice = did_you_mean(near(name, clusters)) or "Declare the cluster, or delete its inventory."
            yield Diagnostic(
                code="MG202",
                severity="warning",
                message=f"the inventory of cluster `{name}` is not used, since the fleet has no such cluster",
                span=inventory.span("name"),
                help=advice,
                object=f"cluster/{name}",
            )
