"""DestinationRule: priorities and outlier detection, without which Istio knows no failover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedDestinationRule

CONNECT_TIMEOUT = "2s"
# Without these a connection whose other end vanished stays in use until the kernel gives up (ADR 10).
TCP_KEEPALIVE = {"time": "10s", "interval": "5s", "probes": 3}
HTTP2_KEEPALIVE = {"interval": "2s", "timeout": "2s"}


def destination_rule(cluster: str, planned: PlannedDestinationRule) -> Manifest:
    """networking.istio.io/v1 DestinationRule, in the namespace of the host it governs."""
    pool: dict[str, Any] = {"tcp": {"connectTimeout": CONNECT_TIMEOUT, "tcpKeepalive": dict(TCP_KEEPALIVE)}}
    if planned.http2_pings:
        pool["http"] = {"http2KeepAlive": dict(HTTP2_KEEPALIVE)}
    policy: dict[str, Any] = {"connectionPool": pool}
    if planned.failover_priority:
        policy["loadBalancer"] = {
            "localityLbSetting": {"enabled": True, "failoverPriority": list(planned.failover_priority)}
        }
    if planned.outlier_detection is not None:
        policy["outlierDetection"] = dict(sorted(planned.outlier_detection.items()))
    export = {"exportTo": list(planned.export_to)} if planned.export_to else {}
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": metadata(planned.name, planned.namespace, planned.origin),
        "spec": {"host": planned.host, **export, "trafficPolicy": policy},
    }
    return Manifest(cluster, body, planned.origin, Stage.DESTINATION_RULES)
