"""The canary: a small service in every workload cluster, which tells whether the cluster answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.plan.gateways import spans
from meshgen.plan.model import Origin, PlannedCanary

if TYPE_CHECKING:
    from meshgen.analysis.relations import Relations

_KUBELET_TAKES = range(200, 400)
"""Statuses that are fine for the readiness probe of a kubelet."""


def planned_canary(relations: Relations, cluster: str) -> PlannedCanary | None:
    """What a workload cluster gets of the fleet's canary; None: there is none, or it is an edge cluster."""
    canary = relations.fleet.spec.canary
    if canary is None or relations.cluster(cluster).role != "workload":
        return None
    return PlannedCanary(
        namespace=canary.namespace,
        image=canary.image,
        port=canary.port,
        ready_path=canary.path if canary.expected_status in _KUBELET_TAKES else None,
        revision=relations.facts[cluster].revision,
        origin=Origin("canary", spans(canary.span())),
    )
