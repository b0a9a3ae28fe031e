"""Remote endpoints: the addresses of a source's east-west gateway, and who answers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.plan import names
from meshgen.plan.model import PlannedRemoteGateway, RemoteEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.plan.model import Origin


def remote_endpoints(relations: Relations, exposure: Exposure) -> tuple[RemoteEndpoint, ...]:
    """The endpoints of one source, in the order of the inventory's address list.

    A gateway known by hostname only gives one endpoint without an address.
    """
    observed = exposure.observed_gateway
    if observed is None:
        return ()
    gateway = exposure.gateway
    network = names.gateway_network(exposure.cluster, gateway.namespace, gateway.name)
    addresses: Sequence[str | None] = observed.addresses or ([None] if observed.hostname else [])
    return tuple(
        RemoteEndpoint(
            source=exposure.cluster,
            gateway_namespace=gateway.namespace,
            gateway=gateway.name,
            network=network,
            address=address,
            port=gateway.port,
            locality=locality(relations, exposure.cluster),
            place=place,
        )
        for place, address in enumerate(addresses, start=1)
    )


def locality(relations: Relations, cluster: str) -> str | None:
    """`region`, or `region/zone` of a cluster in one zone; None where the region is unknown."""
    item = relations.cluster(cluster)
    if item.region is None:
        return None
    return f"{item.region}/{item.zones[0]}" if len(item.zones) == 1 else item.region


def remote_gateways(
    relations: Relations, exposures: Iterable[Exposure], namespace: str, origin: Origin
) -> tuple[PlannedRemoteGateway, ...]:
    """The gateways among the sources that are known by hostname only, once each."""
    found: dict[str, PlannedRemoteGateway] = {}
    for exposure in exposures:
        observed = exposure.observed_gateway
        if observed is None or observed.addresses or not observed.hostname:
            continue
        (endpoint,) = remote_endpoints(relations, exposure)
        found[endpoint.network] = PlannedRemoteGateway(
            name=names.remote_gateway(endpoint.network),
            namespace=namespace,
            network=endpoint.network,
            hostname=observed.hostname,
            port=endpoint.port,
            origin=origin,
        )
    return tuple(found[network] for network in sorted(found))


def service_accounts(exposures: Iterable[Exposure]) -> list[str] | None:
    """The accounts behind some exposures, sorted; None where one does not know its own."""
    accounts: set[str] = set()
    for exposure in exposures:
        if exposure.service.service_accounts is None:
            return None
        accounts.update(exposure.service.service_accounts)
    return sorted(accounts)


def subject_alt_names(relations: Relations, exposures: Sequence[Exposure]) -> tuple[str, ...]:
    """The identities that a client accepts from a remote-only host; empty, which accepts all, if one is unknown.

    Source: model/push_context.go of Istio, an empty list means no check.
    """
    if service_accounts(exposures) is None:
        return ()
    return tuple(
        sorted(
            {
                f"spiffe://{relations.facts[exposure.cluster].trust_domain}/ns/{exposure.service.namespace}/sa/{account}"
                for exposure in exposures
                for account in exposure.service.service_accounts or []
            }
        )
    )
