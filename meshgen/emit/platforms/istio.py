"""Plain Istio: what runs an east-west gateway, and what it lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.analysis.names import exposure
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.metadata import NOT_PUBLISHED
from meshgen.emit.platforms import istio_edges, istio_published
from meshgen.emit.platforms.istio_workload import AUTOSCALER, DEPLOYMENT, DISRUPTION_BUDGET, SERVICE, SERVICE_ACCOUNT
from meshgen.emit.reasons import Input, Reason
from meshgen.language.gateway import GatewayOverride, GatewaySettings
from meshgen.language.inventory import ObservedGateway, ObservedService
from meshgen.language.workspace import ExposedService

if TYPE_CHECKING:
    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedExposure


def _gateway(_scope: Scope, planned: PlannedExposure) -> dict[str, Any]:
    """AUTO_PASSTHROUGH for exactly one host, never a wildcard: each service has its own, so that no two teams change
    one file (ADR 13). istiod merges all Gateways of the same pods and port (pilot/pkg/model/gateway.go).
    """
    server = {
        "port": {"number": planned.port, "name": "tls", "protocol": "TLS"},
        "tls": {"mode": "AUTO_PASSTHROUGH"},
        "hosts": [planned.host],
    }
    return {"spec": {"selector": planned.pod_labels, "servers": [server]}}


_REASONS: Reasons = {
    "metadata name": Reason("`<gateway>-<service>-<hash of gateway and host>`: never changes (ADR 13)"),
    "metadata namespace": Reason("of the gateway", (Input(GatewaySettings, "namespace"),)),
    **{f"metadata annotations {key}": Reason("keeps ExternalDNS from publishing the host") for key in NOT_PUBLISHED},
    "spec selector": Reason(
        "the gateway's pods",
        (Input(GatewaySettings, "selector"),),
        "labels that no other pods have, since it counts for all namespaces (MG310)",
    ),
    "spec servers": Reason(
        "lets in mutual TLS by its SNI and opens none (Istio: pilot/pkg/networking/core/gateway.go)"
    ),
    "spec servers [] port number": Reason(
        "the port of the gateway's Service that leads to its listener",
        (
            Input(ObservedGateway, "ports", "here"),
            Input(GatewayOverride, "port"),
            Input(GatewaySettings, "port"),
        ),
        "15443, Istio's for traffic between clusters",
    ),
    "spec servers [] hosts": Reason(
        "the one exposed host (ADR 13)", (Input(ExposedService, "host"), Input(ObservedService, "name", "here"))
    ),
}

GATEWAY: ObjectEmitter[PlannedExposure] = ObjectEmitter(
    Schema("networking.istio.io/v1", "Gateway"),
    Stage.EXPOSURE,
    items=lambda scope: scope.cluster.exposures,
    name=lambda planned: exposure(planned.gateway, planned.host),
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda _scope, _planned: NOT_PUBLISHED,
    fields=_gateway,
    own_reasons=_REASONS,
)

EMITTERS: tuple[Emitter, ...] = (
    SERVICE_ACCOUNT,
    DEPLOYMENT,
    AUTOSCALER,
    DISRUPTION_BUDGET,
    SERVICE,
    GATEWAY,
    *istio_published.EMITTERS,
    *istio_edges.EMITTERS,
)
