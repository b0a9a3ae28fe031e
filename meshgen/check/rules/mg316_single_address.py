"""With one address of a gateway there is nothing to move to when it fails (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import gateway_object
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways that other clusters know by one address only."""
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            observed = relations.observed_gateways[cluster].get(key)
            if observed is None or len(observed.addresses) != 1:
                continue
            yield Diagnostic(
                code="MG316",
                severity="warning",
                message=f"gateway `{key[1]}` of cluster `{cluster}` has one address only: if it fails, the cluster is "
                "out of reach",
                span=observed.span("addresses", 0),
                help="Give its load balancer an address in each zone, or accept this where it moves its address.",
                object=gateway_object(cluster, key),
            )
