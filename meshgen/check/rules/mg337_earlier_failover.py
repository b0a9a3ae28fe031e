"""From 1.31 on istiod sends endpoints that are not ready (Istio: PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import istio_place, listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


_SENDS_UNHEALTHY = (1, 31)


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Say once in which clusters traffic moves before the last local pod is gone.

    Envoy moves load on when 1.4 times the share of healthy endpoints is below 100 %.
    """
    consumers = {link.cluster for link in imports(relations) if link.kind == "failover"}
    names = [
        cluster.name
        for cluster in relations.fleet.clusters
        if cluster.name in consumers and relations.facts[cluster.name].version >= _SENDS_UNHEALTHY
    ]
    if names:
        yield Diagnostic(
            code="MG337",
            severity="hint",
            message=f"in {listed(names)} a part of the traffic moves to other clusters when fewer than about 72 % of "
            "the local pods are ready: Istio 1.31 and newer also count those that are not",
            span=istio_place(relations, names[0], "version"),
            help="Keep spare capacity in the other clusters, and `maxUnavailable` of roll-outs low.",
            object=f"fleet/{relations.fleet.name}",
        )
