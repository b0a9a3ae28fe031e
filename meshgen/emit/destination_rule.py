"""DestinationRule: priorities and outlier detection, without which Istio knows no failover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import TRAFFIC
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.inventory import ObservedIstio, ObservedService
from meshgen.language.published_host import PublishedHost
from meshgen.language.workspace import ExposedService, Workspace
from meshgen.plan.model import OWN_PODS

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
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
    elif not planned.regions_count:
        balancer = by_shares() if planned.shared else {}
        policy["loadBalancer"] = {**balancer, "localityLbSetting": {"enabled": False}}
    if planned.outlier_detection is not None:
        policy["outlierDetection"] = dict(sorted(planned.outlier_detection.items()))
    if planned.mutual_tls:
        policy["tls"] = {"mode": "ISTIO_MUTUAL"}
    export = {"exportTo": list(planned.export_to)} if planned.export_to else {}
    own = {} if planned.own_network is None else {"subsets": [_own_pods(planned.own_network)]}
    return {"spec": {"host": planned.host, **export, "trafficPolicy": policy, **own}}


def _own_pods(network: str) -> dict[str, Any]:
    """A subset by network holds no gateway of another cluster (tried: 20 of 20 probes fail when the pods are dead)."""
    return {"name": OWN_PODS, "labels": {"topology.istio.io/network": network}}


SHARES = "in turn, by the weights: Istio's own choice takes requests that are open from a weight (ADR 36)"


def by_shares() -> dict[str, str]:
    """How an endpoint is chosen where weights are shares.

    Istio's default, least requests, divides the weight of an endpoint by its open requests and one, so that shares
    become alike under load (Envoy: `active_request_bias`; seen in the lab, test_64_drains: 57 instead of 71 percent).
    """
    return {"simple": "ROUND_ROBIN"}


def _detection(name: str) -> tuple[Input, ...]:
    path = f"failover.outlier_detection.{name}"
    return Input(ExposedService, path), Input(Workspace, path)


_REASONS: Reasons = {
    "metadata name": Reason("the host, or `meshgen-<service>` beside a Service of the team: never changes (design §3)"),
    "metadata namespace": Reason(
        "of the Service that it governs, else the multicluster namespace, since clients look for rules there "
        "(Istio: push_context.go)",
    ),
    "spec host": Reason("the exposed host", (Input(ExposedService, "host"), Input(ObservedService, "name"))),
    "spec exportTo": Reason(
        "who sees it",
        (Input(ExposedService, "consumer_namespaces"),),
        "as the ServiceEntry, or as the team's own rules of the host, which Istio merges only then (MG389); everybody "
        "where the mesh would say nobody else (ADR 24)",
    ),
    "spec trafficPolicy connectionPool tcp": Reason("ends connections whose other end vanished (ADR 10)"),
    "spec trafficPolicy connectionPool http": Reason(
        "pings to other clusters, from Istio 1.31 on (ADR 10)",
        (Input(Cluster, "istio.version", "here"), Input(Istio, "version"), Input(ObservedIstio, "version", "here")),
    ),
    "spec trafficPolicy loadBalancer simple": Reason(SHARES, TRAFFIC),
    "spec trafficPolicy loadBalancer localityLbSetting": Reason(
        "the order of the clusters: local first, then the own region, then the rest, or as `traffic` says; zones only "
        "where they are asked for (design §3)",
        (*TRAFFIC, Input(ExposedService, "failover.zone_aware"), Input(Workspace, "failover.zone_aware")),
        "region and network: zones would send traffic away when one of two dies (design §3)",
    ),
    "spec trafficPolicy tls": Reason(
        "the way through a gateway is mutual TLS, which this mesh does not use of its own (ADR 24)",
        (Input(ObservedIstio, "enable_auto_mtls", "here"),),
    ),
    "spec subsets": Reason(
        "the cluster's own pods, for health checks that users' failover must not answer (ADR 42)",
        (
            Input(PublishedHost, "health_check"),
            Input(Cluster, "network", "here"),
            Input(ObservedIstio, "network", "here"),
        ),
    ),
    "spec trafficPolicy outlierDetection maxEjectionPercent": Reason(
        "how many endpoints may be out at once",
        _detection("max_ejection_percent"),
        "all beside local copies, all but one where there is nothing else (design §3)",
    ),
    **{
        f"spec trafficPolicy outlierDetection {to_camel(name)}": Reason(
            "when an endpoint counts as failed", _detection(name), default
        )
        for name, default in {
            "consecutive_gateway_errors": "five in a row (ADR 7)",
            "interval": "5s (ADR 7)",
            "base_ejection_time": "30s (ADR 7)",
            "min_health_percent": "",
            "split_external_local_origin_errors": "",
            "consecutive_local_origin_failures": "",
        }.items()
    },
    "spec trafficPolicy outlierDetection consecutive5xxErrors": Reason(
        "when an endpoint counts as failed",
        _detection("consecutive_5xx_errors"),
        "off: one gateway address stands for all pods behind it (ADR 7)",
    ),
}


DESTINATION_RULE: ObjectEmitter[PlannedDestinationRule] = ObjectEmitter(
    Schema("networking.istio.io/v1", "DestinationRule"),
    Stage.DESTINATION_RULES,
    items=lambda scope: scope.cluster.destination_rules,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
    own_reasons=_REASONS,
)
"""In the namespace of the host that it governs."""
