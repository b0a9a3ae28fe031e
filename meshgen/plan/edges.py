"""What a published host becomes at the edge gateway of one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from meshgen.analysis import names
from meshgen.analysis.labels import TLS_MODE
from meshgen.analysis.protocols import protocol_of
from meshgen.analysis.traffic import aliased, equal_shares, whole
from meshgen.calls.order import SOURCE, by_labels, endpoint_weights, level_labels
from meshgen.calls.retries import FEWEST_ATTEMPTS, TRIES_A_LEVEL
from meshgen.language.base import milliseconds
from meshgen.plan.gateways import spans
from meshgen.plan.model import (
    HostEndpoint,
    Origin,
    PlannedDestination,
    PlannedHostEntry,
    PlannedHostRule,
    PlannedMatch,
    PlannedRoute,
    PlannedSubset,
)
from meshgen.plan.published_routes import HTTP_PORT, grpc_only, planned_route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Arrangement, Ranked
    from meshgen.published import Published, PublishedGateway, PublishedRoute

MOST_EDGE_ATTEMPTS = 11
"""Retries at an edge that follow from addresses: each of its tries may be three at an ingress gateway (ADR 38)."""
ADDRESSES_OF_NAME = 3
"""How many addresses a hostname is taken for: a load balancer of AWS has one in each of up to three zones."""
_HTTP2 = {"GRPC", "HTTP2"}
SERVES = "serves.meshgen.io/"
"""Of the labels of endpoints of a published host: a service that the cluster serves."""

_Levels: TypeAlias = "Sequence[tuple[int, Sequence[Ranked]]]"
"""Each with its place among those that the policy has."""


class Edge:
    """A published host at the edge gateway of one cluster.

    Its entry has every ingress gateway that some route leads to. Where the routes have different ones, each goes to the
    subset of those that serve its service: with one set for all, a cluster that lacks a service would be ejected for
    the others, too. The subsets are there as soon as there are several services: rules and entries are synced before
    routes, so they must not go with the change after which no route needs them (ADR 39).
    """

    def __init__(self, relations: Relations, published: Published, gateway: PublishedGateway) -> None:
        self._relations = relations
        self._published = published
        self._gateway = gateway
        self._origin = Origin(
            published.object,
            spans(
                published.setting.span(),
                gateway.settings.span(),
                *(each.settings.span() for each in published.ingress_gateways),
                *(each.reach.span() for each in published.ingress_gateways),
            ),
        )
        self._name = names.exposure(gateway.name, published.host)
        overall = published.overall[gateway.cluster]
        self._levels = list(zip(overall.places, overall.levels, strict=True))
        self._depth = overall.depth
        self._ways = published.ways[gateway.cluster]
        self.clusters = tuple(sorted(published.overall[gateway.cluster].clusters))
        families = relations.facts[gateway.cluster].families
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._by_name = False
        for cluster in self.clusters:
            ingress = published.ingress_gateway(cluster)
            if ingress is not None:
                self._by_name = self._by_name or ingress.hostname is not None
                self._addresses[cluster] = ingress.dialled(families)
        self._several = len({way.clusters for way in self._ways}) > 1
        self._services = sorted({names.subset(route.service) for route in published.routes})

    def routes(self) -> tuple[PlannedRoute, ...]:
        """The routes, or one for all where the edge has nothing to tell them apart by."""
        published = self._published
        found = [
            planned_route(
                route,
                self._destinations(route, way),
                published.failover,
                published.failover.attempts or self._attempts(way),
                enters=True,
                rewrites=False,
            )
            for route, way in zip(published.routes, self._ways, strict=True)
        ]
        alike = {(route.destinations, route.timeout, route.cors, route.retries) for route in found}
        if len(alike) > 1:
            return tuple(found)
        return (found[0]._replace(name="", match=PlannedMatch(), grpc=grpc_only(published.routes)),)

    def entries(self) -> Iterator[PlannedHostEntry]:
        """What stands for the host, and for it with one cluster first where only names lead to the clusters."""
        identities = {gateway.identity for gateway in self._published.ingress_gateways if gateway.identity is not None}
        for name, host, levels, _ in self._hosts():
            yield PlannedHostEntry(
                name=name,
                namespace=self._gateway.namespace,
                host=host,
                by_name=self._by_name,
                subject_alt_names=tuple(sorted(identities)),
                endpoints=tuple(self._endpoints(levels)),
                origin=self._origin,
            )

    def rules(self) -> Iterator[PlannedHostRule]:
        """The rule of each entry."""
        failover = self._published.failover
        http2 = any(route.port is not None and protocol_of(route.port) in _HTTP2 for route in self._published.routes)
        several = sum(len(addresses) for addresses in self._addresses.values()) > 1 or self._by_name
        for name, host, levels, depth in self._hosts():
            yield PlannedHostRule(
                name=name,
                namespace=self._gateway.namespace,
                host=host,
                sni=self._published.host,
                failover_priority=by_labels(depth, None, zone_aware=False).priorities if several else (),
                shared=not self._by_name and any(each.share is not None for _, level in levels for each in level),
                outlier_detection=_outlasting(failover.outlier_detection) if several else {},
                http2_pings=http2 and self._relations.facts[self._gateway.cluster].pings_http2,
                client_protocol=http2,
                subsets=tuple(self._subsets()),
                origin=self._origin,
            )

    def _hosts(self) -> Iterator[tuple[str, str, _Levels, int]]:
        """Name, host and levels of what stands for the published host, and how many levels there can be."""
        aliases = sorted({cluster for way in self._ways for cluster, _ in self._shares(way)} | self._unrouted())
        if any(not self._shares(way) for way in self._ways):
            yield self._name, self._published.host, self._levels, self._depth
        for cluster in aliases:
            own = [ranked for _, level in self._levels for ranked in level if ranked.cluster == cluster]
            rest = [
                (place + 1, others)
                for place, level in self._levels
                if (others := [ranked for ranked in level if ranked.cluster != cluster])
            ]
            name = names.alias_of_host(self._gateway.name, self._published.host, cluster)
            yield name, f"{name}.{names.ALIAS_DOMAIN}", [(0, own), *rest], self._depth + 1

    def _unrouted(self) -> set[str]:
        """The clusters that have an alias although no route may lead to it (ADR 55)."""
        traffic = self._published.traffic
        if not (self._by_name and traffic.aliases):
            return set()
        return set(aliased(traffic, map(self._relations.cluster, self.clusters)))

    def _shares(self, way: Arrangement) -> list[tuple[str, Fraction]]:
        """The shares that only routes can say: those of the first level, where proxies resolve names.

        An endpoint's weight counts for each address that its name has.
        """
        first = way.levels[0] if way.levels else ()
        return equal_shares(first) if self._by_name and len(first) > 1 else []

    def _destinations(self, route: PublishedRoute, way: Arrangement) -> tuple[PlannedDestination, ...]:
        subset = names.subset(route.service) if self._several else None
        shares = self._shares(way)
        if not shares:
            return (PlannedDestination(self._published.host, HTTP_PORT, subset),)
        hosts = [names.alias_of_host(self._gateway.name, self._published.host, cluster) for cluster, _ in shares]
        return tuple(
            PlannedDestination(f"{host}.{names.ALIAS_DOMAIN}", HTTP_PORT, subset, weight)
            for host, weight in zip(hosts, whole([share for _, share in shares]), strict=True)
        )

    def _endpoints(self, levels: _Levels) -> Iterator[HostEndpoint]:
        for level, ranked in levels:
            # Of a name nobody knows how many addresses it has.
            addresses = {each.cluster: len(self._addresses[each.cluster]) for each in ranked}
            weights = endpoint_weights(equal_shares(ranked), addresses)
            for each in ranked:
                yield from self._endpoints_of(each.cluster, weights[each.cluster], level)

    def _endpoints_of(self, cluster: str, weight: int, level: int) -> Iterator[HostEndpoint]:
        gateway = self._published.ingress_gateway(cluster)
        if gateway is None:
            return
        serves = (
            {names.subset(route.service) for route, way in self._routes_and_ways() if cluster in way.clusters}
            if len(self._services) > 1
            else set()
        )
        labels = {**dict(level_labels(level, None)), **{f"{SERVES}{name}": "yes" for name in serves}}
        yield from endpoints_of(gateway, self._addresses[cluster], by_name=self._by_name, weight=weight, labels=labels)

    def _subsets(self) -> Iterator[PlannedSubset]:
        for name in self._services if len(self._services) > 1 else []:
            yield PlannedSubset(name, ((f"{SERVES}{name}", "yes"),))

    def _routes_and_ways(self) -> Iterable[tuple[PublishedRoute, Arrangement]]:
        return zip(self._published.routes, self._ways, strict=True)

    def _attempts(self, way: Arrangement) -> int:
        """Retries that get past every address of every cluster but the last to be reached, as far as bounded."""
        levels = [[self._number(ranked.cluster) for ranked in level] for level in way.levels]
        total = sum(number for level in levels for number in level)
        last = min(levels[-1]) if levels else 0
        needed = max(total - last, TRIES_A_LEVEL * (len(levels) - 1), FEWEST_ATTEMPTS)
        return min(needed, MOST_EDGE_ATTEMPTS)

    def _number(self, cluster: str) -> int:
        gateway = self._published.ingress_gateway(cluster)
        by_name = gateway is not None and gateway.hostname is not None
        return ADDRESSES_OF_NAME if by_name else len(self._addresses[cluster])


def endpoints_of(
    gateway: PublishedGateway,
    addresses: Iterable[str],
    *,
    by_name: bool,
    weight: int = 1,
    labels: Mapping[str, str] | None = None,
) -> Iterator[HostEndpoint]:
    """The endpoints of an ingress gateway, as edge gateways call it at these addresses.

    `by_name`: proxies resolve names; `labels`: besides what all endpoints carry.
    """
    carried = {**TLS_MODE, SOURCE: gateway.cluster, **(labels or {})}
    for address in addresses:
        yield HostEndpoint(
            cluster=gateway.cluster,
            address=address,
            port=gateway.reach.port,
            network=names.gateway_network(gateway.cluster, gateway.namespace, gateway.name),
            # Priorities over two localities end istiod where names are resolved (istio#61857).
            locality=None if by_name else gateway.locality,
            weight=weight,
            labels=tuple(sorted(carried.items())),
        )


def _outlasting(detection: dict[str, int | str | bool]) -> dict[str, int | str | bool]:
    """Outlier detection that ejects an ingress gateway for longer than that ejects its own pods.

    Where the application of a cluster dies, both eject it at about the same moment. An edge that comes back first is
    answered 503 by the ingress gateway, whose pods are all ejected still, and ejects it again, for twice as long
    (tried in the lab, test_61_edge). Each looks once an interval whether an ejection is over.
    """
    base, interval = (milliseconds(str(detection[name])) for name in ("baseEjectionTime", "interval"))
    seconds, rest = divmod(base + 2 * interval, 1000)
    time = f"{1000 * seconds + rest}ms" if rest else f"{seconds}s"
    return {"maxEjectionPercent": 100, **detection, "baseEjectionTime": time}
