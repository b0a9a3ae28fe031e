"""What published hosts become: in the clusters of their ingress gateways and of their edge gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.gateways import gateway_pods
from meshgen.calls.retries import FEWEST_ATTEMPTS
from meshgen.plan.edges import Edge
from meshgen.plan.gateways import spans
from meshgen.plan.model import (
    Origin,
    PlannedCertificate,
    PlannedDestination,
    PlannedPublication,
    PlannedRoutes,
    PlannedServer,
)
from meshgen.plan.published_routes import planned_route, service_of
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.gateways import PortName
    from meshgen.calls import Calls
    from meshgen.plan.model import PlannedHostEntry, PlannedHostRule, PlannedRoute
    from meshgen.published import Published, PublishedGateway

INGRESS_ATTEMPTS = 2
"""Retries at an ingress gateway behind an edge, as Istio's own: it has pods of one cluster to try (ADR 38)."""


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
                edge = Edge(self._relations, published, entry_point)
                if not edge.clusters:
                    continue
                found.entries += edge.entries()
                found.rules += edge.rules()
                routes = edge.routes()
            else:
                routes = tuple(self._routes_of_ingress(published, cluster))
            self._at_entry_point(published, entry_point, routes, found)
        return found

    def _behind_edge(self, published: Published, gateway: PublishedGateway, found: Publications) -> None:
        """What an ingress gateway gets of the edges, by mutual TLS of the mesh: it answers from its own cluster."""
        name = names.exposure(gateway.name, published.host)
        origin = _origin(published, gateway)
        found.publications.append(self._publication(name, published, gateway, "mesh"))
        routes = tuple(
            planned_route(
                route, (service_of(route),), published.failover, INGRESS_ATTEMPTS, enters=False, rewrites=True
            )
            for route in published.routes
        )
        found.routes.append(PlannedRoutes(name, gateway.namespace, published.host, routes, origin))

    def _at_entry_point(
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
            port = service_of(route).port
            shares = item.routes if item is not None else ()
            destinations = tuple(PlannedDestination(part.host, port, weight=part.weight) for part in shares)
            attempts = published.failover.attempts or (item.retries.attempts if item is not None else 0)
            yield planned_route(
                route,
                destinations or (service_of(route),),
                published.failover,
                attempts or FEWEST_ATTEMPTS,
                enters=True,
                rewrites=True,
            )


def _origin(published: Published, gateway: PublishedGateway) -> Origin:
    return Origin(published.object, spans(published.setting.span(), gateway.settings.span()))
