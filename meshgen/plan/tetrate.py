"""What Tetrate's management plane knows of published hosts: groups of gateways, and the servers of each gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from meshgen.analysis.names import at_tetrate, server
from meshgen.analysis.pattern_index import PatternIndex
from meshgen.analysis.traffic import whole
from meshgen.language.base import seconds
from meshgen.plan.gateways import spans
from meshgen.plan.model import (
    Origin,
    PlannedGatewayGroup,
    PlannedServers,
    PlannedWorkspace,
    Reachability,
    Server,
    ServerCors,
    ServerRoute,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Arrangement
    from meshgen.diagnostics import Span
    from meshgen.language.published_host import Cors, RouteMatch
    from meshgen.published import Published, PublishedGateway, PublishedRoute
    from meshgen.published.probes import Probe

_PERCENT = 100
Clusters: TypeAlias = tuple[tuple[str, int | None], ...]
"""Names and weights of clusters."""


class Hierarchy(NamedTuple):
    """What the management cluster gets for published hosts. Everything is sorted."""

    workspaces: tuple[PlannedWorkspace, ...] = ()
    """Those of gateways in namespaces that no workspace of the fleet has."""
    groups: tuple[PlannedGatewayGroup, ...] = ()
    servers: tuple[PlannedServers, ...] = ()
    reachability: Reachability | None = None


class _Passed(NamedTuple):
    """A gateway in one cluster, and what passes it."""

    gateway: PublishedGateway
    hosts: list[Published]
    probes: list[tuple[Probe, Clusters]]
    """Each with the clusters that may answer it there."""


def hierarchy(
    relations: Relations,
    published: Iterable[Published],
    asked: Sequence[Probe],
    workspaces: Sequence[PlannedWorkspace],
) -> Hierarchy:
    """Plan groups and servers of all gateways that published hosts and probes pass; `workspaces` are the fleet's own.

    A group a workspace and cluster, since edges of two regions say different things of one host, and the pods of a
    gateway take the objects of their group (docs.tetrate.io, design-guides/ha-multicluster).
    """
    passed = _passed(published, asked)
    owners = _Owners(relations, workspaces, passed)
    groups: dict[tuple[str, str], list[_Passed]] = {}
    for each in passed:
        groups.setdefault((owners.of(each.gateway).name, each.gateway.cluster), []).append(each)
    return Hierarchy(
        workspaces=owners.own,
        groups=tuple(
            _group(owners.of(members[0].gateway), cluster, members) for (_, cluster), members in sorted(groups.items())
        ),
        servers=tuple(_servers(each, owners.of(each.gateway), relations.fleet.spec.cluster_domain) for each in passed),
        reachability=_reachability(relations, passed),
    )


def _passed(published: Iterable[Published], asked: Iterable[Probe]) -> list[_Passed]:
    """Every gateway with servers, sorted by cluster, namespace and name."""
    found: dict[tuple[str, GatewayKey], _Passed] = {}

    def at(gateway: PublishedGateway) -> _Passed:
        return found.setdefault((gateway.cluster, gateway.key), _Passed(gateway, [], []))

    for host in published:
        for gateway in (*host.edge_gateways, *host.ingress_gateways):
            if _is_there(host, gateway):
                at(gateway).hosts.append(host)
    for probe in asked:
        behind: dict[tuple[str, GatewayKey], PublishedGateway] = {}
        for place in probe.asked_at:
            clusters: Clusters = tuple((each.cluster, None) for each in place.behind)
            at(place.gateway).probes.append((probe, clusters))
            if place.gateway.role == "edge":
                behind |= {(each.cluster, each.key): each for each in place.behind}
        for gateway in behind.values():
            at(gateway).probes.append((probe, ((gateway.cluster, None),)))
    return [found[place] for place in sorted(found)]


def _is_there(host: Published, gateway: PublishedGateway) -> bool:
    """Whether a gateway takes a host: an edge always, an ingress gateway where something of it can answer.

    What drains goes on in its own cluster.
    """
    if gateway.role == "edge":
        return True
    absent = ("no Service", "no port")
    for place, route in enumerate(host.routes):
        if gateway.cluster in route.serving:
            return True
        if any(each.cluster == gateway.cluster and each.why not in absent for each in route.unserving):
            return True
        if not host.behind_edge and host.ways[gateway.cluster][place].levels:
            return True
    return False


class _Owners:
    """The workspace of each gateway's namespace: one of the fleet, else one that is planned for the namespace."""

    def __init__(self, relations: Relations, workspaces: Sequence[PlannedWorkspace], passed: Iterable[_Passed]) -> None:
        index = PatternIndex((pattern, workspace) for workspace in workspaces for pattern in workspace.patterns)
        taken = {workspace.name for workspace in relations.fleet.workspaces}
        self._of: dict[tuple[str, str], PlannedWorkspace] = {}
        without: dict[str, list[PublishedGateway]] = {}
        for gateway in (each.gateway for each in passed):
            found = index.matching(gateway.cluster, gateway.namespace)
            if found:
                self._of[gateway.cluster, gateway.namespace] = found[0]
            else:
                without.setdefault(gateway.namespace, []).append(gateway)
        self.own = tuple(_own_workspace(namespace, gateways, taken) for namespace, gateways in sorted(without.items()))
        for workspace in self.own:
            for gateway in without[workspace.namespace]:
                self._of[gateway.cluster, gateway.namespace] = workspace

    def of(self, gateway: PublishedGateway) -> PlannedWorkspace:
        return self._of[gateway.cluster, gateway.namespace]


def _own_workspace(namespace: str, gateways: list[PublishedGateway], taken: set[str]) -> PlannedWorkspace:
    name = f"{namespace}-gateways"
    return PlannedWorkspace(
        name=at_tetrate(namespace, "gateways") if name in taken else name,
        namespace=namespace,
        patterns=tuple(sorted({f"{gateway.cluster}/{namespace}" for gateway in gateways})),
        exposure=None,
        service_labels=(),
        origin=_origin(gateways),
    )


def _group(workspace: PlannedWorkspace, cluster: str, members: list[_Passed]) -> PlannedGatewayGroup:
    gateways = [each.gateway for each in members]
    return PlannedGatewayGroup(
        name=at_tetrate(workspace.name, cluster),
        namespace=workspace.namespace,
        workspace=workspace.name,
        patterns=tuple(sorted({f"{cluster}/{gateway.namespace}" for gateway in gateways})),
        origin=_origin(gateways),
    )


def _servers(passed: _Passed, workspace: PlannedWorkspace, domain: str) -> PlannedServers:
    gateway = passed.gateway
    found = [each for host in passed.hosts for each in _of_host(host, gateway)]
    found += [_of_probe(probe, gateway, clusters, domain) for probe, clusters in passed.probes]
    asked = {probe.object: probe.setting.span() for probe, _ in passed.probes}
    return PlannedServers(
        name=at_tetrate(gateway.name, gateway.cluster),
        cluster=gateway.cluster,
        gateway=gateway.name,
        namespace=gateway.namespace,
        workspace=workspace.name,
        group=at_tetrate(workspace.name, gateway.cluster),
        pod_labels=dict(gateway.settings.selector or {"app": gateway.name}),
        servers=tuple(sorted(found, key=lambda each: (each.host, -each.port))),
        origin=_origin([gateway], *(host.setting.span() for host in passed.hosts), *asked.values()),
    )


def _origin(gateways: Sequence[PublishedGateway], *more: Span | None) -> Origin:
    return Origin(f"gateway/{gateways[0].name}", spans(*(each.settings.span() for each in gateways), *more))


def _of_host(host: Published, gateway: PublishedGateway) -> Iterator[Server]:
    """The servers of a host at one gateway: TLS, CORS and timeouts where users enter, rewriting before the service."""
    entry = host.behind_edge == (gateway.role == "edge")
    tls = host.setting.tls if entry else None
    edge = gateway.role == "edge"
    served = Server(
        name=server(host.setting.name),
        host=host.host,
        port=gateway.reach.ports["http" if tls is None else "https"].service,
        credential=None if tls is None else tls.credential_name,
        cors=_cors(next((route.cors for route in host.routes if route.cors is not None), None)) if entry else None,
        fails_over=edge and host.traffic.mode == "weighted" and host.failover.enabled,
        routes=tuple(_to_clusters(host, gateway) if edge else _to_services(host, timed=entry)),
    )
    yield served
    if tls is not None and tls.redirect:
        yield served._replace(
            name=at_tetrate(host.setting.name, "redirect"),
            port=gateway.reach.ports["http"].service,
            credential=None,
            cors=None,
            fails_over=False,
            routes=(_EVERYTHING._replace(redirects=True),),
        )


_EVERYTHING = ServerRoute(
    prefix=None,
    path=None,
    headers=(),
    rewrite_path=None,
    rewrite_host=None,
    timeout=None,
    service=None,
    port=None,
    clusters=(),
    redirects=False,
)


def _to_services(host: Published, *, timed: bool) -> Iterator[ServerRoute]:
    """The routes of an ingress gateway; `timed`: users enter there, so that it has the time of a request."""
    for route in host.routes:
        rewrite = route.rewrite
        target = _EVERYTHING._replace(
            rewrite_host=None if rewrite is None else rewrite.host,
            timeout=_timeout(route) if timed else None,
            service=f"{route.service.namespace}/{route.host}",
            port=route.setting.port or (None if route.port is None else route.port.port),
        )
        yield from _matched(target, route.match, None if rewrite is None else rewrite.path)


def _to_clusters(host: Published, gateway: PublishedGateway) -> Iterator[ServerRoute]:
    """The routes of an edge gateway, each with its own clusters."""
    for route, way in zip(host.routes, host.ways[gateway.cluster], strict=True):
        target = _EVERYTHING._replace(timeout=_timeout(route), clusters=_called(host, way))
        yield from _matched(target, route.match, None)


def _of_probe(probe: Probe, gateway: PublishedGateway, clusters: Clusters, domain: str) -> Server:
    """The server of a probe: at an edge to the clusters that it is about, else to the service in its own cluster."""
    entry = any((each.gateway.cluster, each.gateway.key) == (gateway.cluster, gateway.key) for each in probe.asked_at)
    tls = probe.tls if entry else None
    routes: tuple[ServerRoute, ...] = (_EVERYTHING._replace(clusters=clusters),)
    if gateway.role == "ingress" and probe.published is not None and clusters:
        routes = tuple(_to_services(probe.published, timed=False))
    elif gateway.role == "ingress" and clusters:
        name = f"{probe.service.namespace}/{probe.service.host(domain)}"
        routes = (_EVERYTHING._replace(service=name, port=probe.port),)
    return Server(
        name=at_tetrate(probe.host),
        host=probe.host,
        port=gateway.reach.ports["http" if tls is None else "https"].service,
        credential=None if tls is None else tls.credential_name,
        cors=None,
        fails_over=False,
        routes=routes,
    )


def _timeout(route: PublishedRoute) -> str | None:
    return None if route.timeout is None else seconds(route.timeout)


def _matched(target: ServerRoute, match: RouteMatch | None, rewrite: str | None) -> Iterator[ServerRoute]:
    """A route with what it matches and makes of the path.

    Tetrate's prefixes are text, the fleet's are whole segments, so `/api` is that path or begins with `/api/`. Its
    rewriting replaces what matched, which is not the same for these two.
    """
    if match is not None:
        target = target._replace(headers=tuple(sorted((key.lower(), text) for key, text in match.headers.items())))
    if match is not None and match.path is not None:
        yield target._replace(path=match.path, rewrite_path=rewrite)
        return
    prefix = "" if match is None else (match.prefix or "").rstrip("/")
    within = None if rewrite is None else f"{rewrite.rstrip('/')}/"
    if not prefix:
        yield target._replace(prefix=None if rewrite is None else "/", rewrite_path=within)
    elif rewrite is None:
        yield target._replace(path=prefix, prefix=f"{prefix}/")
    else:
        yield target._replace(path=prefix, rewrite_path=rewrite)
        yield target._replace(prefix=f"{prefix}/", rewrite_path=within)


def _called(host: Published, way: Arrangement) -> Clusters:
    """The clusters of a route: all that are called in any level, since Tetrate finds the levels itself; with shares."""
    called = [ranked for level in (way.levels if host.failover.enabled else way.levels[:1]) for ranked in level]
    shares = {each.cluster: each.share for each in called if each.share is not None}
    numbers = whole(list(shares.values()))
    times = _PERCENT // sum(numbers) if numbers and _PERCENT % sum(numbers) == 0 else 1
    weights = {cluster: times * number for cluster, number in zip(shares, numbers, strict=True)}
    return tuple(sorted((each.cluster, weights.get(each.cluster)) for each in called))


def _cors(cors: Cors | None) -> ServerCors | None:
    if cors is None:
        return None
    return ServerCors(
        allow_origins=tuple(cors.allow_origins),
        allow_methods=tuple(cors.allow_methods),
        allow_headers=tuple(cors.allow_headers),
        expose_headers=tuple(cors.expose_headers),
        max_age=None if cors.max_age is None else seconds(cors.max_age),
        allow_credentials=cors.allow_credentials,
    )


def _reachability(relations: Relations, passed: Iterable[_Passed]) -> Reachability | None:
    """The networks behind edge gateways that are not their own; unknown ones every cluster reaches.

    Source: docs.tetrate.io, refs/tsb/v2/cluster (`network`) and organization_setting (`networkReachability`).
    """
    found: dict[str, set[str]] = {}
    for each in passed:
        if each.gateway.role != "edge":
            continue
        ways = (way for host in each.hosts for way in host.ways[each.gateway.cluster])
        called = {cluster for way in ways for cluster in way.clusters}
        called |= {cluster for _, clusters in each.probes for cluster, _ in clusters}
        network = relations.facts[each.gateway.cluster].network
        others = {other for cluster in called if (other := relations.facts[cluster].network)} - {network}
        if network and others:
            found.setdefault(network, set()).update(others)
    if not found:
        return None
    networks = tuple((network, tuple(sorted(others))) for network, others in sorted(found.items()))
    return Reachability(networks, Origin(f"fleet/{relations.fleet.name}", spans(relations.fleet.spec.span())))
