"""What Tetrate's management plane knows of published hosts: groups of gateways, and the servers of each gateway."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from meshgen.analysis.names import at_tetrate, server
from meshgen.analysis.pattern_index import PatternIndex
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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Arrangement
    from meshgen.diagnostics import Span
    from meshgen.language.published_host import Cors, RouteMatch
    from meshgen.published import Published, PublishedGateway, PublishedRoute

_PERCENT = 100


class Hierarchy(NamedTuple):
    """What the management cluster gets for published hosts. Everything is sorted."""

    workspaces: tuple[PlannedWorkspace, ...] = ()
    """Those of gateways in namespaces that no workspace of the fleet has."""
    groups: tuple[PlannedGatewayGroup, ...] = ()
    servers: tuple[PlannedServers, ...] = ()
    reachability: Reachability | None = None


class _Passed(NamedTuple):
    """A gateway in one cluster, and the published hosts that pass it."""

    gateway: PublishedGateway
    hosts: list[Published]


def hierarchy(
    relations: Relations, published: Iterable[Published], workspaces: Sequence[PlannedWorkspace]
) -> Hierarchy:
    """Plan the groups and servers of all gateways that published hosts pass; `workspaces` are those of the fleet.

    A group a workspace and cluster, since edges of two regions say different things of one host, and the pods of a
    gateway take the objects of their group (docs.tetrate.io, design-guides/ha-multicluster).
    """
    hosts = tuple(published)
    passed = _passed(hosts)
    owners = _Owners(relations, workspaces, passed)
    groups: dict[tuple[str, str], list[_Passed]] = {}
    for each in passed:
        groups.setdefault((owners.of(each.gateway).name, each.gateway.cluster), []).append(each)
    return Hierarchy(
        workspaces=owners.own,
        groups=tuple(
            _group(owners.of(members[0].gateway), cluster, members) for (_, cluster), members in sorted(groups.items())
        ),
        servers=tuple(_servers(each, owners.of(each.gateway)) for each in passed),
        reachability=_reachability(relations, hosts),
    )


def _passed(published: Iterable[Published]) -> list[_Passed]:
    """Every gateway with servers, sorted by cluster, namespace and name."""
    found: dict[tuple[str, GatewayKey], _Passed] = {}
    for host in published:
        for gateway in (*host.edge_gateways, *host.ingress_gateways):
            if _is_there(host, gateway):
                found.setdefault((gateway.cluster, gateway.key), _Passed(gateway, [])).hosts.append(host)
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
        for gateway, _ in passed:
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
    gateways = [gateway for gateway, _ in members]
    return PlannedGatewayGroup(
        name=at_tetrate(workspace.name, cluster),
        namespace=workspace.namespace,
        workspace=workspace.name,
        patterns=tuple(sorted({f"{cluster}/{gateway.namespace}" for gateway in gateways})),
        origin=_origin(gateways),
    )


def _servers(passed: _Passed, workspace: PlannedWorkspace) -> PlannedServers:
    gateway = passed.gateway
    found = (each for host in passed.hosts for each in _of_host(host, gateway))
    return PlannedServers(
        name=at_tetrate(gateway.name, gateway.cluster),
        gateway=gateway.name,
        namespace=gateway.namespace,
        workspace=workspace.name,
        group=at_tetrate(workspace.name, gateway.cluster),
        pod_labels=dict(gateway.settings.selector or {"app": gateway.name}),
        servers=tuple(sorted(found, key=lambda each: (each.host, -each.port))),
        origin=_origin([gateway], *(host.setting.span() for host in passed.hosts)),
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
        routes=tuple(_to_clusters(host, gateway, _called) if edge else _to_services(host, timed=entry)),
    )
    yield served
    check = host.setting.health_check
    if check is not None:
        yield served._replace(
            name=at_tetrate(host.setting.name, "health"),
            host=check.host,
            cors=None,
            fails_over=False,
            routes=tuple(_to_clusters(host, gateway, _probed)) if edge else served.routes,
        )
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


Choose: TypeAlias = "Callable[[Published, PublishedGateway, Arrangement], Clusters]"
Clusters: TypeAlias = tuple[tuple[str, int | None], ...]
"""Names and weights of clusters."""


def _to_clusters(host: Published, gateway: PublishedGateway, choose: Choose) -> Iterator[ServerRoute]:
    """The routes of an edge gateway, each with its own clusters."""
    for route, way in zip(host.routes, host.ways[gateway.cluster], strict=True):
        target = _EVERYTHING._replace(timeout=_timeout(route), clusters=choose(host, gateway, way))
        yield from _matched(target, route.match, None)


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


def _called(host: Published, _gateway: PublishedGateway, way: Arrangement) -> Clusters:
    """The clusters of a route: all that are called in any level, since Tetrate finds the levels itself; with shares."""
    called = [ranked for level in (way.levels if host.failover.enabled else way.levels[:1]) for ranked in level]
    shares = {each.cluster: each.share for each in called if each.share is not None}
    whole = lcm(*(share.denominator for share in shares.values()))
    whole = _PERCENT if _PERCENT % whole == 0 else whole
    weights = {cluster: int(share * whole) for cluster, share in shares.items()}
    return tuple(sorted((each.cluster, weights.get(each.cluster)) for each in called))


def _probed(host: Published, gateway: PublishedGateway, way: Arrangement) -> Clusters:
    """The clusters that a health check of an edge gateway is about: those of its own region, and never one beyond."""
    near = {each.cluster for each in host.ingress_gateways if each.region == gateway.region}
    called = [ranked.cluster for level in way.levels for ranked in level]
    return tuple((cluster, None) for cluster in sorted(near.intersection(called)))


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


def _reachability(relations: Relations, published: Iterable[Published]) -> Reachability | None:
    """The networks behind edge gateways that are not their own; unknown ones every cluster reaches.

    Source: docs.tetrate.io, refs/tsb/v2/cluster (`network`) and organization_setting (`networkReachability`).
    """
    found: dict[str, set[str]] = {}
    for host in published:
        for gateway in host.edge_gateways:
            network = relations.facts[gateway.cluster].network
            called = {ranked.cluster for way in host.ways[gateway.cluster] for level in way.levels for ranked in level}
            others = {other for each in called if (other := relations.facts[each].network)} - {network}
            if network and others:
                found.setdefault(network, set()).update(others)
    if not found:
        return None
    networks = tuple((network, tuple(sorted(others))) for network, others in sorted(found.items()))
    return Reachability(networks, Origin(f"fleet/{relations.fleet.name}", spans(relations.fleet.spec.span())))
