"""Envoy keeps one endpoint for an address and port (istio#56355)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import normal
from meshgen.analysis.facts import own_entries
from meshgen.check.places import gateway_object, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import GatewayKey, Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find two gateways with the same address and port: traffic for one cluster would arrive at the other.

    One finding for each pair of gateways, at the first address that they share.
    """
    if not own_entries(relations.fleet):
        return
    seen: dict[tuple[str, int], tuple[str, GatewayKey, Span | None]] = {}
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            observed = relations.observed_gateways[cluster].get(key)
            others = {(cluster, key)}
            for index, address in enumerate(observed.addresses if observed else ()):
                span = observed.span("addresses", index) if observed else None
                target = (normal(address), relations.gateways[key].port)
                other_cluster, other, place = seen.setdefault(target, (cluster, key, span))
                if (other_cluster, other) in others:
                    continue
                others.add((other_cluster, other))
                yield Diagnostic(
                    code="MG312",
                    severity="error",
                    message=f"gateways `{other[1]}` of cluster `{other_cluster}` and `{key[1]}` of cluster `{cluster}` "
                    f"have the same address `{address}`",
                    span=span,
                    help="Correct the inventory that is wrong: an address and port belongs to one gateway.",
                    notes=notes((place, f"cluster `{other_cluster}` has it here")),
                    object=gateway_object(cluster, key),
                )
