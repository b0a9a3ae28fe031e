"""Gateway of class istio-remote: tells istiod the hostname of a remote gateway; nothing is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedRemoteGateway


def remote_gateway(cluster: str, planned: PlannedRemoteGateway) -> Manifest:
    """gateway.networking.k8s.io/v1 Gateway; istiod follows its name (Istio: pilot/pkg/model/network.go)."""
    body = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": metadata(
            planned.name,
            planned.namespace,
            planned.origin,
            labels={"topology.istio.io/network": planned.network},
        ),
        "spec": {
            "gatewayClassName": "istio-remote",
            "addresses": [{"type": "Hostname", "value": planned.hostname}],
            "listeners": [
                {
                    "name": "cross-network",
                    "port": planned.port,
                    "protocol": "TLS",
                    "tls": {
                        "mode": "Passthrough",
                        "options": {"gateway.istio.io/listener-protocol": "auto-passthrough"},
                    },
                }
            ],
        },
    }
    return Manifest(cluster, body, planned.origin, Stage.ENTRIES)
