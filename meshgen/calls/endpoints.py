"""Remote endpoints: the addresses of a source's east-west gateway, what is called there, and who answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.calls.model import RemoteEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.analysis.addresses import Families
    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ServicePort


def remote_endpoints(relations: Relations, exposure: Exposure, families: Families | None) -> tuple[RemoteEndpoint, ...]:
    """The endpoints of one source for consumers that dial these families, in the order of its gateway's addresses.

    A gateway known by hostname only gives one endpoint without an address.
    """
    gateway = exposure.gateway
    network = names.gateway_network(exposure.cluster, gateway.namespace, gateway.name)
    return tuple(
        RemoteEndpoint(
            source=exposure.cluster,
            gateway_namespace=gateway.namespace,
            gateway=gateway.name,
            network=network,
            address=address,
            port=exposure.reach.port,
            locality=relations.cluster(exposure.cluster).locality,
            place=place,
        )
        for place, address in exposure.reach.usable(families)
    )


def shared_ports(sources: Sequence[Exposure]) -> tuple[ServicePort, ...]:
    """The TCP ports, by name and number, that all sources have, as the first one declares them."""
    shared = set.intersection(*({(p.name, p.port) for p in source.service.tcp_ports} for source in sources))
    return tuple(p for p in sources[0].service.tcp_ports if (p.name, p.port) in shared)


def subject_alt_names(relations: Relations, exposures: Iterable[Exposure]) -> tuple[str, ...]:
    """The identities that a client accepts from a remote-only host; empty, which accepts all, if one is unknown.

    Source: model/push_context.go of Istio, an empty list means no check.
    """
    found: set[str] = set()
    for exposure in exposures:
        accounts = exposure.service.service_accounts
        if accounts is None:
            return ()
        place = f"spiffe://{relations.facts[exposure.cluster].trust_domain}/ns/{exposure.service.namespace}/sa/"
        found.update(place + account for account in accounts)
    return tuple(sorted(found))
