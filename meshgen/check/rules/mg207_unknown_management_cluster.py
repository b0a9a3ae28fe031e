"""The management cluster is one of the fleet (design §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find a `managementCluster` that no cluster is named."""
    tetrate = relations.fleet.spec.tetrate
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    if tetrate is None or tetrate.management_cluster is None or tetrate.management_cluster in clusters:
        return
    yield Diagnostic(
        code="MG207",
        severity="error",
        message=f"the fleet has no cluster `{tetrate.management_cluster}` to be the management cluster",
        span=tetrate.span("managementCluster"),
        help=did_you_mean(near(tetrate.management_cluster, clusters)) or "Name a cluster of the fleet.",
        object=f"cluster/{tetrate.management_cluster}",
    )
