"""A proxy without a network uses gateways of other networks only since 1.30 (Istio: xds/endpoints/ep_filters.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.places import gateway_object, listed, network_place, notes
from meshgen.check.routes import routes
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import GatewayKey, Relations


_VIA_GATEWAY = (1, 30)


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways known by hostname only whose consumers have no network name of their own.

    istiod replaces entries without an address by the gateway of their network, for proxies of another network.
    """
    if not platform(relations.fleet.spec.platform).hostname_gateways or not own_entries(relations.fleet):
        return
    lost: dict[tuple[str, GatewayKey], list[str]] = {}
    for route in routes(relations):
        observed = route.exposures[0].observed_gateway
        facts = relations.facts[route.consumer]
        if observed is None or observed.addresses or not observed.hostname:
            continue
        if not facts.network and facts.version < _VIA_GATEWAY:
            consumers = lost.setdefault((route.source, route.gateway), [])
            if route.consumer not in consumers:
                consumers.append(route.consumer)
    for (cluster, key), consumers in lost.items():
        yield Diagnostic(
            code="MG318",
            severity="error",
            message=f"gateway `{key[1]}` of cluster `{cluster}` is known by hostname only, and of its consumers "
            f"{listed(consumers)} {'has' if len(consumers) == 1 else 'have'} no network name",
            span=relations.observed_gateways[cluster][key].span("hostname"),
            help="List addresses of the gateway, or give the consumers a network name; from Istio 1.30 on none is "
            "needed.",
            notes=notes((network_place(relations, consumers[0]), f"cluster `{consumers[0]}` is here")),
            object=gateway_object(cluster, key),
        )
