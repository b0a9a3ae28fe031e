"""One remote endpoint, as ServiceEntries and WorkloadEntries both write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import Advertised, GatewayOverride, GatewaySettings
from meshgen.language.inventory import ObservedGateway
from meshgen.language.workspace import ExposedService, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.calls import RemoteEndpoint
    from meshgen.emit.reasons import Reasons

GATEWAY_PORT = (
    Input(Advertised, "port"),
    Input(ObservedGateway, "ports", "elsewhere"),
    Input(GatewayOverride, "port"),
    Input(GatewaySettings, "port"),
)
"""What decides the port at which a gateway is dialled."""
TRAFFIC = (
    Input(ExposedService, "traffic.order"),
    Input(ExposedService, "traffic.weights"),
    Input(Workspace, "traffic.order"),
    Input(Workspace, "traffic.weights"),
    Input(FleetSpec, "traffic.order"),
    Input(FleetSpec, "traffic.weights"),
    Input(FleetSpec, "regions"),
)
"""What gives the clusters an order, or shares."""


def endpoint(remote: RemoteEndpoint, ports: Iterable[str], labels: dict[str, str]) -> dict[str, Any]:
    """Address, network, locality, labels, and the gateway's port under every name that a client asks for.

    Without an address istiod puts in the gateway's (reference: Istio, pilot/pkg/xds/endpoints/ep_filters.go).
    """
    address = {} if remote.address is None else {"address": remote.address}
    locality = {} if remote.locality is None else {"locality": remote.locality}
    weight = {} if remote.weight is None else {"weight": remote.weight}
    return {
        **address,
        "network": remote.network,
        **locality,
        "ports": dict.fromkeys(ports, remote.port),
        "labels": labels | dict(remote.labels),
        **weight,
    }


def endpoint_reasons(path: str) -> Reasons:
    """Reasons of an endpoint's fields, but for its labels; `path` ends with a blank."""
    return {
        f"{path}address": Reason(
            "an address of the source's gateway, by its place in the list",
            (Input(Advertised, "addresses"), Input(ObservedGateway, "addresses", "elsewhere")),
        ),
        f"{path}network": Reason("a made-up network for each remote gateway, unlike every real one (design §3)"),
        f"{path}locality": Reason(
            "region of the source, and its zone where it has one only", (Input(Cluster, "region", "elsewhere"),)
        ),
        f"{path}labels order.meshgen.io/*": Reason("its place in the order of the caller's clusters (ADR 35)", TRAFFIC),
        f"{path}weight": Reason("its part of its cluster's share, whatever the number of addresses (ADR 36)", TRAFFIC),
        f"{path}ports": Reason(
            "the port at which the source's gateway is dialled, whatever port is called",
            GATEWAY_PORT,
            "15443, Istio's for traffic between clusters",
        ),
    }
