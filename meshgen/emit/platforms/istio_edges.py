"""Plain Istio: what edge gateways call for a published host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.destination_rule import CONNECT_TIMEOUT, HTTP2_KEEPALIVE, SHARES, TCP_KEEPALIVE, by_shares
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import GATEWAY_PORT
from meshgen.emit.platforms.istio_published import CLUSTERS, HOST, NAME, NAMESPACE, OWN, SEEN, SERVICE
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.gateway import Advertised, GatewaySettings
from meshgen.language.inventory import ObservedGateway, ObservedIstio, ObservedService
from meshgen.language.published_host import PublishedHost
from meshgen.language.workspace import Workspace
from meshgen.plan.published_routes import HTTP_PORT

if TYPE_CHECKING:
    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import (
        HostEndpoint,
        PlannedHostEntry,
        PlannedHostRule,
    )


_PORT_NAME = "http"


def _service_entry(_scope: Scope, planned: PlannedHostEntry) -> dict[str, Any]:
    return {
        "spec": {
            "hosts": [planned.host],
            **OWN,
            "location": "MESH_INTERNAL",
            "resolution": "DNS" if planned.by_name else "STATIC",
            "subjectAltNames": list(planned.subject_alt_names),
            "ports": [{"number": HTTP_PORT, "name": _PORT_NAME, "protocol": "HTTP"}],
            "endpoints": [_endpoint(endpoint) for endpoint in planned.endpoints],
        }
    }


def _endpoint(planned: HostEndpoint) -> dict[str, Any]:
    locality = {} if planned.locality is None else {"locality": planned.locality}
    return {
        "address": planned.address,
        "network": planned.network,
        **locality,
        "ports": {_PORT_NAME: planned.port},
        "weight": planned.weight,
        "labels": dict(planned.labels),
    }


def _destination_rule(_scope: Scope, planned: PlannedHostRule) -> dict[str, Any]:
    pool: dict[str, Any] = {"tcp": {"connectTimeout": CONNECT_TIMEOUT, "tcpKeepalive": TCP_KEEPALIVE}}
    http: dict[str, Any] = {}
    if planned.client_protocol:
        http["useClientProtocol"] = True
    if planned.http2_pings:
        http["http2KeepAlive"] = HTTP2_KEEPALIVE
    if http:
        pool["http"] = http
    locality: dict[str, Any] = {"enabled": False}
    if planned.failover_priority:
        locality = {"enabled": True, "failoverPriority": list(planned.failover_priority)}
    balancer = by_shares() if planned.shared else {}
    policy: dict[str, Any] = {"connectionPool": pool, "loadBalancer": {**balancer, "localityLbSetting": locality}}
    if planned.outlier_detection:
        policy["outlierDetection"] = dict(sorted(planned.outlier_detection.items()))
    policy["tls"] = {"mode": "ISTIO_MUTUAL", "sni": planned.sni}
    spec: dict[str, Any] = {"host": planned.host, **OWN, "trafficPolicy": policy}
    if planned.subsets:
        spec["subsets"] = [{"name": subset.name, "labels": dict(subset.labels)} for subset in planned.subsets]
    return {"spec": spec}


_OF_ENTRY: Reasons = {
    "metadata name": Reason(f"{NAME}; of an alias, besides, the cluster"),
    **NAMESPACE,
    "spec hosts": Reason("the published host, or an alias of it that begins with one cluster (ADR 39)", HOST),
    "spec exportTo": SEEN,
    "spec location": Reason("mesh traffic: mutual TLS"),
    "spec resolution": Reason(
        "the addresses stand in it, or names that proxies resolve",
        (Input(Advertised, "hostname"), Input(ObservedGateway, "hostname", "elsewhere")),
        "addresses (ADR 39)",
    ),
    "spec subjectAltNames": Reason(
        "the accounts of the ingress gateways; without them every certificate of the mesh would do",
        (Input(GatewaySettings, "service_account"), Input(ObservedService, "service_accounts", "elsewhere")),
        "one of the gateway's name where meshgen runs it (design §3)",
    ),
    "spec ports": Reason("one port for all that the edge sends on; nobody dials it"),
    "spec endpoints [] address": Reason(
        "an address of the cluster's ingress gateway, or its name",
        (Input(Advertised, "addresses"), Input(ObservedGateway, "addresses", "elsewhere")),
    ),
    "spec endpoints [] network": Reason("a made-up network for each gateway, unlike every real one (design §3)"),
    "spec endpoints [] locality": Reason(
        "region of the cluster, and its zone where it has one only", (Input(Cluster, "region", "elsewhere"),)
    ),
    "spec endpoints [] ports": Reason(
        "the port at which the ingress gateway takes what edges send",
        GATEWAY_PORT,
        "15443, Istio's for traffic between clusters",
    ),
    "spec endpoints [] weight": Reason(
        "so that a cluster has its share whatever the number of its addresses", CLUSTERS, "equal shares (design §3)"
    ),
    "spec endpoints [] labels": Reason("the cluster, its level, and the services that it serves", CLUSTERS),
    "spec endpoints [] labels security.istio.io/tlsMode": Reason("makes the edge use mutual TLS"),
}

_DETECTION = {
    f"spec trafficPolicy outlierDetection {name}": Reason(
        "when a cluster counts as failed",
        (
            Input(PublishedHost, f"failover.outlier_detection.{attribute}"),
            Input(Workspace, f"failover.outlier_detection.{attribute}"),
        ),
        default,
    )
    for name, attribute, default in (
        ("baseEjectionTime", "base_ejection_time", "30s (ADR 7); two intervals more: ingress gateways eject, too"),
        ("consecutive5xxErrors", "consecutive_5xx_errors", "off: an address stands for a whole cluster (ADR 7)"),
        ("consecutiveGatewayErrors", "consecutive_gateway_errors", "five in a row (ADR 7)"),
        ("consecutiveLocalOriginFailures", "consecutive_local_origin_failures", ""),
        ("interval", "interval", "5s (ADR 7)"),
        ("maxEjectionPercent", "max_ejection_percent", "100: all of a dead cluster (design §3)"),
        ("minHealthPercent", "min_health_percent", ""),
        ("splitExternalLocalOriginErrors", "split_external_local_origin_errors", ""),
    )
}
_OF_RULE: Reasons = {
    "metadata name": Reason("that of its ServiceEntry"),
    **NAMESPACE,
    "spec host": Reason("that of its ServiceEntry", HOST),
    "spec exportTo": SEEN,
    "spec trafficPolicy connectionPool tcp": Reason("ends connections whose other end vanished (ADR 10)"),
    "spec trafficPolicy connectionPool http useClientProtocol": Reason(
        "a route leads to gRPC, which needs HTTP/2 all the way", (Input(ObservedService, "ports", "elsewhere"),)
    ),
    "spec trafficPolicy connectionPool http http2KeepAlive": Reason(
        "pings to other clusters, from Istio 1.31 on (ADR 10)",
        (Input(Cluster, "istio.version", "here"), Input(Istio, "version"), Input(ObservedIstio, "version", "here")),
    ),
    "spec trafficPolicy loadBalancer simple": Reason(SHARES, CLUSTERS),
    "spec trafficPolicy loadBalancer localityLbSetting": Reason(
        "the levels, by labels of the endpoints; off where there is one, or Istio would keep to its own region",
        CLUSTERS,
        "`nearest` (design §3)",
    ),
    **_DETECTION,
    "spec trafficPolicy tls": Reason(
        "mutual TLS with the published host as SNI, by which the ingress finds its server"
    ),
    "spec subsets": Reason("for each service of a route the clusters that serve it, where routes differ", SERVICE),
}

HOST_ENTRY: ObjectEmitter[PlannedHostEntry] = ObjectEmitter(
    Schema("networking.istio.io/v1", "ServiceEntry"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.host_entries,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_service_entry,
    own_reasons=_OF_ENTRY,
)
HOST_RULE: ObjectEmitter[PlannedHostRule] = ObjectEmitter(
    Schema("networking.istio.io/v1", "DestinationRule"),
    Stage.DESTINATION_RULES,
    items=lambda scope: scope.cluster.host_rules,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_destination_rule,
    own_reasons=_OF_RULE,
)

EMITTERS: tuple[Emitter, ...] = (HOST_ENTRY, HOST_RULE)
