"""What Tetrate's gateways do with published hosts: Groups, one Gateway for all hosts of a gateway, reachability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage, setup_file
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.platforms.tetrate import HIERARCHY, hierarchy
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster
from meshgen.language.dns import Zone
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import GatewaySettings
from meshgen.language.inventory import ObservedIstio
from meshgen.language.published_host import PublishedHost
from meshgen.language.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import (
        Identity,
        PlannedGatewayGroup,
        PlannedServers,
        Server,
        ServerCors,
        ServerRoute,
    )

_FALLBACK = ["topology.kubernetes.io/region", "topology.istio.io/network"]
"""Whose share another cluster takes: one of the edge's region first (docs.tetrate.io, howto/gateway/
weighted-distribution-and-fallback)."""
_WORKSPACE = Reason("the workspace that spans the gateway's namespace", (Input(Workspace, "name"),), "one for gateways")


def _groups(scope: Scope) -> tuple[PlannedGatewayGroup, ...]:
    return scope.plan.gateway_groups if scope.cluster.cluster == scope.plan.management_cluster else ()


GROUP: ObjectEmitter[PlannedGatewayGroup] = ObjectEmitter(
    Schema("gateway.tsb.tetrate.io/v2", "Group"),
    Stage.DESTINATION_RULES,
    items=_groups,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda scope, planned: hierarchy(scope.plan, planned.workspace),
    fields=lambda _scope, planned: {
        "spec": {"namespaceSelector": {"names": list(planned.patterns)}, "configMode": "BRIDGED"}
    },
    own_reasons={
        **HIERARCHY,
        "metadata annotations tsb.tetrate.io/workspace": _WORKSPACE,
        "metadata name": Reason("`<workspace>-<cluster>-<8 hex>`: edges differ by cluster (ADR 40)"),
        "metadata namespace": Reason("of the workspace"),
        "spec namespaceSelector": Reason(
            "where its gateways are", (Input(GatewaySettings, "namespace"), Input(GatewaySettings, "clusters"))
        ),
        "spec configMode": Reason("Tetrate writes Istio's objects"),
    },
)


def _servers(scope: Scope) -> tuple[PlannedServers, ...]:
    return scope.plan.servers if scope.cluster.cluster == scope.plan.management_cluster else ()


def _gateway(_scope: Scope, planned: PlannedServers) -> dict[str, Any]:
    selector = {"namespace": planned.namespace, "labels": planned.pod_labels}
    return {"spec": {"workloadSelector": selector, "http": [_server(server) for server in planned.servers]}}


def _server(server: Server) -> dict[str, Any]:
    written: dict[str, Any] = {"name": server.name, "hostname": server.host, "port": server.port}
    if server.credential is not None:
        written["tls"] = {"mode": "SIMPLE", "secretName": server.credential}
    if server.fails_over:
        written["failoverSettings"] = {"failoverPriority": _FALLBACK}
    cors = {} if server.cors is None else {"corsPolicy": _cors(server.cors)}
    return {**written, "routing": {**cors, "rules": [_rule(route) for route in server.routes]}}


def _cors(cors: ServerCors) -> dict[str, Any]:
    lists = {
        "allowOrigin": cors.allow_origins,
        "allowMethods": cors.allow_methods,
        "allowHeaders": cors.allow_headers,
        "exposeHeaders": cors.expose_headers,
    }
    written: dict[str, Any] = {name: list(values) for name, values in lists.items() if values}
    if cors.max_age is not None:
        written["maxAge"] = cors.max_age
    return {**written, "allowCredentials": True} if cors.allow_credentials else written


def _rule(route: ServerRoute) -> dict[str, Any]:
    match = _match(route)
    rewrite = {"authority": route.rewrite_host, "uri": route.rewrite_path}
    said = {name: value for name, value in rewrite.items() if value is not None}
    return {
        **({"match": match} if match else {}),
        **({"modify": {"rewrite": said}} if said else {}),
        **({} if route.timeout is None else {"timeout": route.timeout}),
        **_destination(route),
    }


def _match(route: ServerRoute) -> list[dict[str, Any]]:
    """Items of the list are alternatives, what stands in one has to hold together."""
    headers = {"headers": {name: {"exact": value} for name, value in route.headers}} if route.headers else {}
    paths = {"exact": route.path, "prefix": route.prefix}
    said = [{"uri": {kind: text}, **headers} for kind, text in paths.items() if text is not None]
    return said or ([headers] if headers else [])


def _destination(route: ServerRoute) -> dict[str, Any]:
    if route.service is not None:
        port = {} if route.port is None else {"port": route.port}
        return {"route": {"serviceDestination": {"host": route.service, **port}}}
    if route.clusters:
        clusters = [{"name": name, **({} if weight is None else {"weight": weight})} for name, weight in route.clusters]
        return {"route": {"clusterDestination": {"clusters": clusters}}}
    if route.redirects:
        return {"redirect": {"scheme": "https", "port": 443, "redirectCode": 301}}
    # An empty list would be every cluster that has the host.
    return {"directResponse": {"status": 503}}


_RULES = "spec http [] routing rules []"
SERVERS: ObjectEmitter[PlannedServers] = ObjectEmitter(
    Schema("gateway.tsb.tetrate.io/v2", "Gateway"),
    Stage.VIRTUAL_SERVICES,
    items=_servers,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda scope, planned: {
        **hierarchy(scope.plan, planned.workspace),
        "tsb.tetrate.io/gatewayGroup": planned.group,
        **(scope.plan.dns.annotations(planned) if scope.plan.dns is not None else {}),
    },
    fields=_gateway,
    own_reasons={
        **HIERARCHY,
        "metadata annotations tsb.tetrate.io/workspace": _WORKSPACE,
        "metadata annotations tsb.tetrate.io/gatewayGroup": Reason("the Group of that workspace in its cluster"),
        "metadata annotations *": Reason(
            "what a controller of DNS in the cluster reads of its hosts",
            (Input(Zone, "annotation_prefix"), Input(PublishedHost, "entry_points")),
        ),
        "metadata name": Reason("`<gateway>-<cluster>-<8 hex>`: edges differ by cluster (ADR 40)"),
        "metadata namespace": Reason("the gateway's namespace", (Input(GatewaySettings, "namespace"),)),
        "spec workloadSelector": Reason(
            "the gateway's pods", (Input(GatewaySettings, "selector"), Input(GatewaySettings, "name"))
        ),
        "spec workloadSelector namespace": Reason("of the gateway", (Input(GatewaySettings, "namespace"),)),
        "spec http [] name": Reason(
            "`<published host>`, behind it what else it is for; of a probe its own host",
            (Input(PublishedHost, "name"),),
        ),
        "spec http [] hostname": Reason(
            "the DNS name; edge and ingress gateway find each other by it",
            (
                Input(PublishedHost, "host"),
                Input(PublishedHost, "health_check.host"),
                Input(FleetSpec, "canary.host"),
                Input(PublishedHost, "name"),
            ),
        ),
        "spec http [] port": Reason(
            "443 with TLS, else 80; edges come on 15443 whatever it says", (Input(PublishedHost, "tls"),)
        ),
        "spec http [] tls": Reason("TLS of its users", (Input(PublishedHost, "tls.credential_name"),)),
        "spec http [] failoverSettings": Reason(
            "shares of clusters that die go to others, those of the own region first (ADR 40)",
            (Input(PublishedHost, "traffic.mode"), Input(Workspace, "traffic.mode"), Input(FleetSpec, "traffic.mode")),
        ),
        "spec http [] routing corsPolicy": Reason("cross-origin requests", (Input(PublishedHost, "routes"),)),
        f"{_RULES} match": Reason(
            "the requests that the route takes, a prefix in whole segments", (Input(PublishedHost, "routes"),)
        ),
        f"{_RULES} modify": Reason("what the service gets to see", (Input(PublishedHost, "routes"),)),
        f"{_RULES} timeout": Reason("all tries together", (Input(PublishedHost, "routes"),)),
        f"{_RULES} redirect": Reason("without TLS nothing is answered", (Input(PublishedHost, "tls.redirect"),)),
        f"{_RULES} directResponse": Reason("no cluster serves what the route leads to"),
        f"{_RULES} route serviceDestination": Reason(
            "the service that answers", (Input(PublishedHost, "routes"), Input(PublishedHost, "service"))
        ),
        f"{_RULES} route serviceDestination port": Reason(
            "its port", (Input(PublishedHost, "port"), Input(PublishedHost, "routes")), "its only port"
        ),
        f"{_RULES} route clusterDestination": Reason(
            "the clusters that serve what this route leads to, and no others (ADR 40)",
            (Input(PublishedHost, "routes"), Input(PublishedHost, "service")),
        ),
        f"{_RULES} route clusterDestination clusters [] weight": Reason(
            "its share of the requests",
            (
                Input(PublishedHost, "traffic.weights"),
                Input(Workspace, "traffic.weights"),
                Input(FleetSpec, "traffic.weights"),
            ),
        ),
    },
)


class ReachabilityEmitter:
    """Writes the part of the organization's setting that lets edge gateways reach the clusters behind them.

    One such object holds settings of everybody in the organization, so that meshgen does not write it whole.
    """

    reasons: Reasons = {  # noqa: RUF012 - never changed
        "networkSettings networkReachability": Reason(
            "from the network of an edge gateway to those of the clusters behind it",
            (Input(Cluster, "network"), Input(ObservedIstio, "network")),
        ),
    }

    def identities(self, _scope: Scope) -> Iterator[Identity]:
        return iter(())

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        cluster, reachability = scope.cluster.cluster, scope.plan.reachability
        if reachability is None or cluster != scope.plan.management_cluster:
            return
        reached = {network: ",".join(others) for network, others in reachability.networks}
        fields = {"networkSettings": {"networkReachability": reached}}
        yield setup_file(cluster, "organization-setting.yaml", fields, reachability.origin)


REACHABILITY = ReachabilityEmitter()
