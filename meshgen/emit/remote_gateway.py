"""Gateway of class istio-remote: tells istiod the hostname of a remote gateway; nothing is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import GATEWAY_PORT
from meshgen.emit.reasons import Input, Reason
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import Advertised
from meshgen.language.inventory import ObservedGateway

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
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


_REASONS: Reasons = {
    "metadata name": Reason("the made-up network of the remote gateway (design §3)"),
    "metadata namespace": Reason(
        "the multicluster namespace", (Input(FleetSpec, "multicluster_namespace"),), "the platform's (design §4)"
    ),
    "metadata labels topology.istio.io/network": Reason(
        "the made-up network whose entries without address get the gateway's (Istio: pilot/pkg/model/network.go)"
    ),
    "spec gatewayClassName": Reason("nothing is deployed for it"),
    "spec addresses": Reason(
        "the hostname of the remote gateway, which istiod resolves",
        (Input(Advertised, "hostname"), Input(ObservedGateway, "hostname", "elsewhere")),
    ),
    "spec listeners": Reason("what istiod takes for the gateway of a network"),
    "spec listeners [] port": Reason(
        "the port at which the remote gateway is dialled", GATEWAY_PORT, "15443, Istio's for it"
    ),
}


REMOTE_GATEWAY: ObjectEmitter[PlannedRemoteGateway] = ObjectEmitter(
    Schema("gateway.networking.k8s.io/v1", "Gateway"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.remote_gateways,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    labels=lambda _scope, planned: {"topology.istio.io/network": planned.network},
    fields=_fields,
    own_reasons=_REASONS,
)
