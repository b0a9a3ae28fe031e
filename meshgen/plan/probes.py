"""What health checks become on Istio: names of their own at entry points and at ingress gateways behind edges.

Nothing is shared with what users call, so that no ejection of theirs decides about a probe, and none of a probe about
them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.gateways import gateway_pods
from meshgen.language.published_host import RouteMatch
from meshgen.plan.edges import MOST_EDGE_ATTEMPTS, endpoints_of
from meshgen.plan.gateways import spans
from meshgen.plan.model import (
    OWN_PODS,
    Origin,
    PlannedDestination,
    PlannedHostEntry,
    PlannedHostRule,
    PlannedMatch,
    PlannedPublication,
    PlannedRetries,
    PlannedRoute,
    PlannedRoutes,
    PlannedServer,
)
from meshgen.plan.published import INGRESS_ATTEMPTS
from meshgen.plan.published_routes import HTTP_PORT, planned_rewrite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.analysis.gateways import PortName
    from meshgen.analysis.relations import Relations
    from meshgen.plan.model import PlannedDestinationRule
    from meshgen.plan.published import Publications
    from meshgen.published import PublishedGateway
    from meshgen.published.probes import Probe, ProbedAt

_EJECTION: dict[str, int | str | bool] = {"consecutiveGatewayErrors": 5, "interval": "5s", "maxEjectionPercent": 100}


def with_own_pods(
    relations: Relations, asked: Iterable[Probe], cluster: str, rules: Iterable[PlannedDestinationRule]
) -> tuple[PlannedDestinationRule, ...]:
    """The rules of a cluster, with a subset of its own pods where an ingress gateway that users reach probes a host."""
    domain = relations.fleet.spec.cluster_domain
    hosts = {
        probe.service.host(domain)
        for probe in asked
        for place in probe.asked_at
        if place.gateway.role == "ingress" and place.gateway.cluster == cluster
    }
    network = relations.facts[cluster].network
    return tuple(replace(rule, own_network=network) if network and rule.host in hosts else rule for rule in rules)


def plan_probes(
    relations: Relations,
    asked: Iterable[Probe],
    cluster: str,
    rules: Iterable[PlannedDestinationRule],
    found: Publications,
) -> None:
    """Add what `cluster` gets for probes to what it gets for published hosts. `rules`: with subsets of own pods."""
    moving = {rule.host for rule in rules if rule.own_network is not None}
    for probe in asked:
        for place in probe.asked_at:
            gateway = place.gateway
            if gateway.cluster == cluster and place.behind:
                tls = probe.tls
                found.publications.append(_publication(probe, gateway, "http" if tls is None else "https"))
                if gateway.role == "ingress":
                    host = probe.service.host(relations.fleet.spec.cluster_domain)
                    subset = OWN_PODS if host in moving else None
                    found.routes.append(_to_service(probe, gateway, PlannedDestination(host, probe.port, subset)))
                    continue
                entry, rule = _called(relations, probe, place)
                attempts = min(max(len(entry.endpoints) - 1, INGRESS_ATTEMPTS), MOST_EDGE_ATTEMPTS)
                found.routes.append(_routes(probe, gateway, PlannedDestination(probe.host, HTTP_PORT), attempts))
                found.entries.append(entry)
                found.rules.append(rule)
        behind = {
            gateway.key: gateway
            for place in probe.asked_at
            if place.gateway.role == "edge"
            for gateway in place.behind
            if gateway.cluster == cluster
        }
        for _, ingress in sorted(behind.items()):
            host = probe.service.host(relations.fleet.spec.cluster_domain)
            found.publications.append(_publication(probe, ingress, "mesh"))
            found.routes.append(_to_service(probe, ingress, PlannedDestination(host, probe.port)))


def _publication(probe: Probe, gateway: PublishedGateway, protocol: PortName) -> PlannedPublication:
    credential = probe.tls.credential_name if probe.tls is not None and protocol == "https" else None
    return PlannedPublication(
        name=names.exposure(gateway.name, probe.host),
        namespace=gateway.namespace,
        host=probe.host,
        server=PlannedServer(protocol, gateway.reach.ports[protocol].service, credential),
        pod_labels=gateway_pods(gateway.settings),
        origin=_origin(probe, gateway),
    )


def _to_service(probe: Probe, gateway: PublishedGateway, destination: PlannedDestination) -> PlannedRoutes:
    """What the service gets of a probe: what it gets of users, so their route's rewriting, which needs its match."""
    found = _routes(probe, gateway, destination)
    rewrite = None if probe.route is None else planned_rewrite(probe.route.rewrite)
    if probe.route is None or rewrite is None:
        return found
    match = probe.route.match or RouteMatch()
    routes = tuple(
        route._replace(match=PlannedMatch(match.prefix, match.path), rewrite=rewrite) for route in found.routes
    )
    return replace(found, routes=routes)


def _routes(
    probe: Probe, gateway: PublishedGateway, destination: PlannedDestination, attempts: int = INGRESS_ATTEMPTS
) -> PlannedRoutes:
    """One route; that of a cluster tries nothing twice, since one failure is what it is asked for."""
    retries = PlannedRetries(
        attempts=attempts if probe.cluster is None else 0,
        per_try_timeout=None,
        idempotent="safeMethods",
        idempotent_requests=(),
    )
    route = PlannedRoute("", PlannedMatch(), (destination,), False, None, None, None, retries)  # noqa: FBT003
    name = names.exposure(gateway.name, probe.host)
    return PlannedRoutes(name, gateway.namespace, probe.host, (route,), _origin(probe, gateway))


def _called(relations: Relations, probe: Probe, place: ProbedAt) -> tuple[PlannedHostEntry, PlannedHostRule]:
    """What stands for the probe at an edge: the ingress gateways that may answer, all in one level."""
    edge, behind = place.gateway, place.behind
    families = relations.facts[edge.cluster].families
    by_name = any(gateway.hostname is not None for gateway in behind)
    endpoints = [
        endpoint for gateway in behind for endpoint in endpoints_of(gateway, gateway.dialled(families), by_name=by_name)
    ]
    name = names.exposure(edge.name, probe.host)
    entry = PlannedHostEntry(
        name=name,
        namespace=edge.namespace,
        host=probe.host,
        by_name=by_name,
        subject_alt_names=tuple(sorted({item.identity for item in behind if item.identity is not None})),
        endpoints=tuple(endpoints),
        origin=_origin(probe, edge),
    )
    rule = PlannedHostRule(
        name=name,
        namespace=edge.namespace,
        host=probe.host,
        sni=probe.host,
        failover_priority=(),
        shared=False,
        outlier_detection=_EJECTION if probe.cluster is None and len(endpoints) > 1 else {},
        http2_pings=False,
        client_protocol=False,
        subsets=(),
        origin=_origin(probe, edge),
    )
    return entry, rule


def _origin(probe: Probe, gateway: PublishedGateway) -> Origin:
    return Origin(probe.object, spans(probe.setting.span(), gateway.settings.span()))
