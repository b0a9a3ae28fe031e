"""One remote endpoint, as ServiceEntries and WorkloadEntries both write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.calls import RemoteEndpoint


def endpoint(remote: RemoteEndpoint, ports: Iterable[str], labels: dict[str, str]) -> dict[str, Any]:
    """Address, network, locality, labels, and the gateway's port under every name that a client asks for.

    Without an address istiod puts in the gateway's (reference: Istio, pilot/pkg/xds/endpoints/ep_filters.go).
    """
    address = {} if remote.address is None else {"address": remote.address}
    locality = {} if remote.locality is None else {"locality": remote.locality}
    return {
        **address,
        "network": remote.network,
        **locality,
        "ports": dict.fromkeys(ports, remote.port),
        "labels": labels,
    }
