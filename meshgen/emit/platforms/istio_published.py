"""Plain Istio: published hosts at ingress and edge gateways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.calls.retries import RETRY_AS_ISTIO, RETRY_IDEMPOTENT, RETRY_UNPROCESSED
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.metadata import NOT_PUBLISHED
from meshgen.emit.platforms.istio_matches import match_of, matches, methods_of
from meshgen.emit.reasons import Input, Reason
from meshgen.language.dns import Zone
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import GatewaySettings
from meshgen.language.inventory import ObservedGateway, ObservedService
from meshgen.language.published_host import Cors, PublishedHost, Rewrite, Route, RouteMatch, Tls
from meshgen.language.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import (
        PlannedCors,
        PlannedDestination,
        PlannedPublication,
        PlannedRoute,
        PlannedRoutes,
    )


OWN = {"exportTo": ["."]}


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
    return {"spec": {"hosts": [planned.host], "gateways": [planned.name], **OWN, "http": http}}


def _routes(route: PlannedRoute) -> Iterator[dict[str, Any]]:
    """Up to two: what may run twice, everything else."""
    if not route.retries.attempts:
        yield _route(route, "all", list(match_of(route.match, methods_of(route))), "")
        return
    twice, once = matches(route)
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


NAME = "`<gateway>-<first label of the host>-<hash of gateway and host>`: never changes (design §3)"
HOST = (Input(PublishedHost, "host"), Input(PublishedHost, "name"))
NAMESPACE: Reasons = {"metadata namespace": Reason("of the gateway", (Input(GatewaySettings, "namespace"),))}
SEEN = Reason("nobody but the gateway needs it")
_PORTS = "80 and 443 for users; for edges the gateway's `port`, 15443 where none is said"
_OF_GATEWAY: Reasons = {
    "metadata name": Reason(NAME),
    **NAMESPACE,
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
    "spec servers [] hosts": Reason("the published host", HOST),
}
_IDEMPOTENT = (
    Input(PublishedHost, "failover.retries.idempotent"),
    Input(Workspace, "failover.retries.idempotent"),
)
_REQUESTS = (
    Input(PublishedHost, "failover.retries.idempotent_requests"),
    Input(Workspace, "failover.retries.idempotent_requests"),
)
SERVICE = (Input(Route, "service"), Input(PublishedHost, "service"))
CLUSTERS = (Input(PublishedHost, "traffic"), Input(Workspace, "traffic"), Input(FleetSpec, "traffic"))
_OF_ROUTES: Reasons = {
    "metadata name": Reason("that of its Gateway"),
    **NAMESPACE,
    "spec hosts": Reason("the published host", HOST),
    "spec gateways": Reason("its Gateway, of the same name"),
    "spec exportTo": SEEN,
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
    "spec http [] route": Reason("at an edge the ingress gateways, else the service", SERVICE),
    "spec http [] route [] destination subset": Reason(
        "the clusters that serve the route's service, where not all routes have the same",
        (Input(ObservedService, "name", "elsewhere"), *CLUSTERS),
    ),
    "spec http [] route [] weight": Reason("the share of one cluster", CLUSTERS),
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

EMITTERS: tuple[Emitter, ...] = (PUBLICATION, ROUTES)
