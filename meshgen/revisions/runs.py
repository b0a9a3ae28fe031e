"""What clusters run by one revision of the fleet: whom their callers are sent to, and what their gateways let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.names import alias
from meshgen.calls.aliases import alias_clusters
from meshgen.plan.gateways import exposed
from meshgen.plan.model import GatewayAddress
from meshgen.plan.reach import Reaches
from meshgen.published.matches import takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.language.published_host import RouteMatch
    from meshgen.plan.reach import Reach
    from meshgen.published import Published
    from meshgen.published.matches import Request
    from meshgen.revisions.compile import Meaning
    from meshgen.revisions.past import Past, Together
    from meshgen.revisions.published import Before

Doors = dict[GatewayAddress, frozenset[str]]
"""Gateway → the hosts that it lets in, as in a plan; of an ingress gateway the published ones."""


class Target(NamedTuple):
    """A gateway to which callers of a host are sent, and the identities that they accept there; None: all."""

    gateway: GatewayAddress
    accepted: frozenset[str] | None


class Called(NamedTuple):
    """Who answers some requests for a host of one consumer."""

    service: str
    """The host of the Service behind it: the host itself, or what a route of a published one leads to."""
    under: str
    """The host that gateways are asked for: an alias where routes have the shares."""
    published: bool
    """Whether an edge gateway calls for users."""
    own: bool
    """Whether a copy of the consumer's own answers, where it has one."""
    targets: tuple[Target, ...]
    by: str
    """By what that is known."""
    match: RouteMatch | None = None
    """Of a published host, the requests that the route takes, if the ones before do not; None: all."""


Routes = tuple[tuple["RouteMatch | None", str], ...]
"""What the routes of a published host take, and the services that they lead to."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One revision, as clusters run it."""

    name: str
    names: Mapping[str, str]
    """What gateways of the mesh are asked for → the host that callers mean: itself, and its aliases."""
    consumers: frozenset[str]
    """Of which it is known what they call."""
    reach: Callable[[str, str], tuple[Reach, str] | None]
    """Consumer and host → how it is reached, and by what that is known; None: not through other clusters."""
    edges: Mapping[tuple[str, str], tuple[Called, ...]]
    """Consumer and published host → each of its routes."""
    doors: Doors
    inside: Mapping[tuple[str, str], Routes]
    """Cluster and published host → where its ingress gateway leads requests to."""

    def leads(self, cluster: str, host: str, request: Request) -> str | None:
        """The service to which an ingress gateway leads a request; None: to none, or nothing is known of it."""
        found = self.inside.get((cluster, host), ())
        return next((service for match, service in found if takes(match, request)), None)

    def calls(self, consumer: str, host: str) -> tuple[Called, ...]:
        """Who answers `consumer`; nothing where nobody in another cluster does."""
        if (consumer, host) in self.edges:
            return self.edges[consumer, host]
        found = self.reach(consumer, host) if consumer in self.consumers else None
        if found is None or not found[0].sources:
            return ()
        reach, by = found
        accepted = reach.accepted
        targets = tuple(Target(source.gateway, accepted) for source in reach.sources)
        own = not reach.passes_own
        return tuple(
            Called(host, under, published=False, own=own, targets=targets, by=by) for under in reach.aliases or (host,)
        )


def run_of(meaning: Meaning, name: str, consumers: Iterable[str] | None = None) -> Run:
    """What clusters run by a fleet; `consumers`: of these only is known what they call; None: of all."""
    reaches = Reaches(meaning.calls)

    def reach(consumer: str, host: str) -> tuple[Reach, str]:
        return reaches.at(consumer, host), name

    facts = meaning.relations.facts.keys()
    known = facts if consumers is None else facts & set(consumers)
    doors = dict(exposed(meaning.relations)) | _published_doors(meaning.published)
    return Run(name, _names(meaning.relations), frozenset(known), reach, _edges(meaning, name), doors, _inside(meaning))


def ran(together: Together, fleets: Sequence[Before]) -> Run:
    """What clusters run where they run what counts together, as the parents of a merge: what each of these says.

    `fleets`: those of `together`. A gateway lets in what it does by any of them.
    """
    first, *others = together

    def reach(consumer: str, host: str) -> tuple[Reach, str] | None:
        key = (consumer, host)
        if key not in first or any(key not in other for other in others):
            return None
        return first[key].reach.within([other[key].reach for other in others]), first[key].by

    edges = [_edges(before.meaning, before.by) for before in fleets]
    return Run(
        name=fleets[0].by if fleets else "",
        names=_all_names(fleets),
        consumers=frozenset(consumer for consumer, _ in first),
        reach=reach,
        edges={key: calls for key, calls in edges[0].items() if all(key in other for other in edges)} if edges else {},
        doors=_all_doors(fleets),
        inside=_inside(fleets[0].meaning) if fleets else {},
    )


def remembered(past: Past, fleets: Mapping[str, Before]) -> Run:
    """What clusters run by the last builds here; `fleets`: cluster → the one that was written for it last."""
    befores = list(dict.fromkeys(fleets.values()))
    edges = {
        key: calls
        for before in befores
        for key, calls in _edges(before.meaning, before.by).items()
        if fleets.get(key[0]) is before
    }

    def reach(consumer: str, host: str) -> tuple[Reach, str] | None:
        return past.get((consumer, host))

    consumers = frozenset(consumer for consumer, _ in past)
    name = befores[0].by if befores else ""
    inside = {
        key: routes
        for before in befores
        for key, routes in _inside(before.meaning).items()
        if fleets.get(key[0]) is before
    }
    return Run(name, _all_names(befores), consumers, reach, edges, _all_doors(befores), inside)


def _all_names(fleets: Iterable[Before]) -> dict[str, str]:
    meanings = [meaning for before in fleets for meaning in (before.meaning, *before.older)]
    return {name: host for meaning in meanings for name, host in _names(meaning.relations).items()}


def _all_doors(fleets: Iterable[Before]) -> Doors:
    doors: Doors = {}
    for before in fleets:
        for meaning in (before.meaning, *before.older):
            for found in (dict(exposed(meaning.relations)), _published_doors(meaning.published)):
                for gateway, hosts in found.items():
                    doors[gateway] = doors.get(gateway, frozenset()) | hosts
    return doors


def _names(relations: Relations) -> dict[str, str]:
    found = {host: host for host in relations.by_host}
    for host, exposures in relations.by_host.items():
        found.update((alias(exposures[0].name, cluster), host) for cluster in alias_clusters(relations, host))
    return found


def _published_doors(published: Iterable[Published]) -> Doors:
    """Edge gateways call ingress gateways under the published host."""
    found: Doors = {}
    for item in published:
        for gateway in item.ingress_gateways:
            if item.behind_edge and item.lets_in(gateway.cluster):
                address = GatewayAddress(gateway.cluster, *gateway.key)
                found[address] = found.get(address, frozenset()) | {item.host}
    return found


def _inside(meaning: Meaning) -> dict[tuple[str, str], Routes]:
    found: dict[tuple[str, str], Routes] = {}
    for published in meaning.published:
        if published.behind_edge:
            routes = tuple((route.match, route.host) for route in published.routes)
            found.update(((gateway.cluster, published.host), routes) for gateway in published.ingress_gateways)
    return found


def _edges(meaning: Meaning, by: str) -> dict[tuple[str, str], tuple[Called, ...]]:
    """Cluster of an edge gateway and published host → each of its routes."""
    found: dict[tuple[str, str], tuple[Called, ...]] = {}
    for published in meaning.published:
        if not published.behind_edge:
            continue
        gateways = {item.cluster: GatewayAddress(item.cluster, *item.key) for item in published.ingress_gateways}
        for cluster, ways in published.ways.items():
            found[cluster, published.host] = tuple(
                Called(
                    route.host,
                    published.host,
                    published=True,
                    own=False,
                    targets=tuple(Target(gateways[name], None) for name in sorted(way.clusters)),
                    by=by,
                    match=route.match,
                )
                for route, way in zip(published.routes, ways, strict=True)
            )
    return found
