"""The published hosts of a fleet, each derived once. Rules, plan and views read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.draining import draining
from meshgen.analysis.failover import effective
from meshgen.analysis.hosts import ServiceName, parse_host
from meshgen.analysis.traffic import Arrangement, Ranked, arrange, effective_traffic
from meshgen.calls.places import levels_of
from meshgen.published.model import Published, PublishedGateway, PublishedRoute, Unserving, Ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.traffic import EffectiveTraffic
    from meshgen.calls import Calls
    from meshgen.language.inventory import ObservedService, ServicePort
    from meshgen.language.published_host import GatewayReference, PublishedHost, Route
    from meshgen.language.workspace import ExposedService, Workspace


def published_hosts(calls: Calls) -> tuple[Published, ...]:
    """Every published host of a known workspace, sorted by name, also of a fleet that rules refuse.

    Gateways that are not declared, or have another role, are left out (MG210, MG211).
    """
    relations = calls.relations
    workspaces = {workspace.name: workspace for workspace in relations.fleet.workspaces}
    return tuple(
        _Host(calls, host, workspaces[host.workspace]).published()
        for host in relations.fleet.published_hosts
        if host.workspace in workspaces
    )


class _Host:
    """One published host while it is derived."""

    def __init__(self, calls: Calls, host: PublishedHost, workspace: Workspace) -> None:
        self._calls = calls
        self._relations = calls.relations
        self._host = host
        self._workspace = workspace
        self._ingress = {gateway.cluster: gateway for gateway in self._gateways(host.ingress_gateway, "ingress")}
        self._edges = {gateway.cluster: gateway for gateway in self._gateways(host.edge_gateway, "edge")}

    def published(self) -> Published:
        traffic = effective_traffic(self._host.traffic, self._workspace.traffic, self._relations.fleet.spec.traffic)
        entry_traffic = effective_traffic(self._host.entry_points)
        routes = tuple(self._routes())
        entry_points = self._ingress if self._host.edge_gateway is None else self._edges
        return Published(
            setting=self._host,
            workspace=self._workspace,
            failover=effective(self._workspace, self._host),
            traffic=traffic,
            entry_traffic=entry_traffic,
            ingress_gateways=tuple(self._ingress.values()),
            edge_gateways=tuple(self._edges.values()),
            routes=routes,
            ways=Ways(entry_points, lambda cluster: tuple(self._way(cluster, route, traffic) for route in routes)),
            overall=Ways(self._edges, lambda cluster: self._overall(cluster, routes, traffic)),
            entry_order=self._entry_order(entry_points, entry_traffic),
        )

    def _gateways(
        self, reference: GatewayReference | None, role: Literal["edge", "ingress"]
    ) -> Iterator[PublishedGateway]:
        relations = self._relations
        key = (reference.namespace, reference.name) if reference is not None else ("", "")
        settings = relations.gateways.get(key)
        if settings is None or settings.role != role:
            return
        # What a workspace drains is its services: users of an edge go on to another cluster.
        passed = (settings, self._host) if role == "edge" else (self._workspace, settings, self._host)
        entered = role == "ingress" and self._host.edge_gateway is None
        for cluster in relations.fleet.clusters:
            if key not in relations.gateway_places[cluster.name]:
                continue
            yield PublishedGateway(
                cluster=cluster.name,
                settings=settings,
                role=role,
                region=cluster.region,
                locality=cluster.locality,
                reach=relations.reaches[cluster.name][key],
                identity=self._identity(cluster.name, key),
                drain=draining(cluster, *passed, *(self._exposed(cluster.name) if entered else ())),
            )

    def _exposed(self, cluster: str) -> Iterator[ExposedService | None]:
        """The exposed services of the routes in a cluster: users who enter there get its own copies of them."""
        domain = self._relations.fleet.spec.cluster_domain
        for answer in self._host.answers:
            name = parse_host(answer.service or "", domain)
            exposure = None if name is None else self._relations.exposure(cluster, name.host(domain))
            yield None if exposure is None else exposure.setting

    def _identity(self, cluster: str, key: GatewayKey) -> str | None:
        """Of a gateway's pods: by the account that the fleet says, else by that of the only one behind its Service."""
        account = self._relations.gateway_setups[cluster][key].service_account
        if account is None:
            service = self._relations.services[cluster].get(ServiceName(*key))
            accounts = service.service_accounts if service is not None else None
            account = accounts[0] if accounts is not None and len(accounts) == 1 else None
        if account is None:
            return None
        return f"spiffe://{self._relations.facts[cluster].trust_domain}/ns/{key[0]}/sa/{account}"

    def _routes(self) -> Iterator[PublishedRoute]:
        domain = self._relations.fleet.spec.cluster_domain
        for place, setting in enumerate(self._host.answers):
            name = parse_host(setting.service or "", domain)
            if name is not None:
                yield self._route(place, setting, name)

    def _route(self, place: int, setting: Route | PublishedHost, name: ServiceName) -> PublishedRoute:
        serving: dict[str, ServicePort] = {}
        unserving: list[Unserving] = []
        for cluster, namespaces in sorted(self._relations.spanned[self._workspace.name].items()):
            if name.namespace not in namespaces:
                continue
            service = self._relations.services[cluster].get(name)
            port = _port(service, setting.port)
            why = self._unserving(cluster, name, service, port)
            if why is not None:
                unserving.append(why)
            elif port is not None:
                serving[cluster] = port
        return PublishedRoute(
            place=place,
            setting=setting,
            host=name.host(self._relations.fleet.spec.cluster_domain),
            service=name,
            port=next(iter(serving.values()), None),
            serving=tuple(serving),
            unserving=tuple(unserving),
        )

    def _unserving(
        self, cluster: str, name: ServiceName, service: ObservedService | None, port: ServicePort | None
    ) -> Unserving | None:
        """Why a cluster does not serve a Service, None where it does."""
        if service is None:
            return Unserving(cluster, "no Service")
        if service.state != "active":
            return Unserving(cluster, "Service state")
        if port is None:
            return Unserving(cluster, "no port")
        gateway = self._ingress.get(cluster)
        if gateway is None:
            return Unserving(cluster, "no gateway")
        drain = gateway.drain
        if drain is None:
            exposure = self._relations.exposure(cluster, name.host(self._relations.fleet.spec.cluster_domain))
            drain = draining(self._relations.cluster(cluster), exposure.setting) if exposure is not None else None
        if drain is not None:
            return Unserving(cluster, "draining", drain)
        if self._host.edge_gateway is not None and not gateway.reach.known:
            return Unserving(cluster, "no address")
        return None

    def _called(self, edge: str, route: PublishedRoute) -> set[str]:
        """The clusters that an edge gateway can call for a route."""
        families = self._relations.facts[edge].families
        return {cluster for cluster in route.serving if self._ingress[cluster].reach.usable(families)}

    def _way(self, entry_point: str, route: PublishedRoute, traffic: EffectiveTraffic) -> Arrangement:
        """Which clusters are called for a route from one entry point.

        An edge gateway goes by the host's policy; an ingress gateway that users reach is a caller of its cluster.
        """
        if self._host.edge_gateway is not None:
            return self._arranged(entry_point, self._called(entry_point, route), traffic)
        call = self._calls.of(entry_point).get(route.host)
        if call is None:
            drains = any(item.cluster == entry_point and item.why == "draining" for item in route.unserving)
            return _alike([[Ranked(entry_point, None)]] if drains or entry_point in route.serving else [])
        levels = [[Ranked(place.cluster, place.share) for place in level] for level in levels_of(call)]
        return replace(_alike(levels), unused=call.unused)

    def _overall(self, edge: str, routes: tuple[PublishedRoute, ...], traffic: EffectiveTraffic) -> Arrangement:
        called: set[str] = set().union(*(self._called(edge, route) for route in routes))
        return self._arranged(edge, called, traffic)

    def _arranged(self, edge: str, clusters: set[str], traffic: EffectiveTraffic) -> Arrangement:
        relations = self._relations
        return arrange(
            traffic,
            map(relations.cluster, clusters),
            region=relations.cluster(edge).region,
            own=edge if edge in clusters else None,
            regions=relations.regions,
        )

    def _entry_order(self, entry_points: dict[str, PublishedGateway], traffic: EffectiveTraffic) -> Arrangement:
        clusters = [self._relations.cluster(name) for name, gateway in entry_points.items() if gateway.usable]
        found = arrange(traffic, clusters, region=None, own=None, regions={})
        if traffic.mode != "nearest" or not found.levels:
            return found
        every = sorted(ranked for level in found.levels for ranked in level)
        return replace(_alike([every]), unused=found.unused)


def _alike(levels: list[list[Ranked]]) -> Arrangement:
    """An arrangement of these levels, whatever policy they follow from."""
    return Arrangement(tuple(map(tuple, levels)), (), places=tuple(range(len(levels))), depth=len(levels))


def _port(service: ObservedService | None, number: int | None) -> ServicePort | None:
    """The port of a route; absent it is the only one (MG213)."""
    if service is None:
        return None
    ports = service.tcp_ports
    if number is None:
        return ports[0] if len(ports) == 1 else None
    return next((port for port in ports if port.port == number), None)
