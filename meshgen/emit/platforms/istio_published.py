"""Plain Istio: published hosts at ingress and edge gateways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.calls.retries import RETRY_AS_ISTIO, RETRY_IDEMPOTENT, RETRY_UNPROCESSED
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.destination_rule import CONNECT_TIMEOUT, HTTP2_KEEPALIVE, SHARES, TCP_KEEPALIVE, by_shares
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import GATEWAY_PORT
from meshgen.emit.metadata import NOT_PUBLISHED
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.dns import Zone
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import Advertised, GatewaySettings
from meshgen.language.inventory import ObservedGateway, ObservedIstio, ObservedService
from meshgen.language.published_host import Cors, PublishedHost, Rewrite, Route, RouteMatch, Tls
from meshgen.language.workspace import Workspace
from meshgen.plan.published_routes import HTTP_PORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import (
        HostEndpoint,
        PlannedCors,
        PlannedDestination,
        PlannedHostEntry,
        PlannedHostRule,
        PlannedMatch,
        PlannedPublication,
        PlannedRoute,
        PlannedRoutes,
    )

_SAFE = ("GET", "HEAD", "OPTIONS")
_PORT_NAME = "http"
_OWN = {"exportTo": ["."]}


def _gateway(_scope: Scope, planned: PlannedPublication) -> dict[str, Any]:
    """One server for one host, as for exposed ones (ADR 13): istiod merges all Gateways of the same pods and port."""
    protocol, number, credential = planned.server
    server: dict[str, Any] = {"hosts": [planned.host]}
    if protocol == "http":
        server["port"] = {"number": number, "name": "http", "protocol": "HTTP"}
    elif protocol == "https":
        server["port"] = {"number": number, "name": "https", "protocol": "HTTPS"}
        server["tls"] = {"mode": "SIMPLE", "credentialName": credential}
    else:
        server["port"] = {"number": number, "name": "https-mesh", "protocol": "HTTPS"}
        server["tls"] = {"mode": "ISTIO_MUTUAL"}
    return {"spec": {"selector": planned.pod_labels, "servers": [server]}}


def _virtual_service(_scope: Scope, planned: PlannedRoutes) -> dict[str, Any]:
    """Routes for requests that may run twice before those for all others, in the order of the fleet.

    The redirect is a route and not `httpsRedirect`, which takes the whole virtual host: one for everything comes after
    all routes of others for the host, ACME's challenge among them (SortVHostRoutes, pilot/pkg/networking/core/route).
    """
    http = [item for route in planned.routes for item in _routes(route)]
    if not planned.routes:
        http = [{"name": "redirect", "redirect": {"scheme": "https"}}]
    return {"spec": {"hosts": [planned.host], "gateways": [planned.name], **_OWN, "http": http}}


def _routes(route: PlannedRoute) -> Iterator[dict[str, Any]]:
    """Up to two: what may run twice, everything else."""
    if not route.retries.attempts:
        yield _route(route, "all", list(_match(route.match, _methods(route))), "")
        return
    twice, once = _matches(route)
    if twice is not None:
        yield _route(route, "safe", twice, RETRY_IDEMPOTENT)
    if once is not None:
        conditions = RETRY_UNPROCESSED if route.retries.idempotent == "none" else RETRY_AS_ISTIO
        yield _route(route, "other", once, conditions)


def _route(route: PlannedRoute, sort: str, matches: list[dict[str, Any]], conditions: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": f"{sort}-{route.name}" if route.name else sort}
    if matches != [{}]:
        found["match"] = matches
    rewrite = _rewrite(route)
    if rewrite:
        found["rewrite"] = rewrite
    found["route"] = [_destination(destination) for destination in route.destinations]
    if route.timeout is not None:
        found["timeout"] = route.timeout
    found["retries"] = _retries(route, conditions)
    if route.cors is not None:
        found["corsPolicy"] = _cors(route.cors)
    return found


def _retries(route: PlannedRoute, conditions: str) -> dict[str, Any]:
    """`attempts: 0` is written: absent means Istio's two (pilot/pkg/networking/core/route/retry/retry.go)."""
    retries = route.retries
    if not retries.attempts:
        return {"attempts": 0}
    timeout = {} if retries.per_try_timeout is None else {"perTryTimeout": retries.per_try_timeout}
    return {"attempts": retries.attempts, **timeout, "retryOn": conditions, "retryRemoteLocalities": True}


def _matches(route: PlannedRoute) -> tuple[list[dict[str, Any]] | None, list[dict[str, Any]] | None]:
    """What matches the requests of a route that may run twice, and all its others; None: there are none."""
    retries, match = route.retries, route.match
    methods = _methods(route)
    every = list(_match(match, methods))
    if retries.idempotent == "all":
        return every, None
    twice: list[dict[str, Any]] = []
    once: list[dict[str, Any]] | None = every
    if retries.idempotent == "safeMethods" and not route.grpc:
        safe = _SAFE if not methods else tuple(method for method in methods if method in _SAFE)
        if safe:
            twice += _match(match, safe)
        if methods and safe == methods:
            once = None
    for request in retries.idempotent_requests:
        method, _, path = request.rpartition(" ")
        if not methods or not method or method in methods:
            twice += _narrowed(match, (method,) if method else methods, path)
    return twice or None, once


def _methods(route: PlannedRoute) -> tuple[str, ...]:
    """The methods of a route; those of cross-origin requests ask with OPTIONS first."""
    methods: tuple[str, ...] = route.match.methods
    return (*methods, "OPTIONS") if methods and route.cors is not None and "OPTIONS" not in methods else methods


def _match(match: PlannedMatch, methods: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """All alternatives of a match; Istio's `prefix` knows no segments, so `/api` is `/api` itself or below `/api/`."""
    for uri in _uris(match):
        yield _one(match, methods, uri)


def _uris(match: PlannedMatch) -> list[dict[str, str]]:
    if match.path is not None:
        return [{"exact": match.path}]
    if match.prefix is None or match.prefix == "/":
        return [{}]
    segment = match.prefix.rstrip("/")
    return [{"exact": segment}, {"prefix": f"{segment}/"}]


def _one(match: PlannedMatch, methods: tuple[str, ...], uri: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"uri": uri} if uri else {}
    if len(methods) == 1:
        found["method"] = {"exact": methods[0]}
    elif methods:
        found["method"] = {"regex": "|".join(methods)}
    if match.headers:
        found["headers"] = {name: {"exact": value} for name, value in match.headers}
    return found


def _narrowed(match: PlannedMatch, methods: tuple[str, ...], path: str) -> Iterator[dict[str, Any]]:
    """The part of a match whose path is `path`, or begins with it before a `*`."""
    wanted = {"prefix": path[:-1]} if path.endswith("*") else {"exact": path}
    for uri in _uris(match):
        both = _both(uri, wanted)
        if both is not None:
            yield _one(match, methods, both)


def _both(one: dict[str, str], other: dict[str, str]) -> dict[str, str] | None:
    """What two conditions for a path, each exact or a prefix, let through together; None: nothing."""
    if not one:
        return other
    for first, second in ((one, other), (other, one)):
        if "exact" in first:
            value = first["exact"]
            fits = value == second["exact"] if "exact" in second else value.startswith(second["prefix"])
            return first if fits else None
    longer, shorter = sorted((one["prefix"], other["prefix"]), key=len, reverse=True)
    return {"prefix": longer} if longer.startswith(shorter) else None


def _rewrite(route: PlannedRoute) -> dict[str, Any]:
    """A prefix is replaced by a pattern, since `uri` would put the same text for `/api` and for `/api/`."""
    rewrite = route.rewrite
    if rewrite is None:
        return {}
    host = {} if rewrite.host is None else {"authority": rewrite.host}
    if rewrite.path is None:
        return host
    if route.match.path is not None:
        return {"uri": rewrite.path, **host}
    segment = re.escape((route.match.prefix or "/").rstrip("/"))
    target = rewrite.path.rstrip("/")
    pattern = f"^{segment}" if target and segment else f"^{segment}/?"
    text = target if target and segment else f"{target}/"
    return {"uriRegexRewrite": {"match": pattern, "rewrite": text.replace("\\", r"\\")}, **host}


def _destination(planned: PlannedDestination) -> dict[str, Any]:
    destination: dict[str, Any] = {"host": planned.host, "port": {"number": planned.port}}
    if planned.subset is not None:
        destination["subset"] = planned.subset
    found: dict[str, Any] = {"destination": destination}
    if planned.weight is not None:
        found["weight"] = planned.weight
    return found


def _cors(planned: PlannedCors) -> dict[str, Any]:
    found: dict[str, Any] = {
        "allowOrigins": [{"regex": ".*"} if origin == "*" else {"exact": origin} for origin in planned.allow_origins]
    }
    lists: tuple[tuple[str, Iterable[str]], ...] = (
        ("allowMethods", planned.allow_methods),
        ("allowHeaders", planned.allow_headers),
        ("exposeHeaders", planned.expose_headers),
    )
    found |= {name: list(values) for name, values in lists if values}
    if planned.max_age is not None:
        found["maxAge"] = planned.max_age
    if planned.allow_credentials:
        found["allowCredentials"] = True
    return found


def _service_entry(_scope: Scope, planned: PlannedHostEntry) -> dict[str, Any]:
    return {
        "spec": {
            "hosts": [planned.host],
            **_OWN,
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
    spec: dict[str, Any] = {"host": planned.host, **_OWN, "trafficPolicy": policy}
    if planned.subsets:
        spec["subsets"] = [{"name": subset.name, "labels": dict(subset.labels)} for subset in planned.subsets]
    return {"spec": spec}


_NAME = "`<gateway>-<first label of the host>-<hash of gateway and host>`: never changes (design §3)"
_HOST = (Input(PublishedHost, "host"), Input(PublishedHost, "name"))
_NAMESPACE: Reasons = {"metadata namespace": Reason("of the gateway", (Input(GatewaySettings, "namespace"),))}
_SEEN = Reason("nobody but the gateway needs it")
_PORTS = "80 and 443 for users; for edges the gateway's `port`, 15443 where none is said"

_OF_GATEWAY: Reasons = {
    "metadata name": Reason(_NAME),
    **_NAMESPACE,
    **{
        f"metadata annotations {key}": Reason(
            "keeps ExternalDNS from making records of its own: what DNS answers follows from the plan (ADR 33)",
            (Input(Zone, "provider"),),
        )
        for key in NOT_PUBLISHED
    },
    "spec selector": Reason(
        "the gateway's pods",
        (Input(GatewaySettings, "selector"),),
        "labels that no other pods have, since it counts for all namespaces (MG310)",
    ),
    "spec servers": Reason("a server for this host alone, merged with all others of the pods and port (ADR 13)"),
    "spec servers [] port number": Reason(
        "the port of the gateway's Service that leads to its listener",
        (Input(ObservedGateway, "ports", "here"), Input(GatewaySettings, "port")),
        _PORTS,
    ),
    "spec servers [] tls": Reason(
        "certificate and key for users, or mutual TLS of the mesh for edge gateways", (Input(PublishedHost, "tls"),)
    ),
    "spec servers [] tls credentialName": Reason(
        "the Secret, in the gateway's own namespace", (Input(Tls, "credential_name"),)
    ),
    "spec servers [] hosts": Reason("the published host", _HOST),
}

_IDEMPOTENT = (
    Input(PublishedHost, "failover.retries.idempotent"),
    Input(Workspace, "failover.retries.idempotent"),
)
_REQUESTS = (
    Input(PublishedHost, "failover.retries.idempotent_requests"),
    Input(Workspace, "failover.retries.idempotent_requests"),
)
_SERVICE = (Input(Route, "service"), Input(PublishedHost, "service"))
_CLUSTERS = (Input(PublishedHost, "traffic"), Input(Workspace, "traffic"), Input(FleetSpec, "traffic"))
_OF_ROUTES: Reasons = {
    "metadata name": Reason("that of its Gateway"),
    **_NAMESPACE,
    "spec hosts": Reason("the published host", _HOST),
    "spec gateways": Reason("its Gateway, of the same name"),
    "spec exportTo": _SEEN,
    "spec http": Reason(
        "in the order of the fleet; for each route one part for requests that may run twice and one for all others "
        "(design §3). At an edge only what it tells apart",
        (Input(PublishedHost, "routes"),),
        "one route (design §2)",
    ),
    "spec http [] match [] method": Reason(
        "the route's methods; of those that may run twice such that change nothing, or that of a listed request",
        (Input(RouteMatch, "methods"), *_IDEMPOTENT, *_REQUESTS),
        "`safeMethods` (design §3)",
    ),
    "spec http [] match [] uri": Reason(
        "the route's path, in whole segments, or a request that may run twice",
        (Input(RouteMatch, "path"), Input(RouteMatch, "prefix"), *_REQUESTS),
    ),
    "spec http [] match [] headers": Reason("the route's headers", (Input(RouteMatch, "headers"),)),
    "spec http [] redirect": Reason(
        "requests without TLS go to HTTPS, below all routes of others for the host, such as ACME's challenge",
        (Input(Tls, "redirect"),),
    ),
    "spec http [] rewrite": Reason("what changes before the service gets it", (Input(Rewrite, "path"),)),
    "spec http [] rewrite authority": Reason("the host that the service sees", (Input(Rewrite, "host"),)),
    "spec http [] route": Reason("at an edge the ingress gateways, else the service", _SERVICE),
    "spec http [] route [] destination subset": Reason(
        "the clusters that serve the route's service, where not all routes have the same",
        (Input(ObservedService, "name", "elsewhere"), *_CLUSTERS),
    ),
    "spec http [] route [] weight": Reason("the share of one cluster", _CLUSTERS),
    "spec http [] timeout": Reason("longest time for a request, all tries together", (Input(Route, "timeout"),)),
    "spec http [] corsPolicy": Reason("cross-origin requests, as browsers ask for them", (Input(Route, "cors"),)),
    "spec http [] corsPolicy maxAge": Reason("how long browsers remember the answer", (Input(Cors, "max_age"),)),
    "spec http [] retries attempts": Reason(
        "retries of one request",
        (Input(PublishedHost, "failover.retries.attempts"), Input(Workspace, "failover.retries.attempts")),
        "at an edge past all addresses of the other clusters, behind it two; 0 is written, absent means two (ADR 38)",
    ),
    "spec http [] retries perTryTimeout": Reason(
        "longest time for one try, where users enter",
        (
            Input(PublishedHost, "failover.retries.per_try_timeout"),
            Input(Workspace, "failover.retries.per_try_timeout"),
        ),
    ),
    "spec http [] retries retryOn": Reason(
        "503 and reset only where a request may run twice, else what Istio retries by itself (ADR 27)",
        _IDEMPOTENT,
        "`safeMethods` (design §3)",
    ),
    "spec http [] retries retryRemoteLocalities": Reason("else retries would stay in the failed locality (design §3)"),
}

_OF_ENTRY: Reasons = {
    "metadata name": Reason(f"{_NAME}; of an alias, besides, the cluster"),
    **_NAMESPACE,
    "spec hosts": Reason("the published host, or an alias of it that begins with one cluster (ADR 39)", _HOST),
    "spec exportTo": _SEEN,
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
        "so that a cluster has its share whatever the number of its addresses", _CLUSTERS, "equal shares (design §3)"
    ),
    "spec endpoints [] labels": Reason("the cluster, its level, and the services that it serves", _CLUSTERS),
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
    **_NAMESPACE,
    "spec host": Reason("that of its ServiceEntry", _HOST),
    "spec exportTo": _SEEN,
    "spec trafficPolicy connectionPool tcp": Reason("ends connections whose other end vanished (ADR 10)"),
    "spec trafficPolicy connectionPool http useClientProtocol": Reason(
        "a route leads to gRPC, which needs HTTP/2 all the way", (Input(ObservedService, "ports", "elsewhere"),)
    ),
    "spec trafficPolicy connectionPool http http2KeepAlive": Reason(
        "pings to other clusters, from Istio 1.31 on (ADR 10)",
        (Input(Cluster, "istio.version", "here"), Input(Istio, "version"), Input(ObservedIstio, "version", "here")),
    ),
    "spec trafficPolicy loadBalancer simple": Reason(SHARES, _CLUSTERS),
    "spec trafficPolicy loadBalancer localityLbSetting": Reason(
        "the levels, by labels of the endpoints; off where there is one, or Istio would keep to its own region",
        _CLUSTERS,
        "`nearest` (design §3)",
    ),
    **_DETECTION,
    "spec trafficPolicy tls": Reason(
        "mutual TLS with the published host as SNI, by which the ingress finds its server"
    ),
    "spec subsets": Reason("for each service of a route the clusters that serve it, where routes differ", _SERVICE),
}


PUBLICATION: ObjectEmitter[PlannedPublication] = ObjectEmitter(
    Schema("networking.istio.io/v1", "Gateway"),
    Stage.EXPOSURE,
    items=lambda scope: scope.cluster.publications,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda _scope, _planned: NOT_PUBLISHED,
    fields=_gateway,
    own_reasons=_OF_GATEWAY,
)
ROUTES: ObjectEmitter[PlannedRoutes] = ObjectEmitter(
    Schema("networking.istio.io/v1", "VirtualService"),
    Stage.VIRTUAL_SERVICES,
    items=lambda scope: scope.cluster.published_routes,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_virtual_service,
    own_reasons=_OF_ROUTES,
)
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

EMITTERS: tuple[Emitter, ...] = (PUBLICATION, ROUTES, HOST_ENTRY, HOST_RULE)
