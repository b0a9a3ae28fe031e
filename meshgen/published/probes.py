"""Health checks from outside: the names that are asked, at which entry points, and which clusters may answer them.

Of each health check there is one name for entry points and one for each cluster. Asked at an entry point the first is
answered by the clusters of its own region alone: what is far away would make a dead region look alive, and among
several clusters a dead one has to be passed by (tried: without, one of two dead clusters failed 18 of 40 probes). The
name of a cluster is answered by that one or by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis import names
from meshgen.analysis.draining import draining
from meshgen.analysis.hosts import ServiceName
from meshgen.published.matches import Request, takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.language.dns import Canary
    from meshgen.language.published_host import HealthCheck, Tls
    from meshgen.published.model import Published, PublishedGateway, PublishedRoute

CANARY = "canary"
"""Name of the canary's Service, Deployment and ServiceAccount."""
CANARY_PORT = 80


class ProbedAt(NamedTuple):
    """One entry point of a probe."""

    gateway: PublishedGateway
    behind: tuple[PublishedGateway, ...]
    """The ingress gateways of the clusters that may answer, sorted by cluster; an ingress gateway that users reach: it
    alone, or nothing."""
    region: bool
    """Whether there are clusters that could answer here, whatever drains and whatever has no address yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One name that a prober asks, compared by identity."""

    host: str
    setting: HealthCheck | Canary
    published: Published | None
    """The host whose health check it is; None: the canary."""
    service: ServiceName
    port: int
    route: PublishedRoute | None
    """The host's route that takes the path; None: of the canary."""
    path: str
    expected_status: int
    cluster: str | None
    """The one that it checks; None: it checks entry points."""
    asked_at: tuple[ProbedAt, ...]
    """Sorted by cluster and gateway."""

    @property
    def object(self) -> str:
        return "canary" if self.published is None else self.published.object

    @property
    def tls(self) -> Tls | None:
        """As users of the host have it; the canary is asked without."""
        return None if self.published is None else self.published.setting.tls


def probes(relations: Relations, published: Iterable[Published]) -> tuple[Probe, ...]:
    """Every probe of the fleet: of the canary, then of each host, entry points before clusters."""
    hosts = tuple(published)
    return (*_of_canary(relations, hosts), *(probe for host in hosts for probe in _of_host(relations, host)))


def asked_route(published: Published, path: str) -> PublishedRoute | None:
    """The route that takes a GET of `path`; None: none does."""
    return next((route for route in published.routes if takes(route.match, Request(path))), None)


def _of_host(relations: Relations, published: Published) -> Iterator[Probe]:
    check = published.setting.health_check
    route = None if check is None else asked_route(published, check.path)
    if check is None or route is None or route.port is None:
        return
    ways = {cluster: way[published.routes.index(route)] for cluster, way in published.ways.items()}
    called = {cluster: way.clusters for cluster, way in ways.items()}
    there = {*route.serving, *(item.cluster for item in route.unserving if item.why in ("draining", "no address"))}
    made = _Made(relations, check, published, route.service, route.port.port, route, check.host)
    places = []
    for gateway in published.entry_points:
        ingress = {each.cluster: each for each in published.ingress_gateways if each.cluster in there}
        serving = called[gateway.cluster] & set(route.serving)
        behind = {name: each for name, each in ingress.items() if name in serving}
        places.append((gateway, ingress, behind))
    yield from made.probes(places)


def _of_canary(relations: Relations, hosts: Sequence[Published]) -> Iterator[Probe]:
    canary = relations.fleet.spec.canary
    if canary is None:
        return
    workload = {cluster.name for cluster in relations.fleet.clusters if cluster.role == "workload"}
    entry_points: dict[tuple[str, str, str], PublishedGateway] = {}
    ingress: dict[tuple[str, str, str], dict[str, PublishedGateway]] = {}
    for published in hosts:
        for gateway in published.entry_points:
            at = (gateway.cluster, gateway.namespace, gateway.name)
            entry_points.setdefault(at, _itself(relations, gateway))
            for each in published.ingress_gateways if published.behind_edge else (gateway,):
                if each.cluster in workload:
                    ingress.setdefault(at, {}).setdefault(each.cluster, _itself(relations, each))
    places = []
    for at, gateway in sorted(entry_points.items()):
        families = relations.facts[gateway.cluster].families
        there = dict(sorted(ingress.get(at, {}).items()))
        behind = {
            name: each
            for name, each in there.items()
            if each.drain is None and (gateway.role == "ingress" or each.reach.usable(families))
        }
        places.append((gateway, there, behind))
    service = ServiceName(canary.namespace, CANARY)
    yield from _Made(relations, canary, None, service, CANARY_PORT, None, canary.host).probes(places)


def _itself(relations: Relations, gateway: PublishedGateway) -> PublishedGateway:
    """A gateway that drains by its own word or its cluster's, and not by that of a host."""
    return replace(gateway, drain=draining(relations.cluster(gateway.cluster), gateway.settings))


class _Made(NamedTuple):
    relations: Relations
    setting: HealthCheck | Canary
    published: Published | None
    service: ServiceName
    port: int
    route: PublishedRoute | None
    host: str

    def probes(
        self,
        places: Sequence[tuple[PublishedGateway, dict[str, PublishedGateway], dict[str, PublishedGateway]]],
    ) -> Iterator[Probe]:
        """The probes of one health check: at each entry point those that are there, and those that answer."""
        asked_at = []
        by_cluster: dict[str, list[ProbedAt]] = {}
        for gateway, there, behind in places:
            near = [name for name, each in there.items() if _near(gateway, each)]
            own = tuple(behind[name] for name in near if name in behind)
            asked_at.append(ProbedAt(gateway, own, bool(near)))
            for name in there if gateway.role == "edge" else near:
                only = (behind[name],) if name in behind else ()
                by_cluster.setdefault(name, []).append(ProbedAt(gateway, only, region=True))
        if asked_at:
            yield self._probe(self.host, None, asked_at)
        for name, at in sorted(by_cluster.items()):
            yield self._probe(names.probe(self.host, name), name, at)

    def _probe(self, host: str, cluster: str | None, asked_at: Sequence[ProbedAt]) -> Probe:
        setting = self.setting
        return Probe(
            host=host,
            setting=setting,
            published=self.published,
            service=self.service,
            port=self.port,
            route=self.route,
            path=setting.path,
            expected_status=setting.expected_status,
            cluster=cluster,
            asked_at=tuple(asked_at),
        )


def _near(entry_point: PublishedGateway, ingress: PublishedGateway) -> bool:
    """Whether a cluster counts for the probe of an entry point: its own, or of an edge the region's."""
    if entry_point.role == "ingress":
        return entry_point.cluster == ingress.cluster
    return entry_point.region is not None and entry_point.region == ingress.region
