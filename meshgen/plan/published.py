"""What published hosts become: in the clusters of their ingress gateways and of their edge gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.gateways import gateway_pods
from meshgen.analysis.protocols import protocol_of
from meshgen.calls.order import SOURCE, by_labels, endpoint_weights, level_labels, whole
from meshgen.language.base import milliseconds
from meshgen.plan.gateways import spans
from meshgen.plan.labels import TLS_MODE
from meshgen.plan.model import (
    HostEndpoint,
    Origin,
    PlannedCertificate,
    PlannedCors,
    PlannedDestination,
    PlannedHostEntry,
    PlannedHostRule,
    PlannedMatch,
    PlannedPublication,
    PlannedRetries,
    PlannedRewrite,
    PlannedRoute,
    PlannedRoutes,
    PlannedServer,
    PlannedSubset,
)
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.gateways import PortName
    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Arrangement, Ranked
    from meshgen.calls import Calls
    from meshgen.language.published_host import Cors, Rewrite
    from meshgen.published import Published, PublishedGateway, PublishedRoute

HTTP_PORT = 80
"""Port of what stands for a published host at an edge; a number that nobody dials."""
INGRESS_ATTEMPTS = 2
"""Retries at an ingress gateway behind an edge, as Istio's own: it has pods of one cluster to try (ADR 38)."""
FEWEST_ATTEMPTS = 3
MOST_EDGE_ATTEMPTS = 11
"""Retries at an edge that follow from addresses: each of its tries may be three at an ingress gateway (ADR 38)."""
ADDRESSES_OF_NAME = 3
"""How many addresses a hostname is taken for: a load balancer of AWS has one in each of up to three zones."""
_TRIES_A_LEVEL = 2
_HTTP2 = {"GRPC", "HTTP2"}


@dataclass(slots=True)
class Publications:
    """Everything that one cluster gets for published hosts."""

    publications: list[PlannedPublication] = field(default_factory=list)
    routes: list[PlannedRoutes] = field(default_factory=list)
    entries: list[PlannedHostEntry] = field(default_factory=list)
    rules: list[PlannedHostRule] = field(default_factory=list)
    certificates: dict[tuple[str, str], PlannedCertificate] = field(default_factory=dict)
    """By namespace and name."""


class Publisher:
    """Plans the published hosts of one cluster after the other."""

    def __init__(self, calls: Calls, published: Sequence[Published]) -> None:
        self._calls = calls
        self._relations = calls.relations
        self._published = published

    def publications(self, cluster: str) -> Publications:
        """What `cluster` gets: as one with ingress gateways, and as one with edge gateways.

        Where one object holds all hosts of a gateway, only certificates: the rest is planned for Tetrate.
        """
        found = Publications()
        if not platform(self._relations.fleet.spec.platform).publishing.shared:
            for published in self._published:
                self._certificate(published, cluster, found)
            return found
        for published in self._published:
            entry_point = published.entry_point(cluster)
            ingress = published.ingress_gateway(cluster)
            if published.behind_edge and ingress is not None and published.lets_in(cluster):
                self._behind_edge(published, ingress, found)
            if entry_point is None:
                continue
            if published.behind_edge:
                edge = _Edge(self._relations, published, entry_point)
                if not edge.clusters:
                    continue
                found.entries += edge.entries()
                found.rules += edge.rules()
                routes = edge.routes()
            else:
                routes = tuple(self._routes_of_ingress(published, cluster))
            self._entrance(published, entry_point, routes, found)
        return found

    def _behind_edge(self, published: Published, gateway: PublishedGateway, found: Publications) -> None:
        """What an ingress gateway gets of the edges, by mutual TLS of the mesh: it answers from its own cluster."""
        name = names.exposure(gateway.name, published.host)
        origin = _origin(published, gateway)
        found.publications.append(self._publication(name, published, gateway, "mesh"))
        routes = tuple(
            PlannedRoute(
                name=_name(route),
                match=_match(route),
                destinations=(_service(route),),
                grpc=_grpc([route]),
                rewrite=_rewrite(route.rewrite),
                timeout=None,
                cors=None,
                retries=_retries(published.failover, INGRESS_ATTEMPTS, per_try_timeout=None),
            )
            for route in published.routes
        )
        found.routes.append(PlannedRoutes(name, gateway.namespace, published.host, routes, origin))

    def _entrance(
        self,
        published: Published,
        gateway: PublishedGateway,
        routes: tuple[PlannedRoute, ...],
        found: Publications,
    ) -> None:
        """What users reach: HTTPS, and HTTP that leads there, or HTTP alone."""
        name = names.exposure(gateway.name, published.host)
        origin = _origin(published, gateway)
        tls = published.setting.tls
        found.publications.append(self._publication(name, published, gateway, "http" if tls is None else "https"))
        found.routes.append(PlannedRoutes(name, gateway.namespace, published.host, routes, origin))
        if tls is None:
            return
        if tls.redirect:
            other = names.redirect(gateway.name, published.host)
            found.publications.append(self._publication(other, published, gateway, "http"))
            found.routes.append(PlannedRoutes(other, gateway.namespace, published.host, (), origin))
        self._certificate(published, gateway.cluster, found)

    def _publication(
        self, name: str, published: Published, gateway: PublishedGateway, protocol: PortName
    ) -> PlannedPublication:
        tls = published.setting.tls
        credential = tls.credential_name if tls is not None and protocol == "https" else None
        return PlannedPublication(
            name=name,
            namespace=gateway.namespace,
            host=published.host,
            server=PlannedServer(protocol, gateway.reach.ports[protocol].service, credential),
            pod_labels=gateway_pods(gateway.settings),
            origin=_origin(published, gateway),
        )

    def _certificate(self, published: Published, cluster: str, found: Publications) -> None:
        """Hosts with one credential behind one gateway share a certificate, whose issuer is the first one's (MG809)."""
        host, tls, gateway = published.setting, published.setting.tls, published.entry_point(cluster)
        if tls is None or tls.cert_manager is None or gateway is None:
            return
        issuer = tls.cert_manager.issuer
        key = (gateway.namespace, tls.credential_name)
        known = found.certificates.get(key)
        hosts = {host.hostname, *(known.hosts if known is not None else ())}
        if host.health_check is not None:
            hosts.add(host.health_check.host)
            # A name for each cluster, so that probers which can send no other reach it, too.
            hosts |= {names.probe(host.health_check.host, each.cluster) for each in published.ingress_gateways}
        found.certificates[key] = PlannedCertificate(
            name=tls.credential_name,
            namespace=gateway.namespace,
            hosts=tuple(sorted(hosts)),
            issuer_kind=known.issuer_kind if known is not None else issuer.kind,
            issuer_name=known.issuer_name if known is not None else issuer.name,
            issuer_group=known.issuer_group if known is not None else issuer.group,
            origin=known.origin if known is not None else _origin(published, gateway),
        )

    def _routes_of_ingress(self, published: Published, cluster: str) -> Iterator[PlannedRoute]:
        """An ingress gateway that users reach: its cluster's copy, then what the mesh's entries lead to.

        It obeys the DestinationRule of a service and no VirtualService of the mesh, so retries and shares stand here.
        """
        for route in published.routes:
            call = self._calls.of(cluster).get(route.host)
            item = call.imports[-1] if call is not None and call.imports else None
            port = _service(route).port
            shares = item.routes if item is not None else ()
            destinations = tuple(PlannedDestination(part.host, port, weight=part.weight) for part in shares)
            attempts = published.failover.attempts or (item.retries.attempts if item is not None else 0)
            yield PlannedRoute(
                name=_name(route),
                match=_match(route),
                destinations=destinations or (_service(route),),
                grpc=_grpc([route]),
                rewrite=_rewrite(route.rewrite),
                timeout=route.timeout,
                cors=_cors(route.cors),
                retries=_retries(
                    published.failover,
                    attempts or FEWEST_ATTEMPTS,
                    per_try_timeout=published.failover.per_try_timeout,
                ),
            )


class _Edge:
    """A published host at the edge gateway of one cluster.

    Its entry has every ingress gateway that some route leads to. Where the routes have different ones, each service
    has a subset of those that serve it: with one set for all, a cluster that lacks a service would be ejected for the
    others, too.
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
        self._levels = published.overall[gateway.cluster].levels
        self._ways = published.ways[gateway.cluster]
        self.clusters = tuple(sorted(ranked.cluster for level in self._levels for ranked in level))
        families = relations.facts[gateway.cluster].families
        self._addresses: dict[str, tuple[str, ...]] = {}
        by_name = False
        for cluster in self.clusters:
            ingress = published.ingress_gateway(cluster)
            if ingress is None:
                continue
            usable = tuple(address for _, address in ingress.reach.usable(families) if address is not None)
            by_name = by_name or ingress.hostname is not None
            self._addresses[cluster] = usable or ((ingress.hostname,) if ingress.hostname is not None else ())
        self._by_name = by_name
        self._several = len({_named(way) for way in self._ways}) > 1

    def routes(self) -> tuple[PlannedRoute, ...]:
        """The routes, or one for all where the edge has nothing to tell them apart by."""
        published = self._published
        found = [
            PlannedRoute(
                name=_name(route),
                match=_match(route),
                destinations=self._destinations(route, way),
                grpc=_grpc([route]),
                rewrite=None,
                timeout=route.timeout,
                cors=_cors(route.cors),
                retries=_retries(
                    published.failover,
                    published.failover.attempts or self._attempts(way),
                    per_try_timeout=published.failover.per_try_timeout,
                ),
            )
            for route, way in zip(published.routes, self._ways, strict=True)
        ]
        alike = {(route.destinations, route.timeout, route.cors, route.retries) for route in found}
        if len(alike) > 1:
            return tuple(found)
        return (found[0]._replace(name="", match=PlannedMatch(), grpc=_grpc(published.routes)),)

    def entries(self) -> Iterator[PlannedHostEntry]:
        """What stands for the host, and for it with one cluster first where only names lead to the clusters."""
        identities = {gateway.identity for gateway in self._published.ingress_gateways if gateway.identity is not None}
        for name, host, levels in self._hosts():
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
        for name, host, levels in self._hosts():
            yield PlannedHostRule(
                name=name,
                namespace=self._gateway.namespace,
                host=host,
                sni=self._published.host,
                failover_priority=by_labels(len(levels), None, zone_aware=False).priorities,
                shared=not self._by_name and any(each.share is not None for level in levels for each in level),
                outlier_detection=_outlasting(failover.outlier_detection) if several else {},
                http2_pings=http2 and self._relations.facts[self._gateway.cluster].pings_http2,
                client_protocol=http2,
                subsets=tuple(self._subsets()),
                origin=self._origin,
            )

    def _hosts(self) -> Iterator[tuple[str, str, Sequence[Sequence[Ranked]]]]:
        """Name, host and levels of what stands for the published host."""
        aliases = sorted({cluster for way in self._ways for cluster, _ in self._shares(way)})
        if any(not self._shares(way) for way in self._ways):
            yield self._name, self._published.host, self._levels
        for cluster in aliases:
            rest = [[ranked for ranked in level if ranked.cluster != cluster] for level in self._levels]
            own = [ranked for level in self._levels for ranked in level if ranked.cluster == cluster]
            name = names.alias_of_host(self._gateway.name, self._published.host, cluster)
            yield name, f"{name}.{names.ALIAS_DOMAIN}", [own, *(level for level in rest if level)]

    def _shares(self, way: Arrangement) -> list[tuple[str, Fraction]]:
        """The shares that only routes can say: those of the first level, where proxies resolve names.

        An endpoint's weight counts for each address that its name has.
        """
        first = way.levels[0] if way.levels else ()
        return _shares(first) if self._by_name and len(first) > 1 else []

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

    def _endpoints(self, levels: Sequence[Sequence[Ranked]]) -> Iterator[HostEndpoint]:
        for level, ranked in enumerate(levels):
            # Of a name nobody knows how many addresses it has.
            addresses = {each.cluster: len(self._addresses[each.cluster]) for each in ranked}
            weights = endpoint_weights(_shares(ranked), addresses)
            for each in ranked:
                yield from self._endpoints_of(each.cluster, weights[each.cluster], level if len(levels) > 1 else 0)

    def _endpoints_of(self, cluster: str, weight: int, level: int) -> Iterator[HostEndpoint]:
        gateway = self._published.ingress_gateway(cluster)
        if gateway is None:
            return
        serves = (
            {names.subset(route.service) for route, way in self._routes_and_ways() if cluster in _named(way)}
            if self._several
            else set()
        )
        labels = {
            **TLS_MODE,
            SOURCE: cluster,
            **dict(level_labels(level, None)),
            **{f"{SERVES}{name}": "yes" for name in serves},
        }
        for address in self._addresses[cluster]:
            yield HostEndpoint(
                cluster=cluster,
                address=address,
                port=gateway.reach.port,
                network=names.gateway_network(cluster, gateway.namespace, gateway.name),
                # Priorities over two localities end istiod where names are resolved (istio#61857).
                locality=None if self._by_name else gateway.locality,
                weight=weight,
                labels=tuple(sorted(labels.items())),
            )

    def _subsets(self) -> Iterator[PlannedSubset]:
        if not self._several:
            return
        for name in sorted({names.subset(route.service) for route in self._published.routes}):
            yield PlannedSubset(name, ((f"{SERVES}{name}", "yes"),))

    def _routes_and_ways(self) -> Iterable[tuple[PublishedRoute, Arrangement]]:
        return zip(self._published.routes, self._ways, strict=True)

    def _attempts(self, way: Arrangement) -> int:
        """Retries that get past every address of every cluster but the last to be reached, as far as bounded."""
        levels = [[self._number(ranked.cluster) for ranked in level] for level in way.levels]
        total = sum(number for level in levels for number in level)
        last = min(levels[-1]) if levels else 0
        needed = max(total - last, _TRIES_A_LEVEL * (len(levels) - 1), FEWEST_ATTEMPTS)
        return min(needed, MOST_EDGE_ATTEMPTS)

    def _number(self, cluster: str) -> int:
        gateway = self._published.ingress_gateway(cluster)
        by_name = gateway is not None and gateway.hostname is not None
        return ADDRESSES_OF_NAME if by_name else len(self._addresses[cluster])


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


SERVES = "serves.meshgen.io/"
"""Of the labels of endpoints of a published host: a service that the cluster serves."""


def _named(way: Arrangement) -> frozenset[str]:
    return frozenset(ranked.cluster for level in way.levels for ranked in level)


def _shares(level: Sequence[Ranked]) -> list[tuple[str, Fraction]]:
    """The share of each cluster of a level; all are equal where nothing else is said."""
    return [(each.cluster, Fraction(1, len(level)) if each.share is None else each.share) for each in level]


def _service(route: PublishedRoute) -> PlannedDestination:
    number = route.setting.port or (route.port.port if route.port is not None else HTTP_PORT)
    return PlannedDestination(route.host, number)


def _name(route: PublishedRoute) -> str:
    return str(route.place + 1)


def _match(route: PublishedRoute) -> PlannedMatch:
    match = route.match
    if match is None:
        return PlannedMatch()
    headers = {name.lower(): value for name, value in match.headers.items()}
    return PlannedMatch(match.prefix, match.path, tuple(sorted(headers.items())), tuple(dict.fromkeys(match.methods)))


def _grpc(routes: Iterable[PublishedRoute]) -> bool:
    return all(route.port is not None and protocol_of(route.port) == "GRPC" for route in routes)


def _rewrite(rewrite: Rewrite | None) -> PlannedRewrite | None:
    if rewrite is None or (rewrite.path is None and rewrite.host is None):
        return None
    return PlannedRewrite(rewrite.path, rewrite.host)


def _cors(cors: Cors | None) -> PlannedCors | None:
    if cors is None:
        return None
    return PlannedCors(
        tuple(cors.allow_origins),
        tuple(cors.allow_methods),
        tuple(cors.allow_headers),
        tuple(cors.expose_headers),
        cors.max_age,
        cors.allow_credentials,
    )


def _retries(failover: EffectiveFailover, attempts: int, *, per_try_timeout: str | None) -> PlannedRetries:
    off = failover.mode == "off"
    return PlannedRetries(
        attempts=0 if off else attempts,
        per_try_timeout=None if off else per_try_timeout,
        idempotent=failover.idempotent,
        idempotent_requests=failover.idempotent_requests,
    )


def _origin(published: Published, gateway: PublishedGateway) -> Origin:
    return Origin(published.object, spans(published.setting.span(), gateway.settings.span()))
