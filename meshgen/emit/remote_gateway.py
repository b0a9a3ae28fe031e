"""Gateway of class istio-remote: tells istiod the hostname of a remote gateway; nothing is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.plan.model import PlannedRemoteGateway


def _fields(_scope: Scope, planned: PlannedRemoteGateway) -> dict[str, Any]:
    """Istiod follows the hostname (Istio: pilot/pkg/model/network.go)."""
    return {
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
        }
    }


REMOTE_GATEWAY: ObjectEmitter[PlannedRemoteGateway] = ObjectEmitter(
    Schema("gateway.networking.k8s.io/v1", "Gateway"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.remote_gateways,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    labels=lambda _scope, planned: {"topology.istio.io/network": planned.network},
    fields=_fields,
)
