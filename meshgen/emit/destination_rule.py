"""DestinationRule: priorities and outlier detection, without which Istio knows no failover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.plan.model import PlannedDestinationRule

CONNECT_TIMEOUT = "2s"
# Without these a connection whose other end vanished stays in use until the kernel gives up (ADR 10).
TCP_KEEPALIVE = {"time": "10s", "interval": "5s", "probes": 3}
HTTP2_KEEPALIVE = {"interval": "2s", "timeout": "2s"}


def _fields(_scope: Scope, planned: PlannedDestinationRule) -> dict[str, Any]:
    pool: dict[str, Any] = {"tcp": {"connectTimeout": CONNECT_TIMEOUT, "tcpKeepalive": TCP_KEEPALIVE}}
    if planned.http2_pings:
        pool["http"] = {"http2KeepAlive": HTTP2_KEEPALIVE}
    policy: dict[str, Any] = {"connectionPool": pool}
    if planned.failover_priority:
        policy["loadBalancer"] = {
            "localityLbSetting": {"enabled": True, "failoverPriority": list(planned.failover_priority)}
        }
    if planned.outlier_detection is not None:
        policy["outlierDetection"] = dict(sorted(planned.outlier_detection.items()))
    export = {"exportTo": list(planned.export_to)} if planned.export_to else {}
    return {"spec": {"host": planned.host, **export, "trafficPolicy": policy}}


DESTINATION_RULE: ObjectEmitter[PlannedDestinationRule] = ObjectEmitter(
    Schema("networking.istio.io/v1", "DestinationRule"),
    Stage.DESTINATION_RULES,
    items=lambda scope: scope.cluster.destination_rules,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
)
"""In the namespace of the host that it governs."""
