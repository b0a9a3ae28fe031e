"""All objects of a fleet of plain Istio clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.entries import entries
from meshgen.platforms.istio.gateway import gateway
from meshgen.platforms.istio.workload import workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.manifest import Manifest
    from meshgen.plan.model import Plan


def manifests(plan: Plan) -> Iterator[Manifest]:
    """Gateways, their exposure, entries and policies of every cluster."""
    for cluster in plan.clusters:
        for item in cluster.gateways:
            if item.managed:
                yield from workload(cluster.cluster, item)
            if item.hosts:
                yield gateway(cluster.cluster, item)
        yield from entries(cluster, plan.multicluster_namespace)
