"""Plain Istio: what runs an east-west gateway, and what it lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.platforms.istio_workload import DEPLOYMENT, DISRUPTION_BUDGET, SERVICE, SERVICE_ACCOUNT, pod_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.plan.model import PlannedGateway


def _exposing(scope: Scope) -> Iterator[PlannedGateway]:
    return (planned for planned in scope.cluster.gateways if planned.hosts)


def _fields(_scope: Scope, planned: PlannedGateway) -> dict[str, Any]:
    """AUTO_PASSTHROUGH with exactly the exposed hosts, never a wildcard.

    Its selector matches pods of all namespaces, hence the gateway's own label
    (Istio: pilot/pkg/features/pilot.go, PILOT_SCOPE_GATEWAY_TO_NAMESPACE).
    """
    server = {
        "port": {"number": planned.port, "name": "tls", "protocol": "TLS"},
        "tls": {"mode": "AUTO_PASSTHROUGH"},
        "hosts": list(planned.hosts),
    }
    return {"spec": {"selector": planned.selector or pod_labels(planned), "servers": [server]}}


GATEWAY: ObjectEmitter[PlannedGateway] = ObjectEmitter(
    Schema("networking.istio.io/v1", "Gateway"),
    Stage.EXPOSURE,
    items=_exposing,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
)

EMITTERS: tuple[Emitter, ...] = (SERVICE_ACCOUNT, DEPLOYMENT, DISRUPTION_BUDGET, SERVICE, GATEWAY)
