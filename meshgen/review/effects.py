"""What a change means for those who call: per consumer and host, gathered where it is the same."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from meshgen.calls.places import levels_of, named_levels
from meshgen.plan.reach import Reaches
from meshgen.review.model import KINDS, Effect, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.traffic import Arrangement
    from meshgen.published import Published, PublishedRoute
    from meshgen.review.model import Kind
    from meshgen.revisions.compile import Meaning

NOBODY = Way((), (), leaves_region=False)
DNS = "DNS"
"""The caller of the entry points of a published host."""


def effects(old: Meaning, new: Meaning) -> tuple[Effect, ...]:
    """Every call that differs, the worst first; hosts and consumers for which all is the same stand together."""
    before, after = _Ways(old), _Ways(new)
    left = before.left | after.left
    found: dict[tuple[Kind, Way, Way], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for consumer, host in sorted({*before, *after}):
        if (consumer, host) in left:
            continue
        was, will = before.at(consumer, host), after.at(consumer, host)
        kind = _kind(was, will)
        if kind != "ports":
            was, will = was._replace(ports=()), will._replace(ports=())
        if kind in ("cut", "reachable"):  # where nobody answered or answers, the region is no news
            was, will = was._replace(leaves_region=False), will._replace(leaves_region=False)
        if kind is not None:
            found[kind, was, will][host].append(consumer)
    gathered = (
        Effect(kind, tuple(hosts), consumers, was, will)
        for (kind, was, will), by_host in found.items()
        for consumers, hosts in _together(by_host).items()
    )
    return tuple(sorted(gathered, key=lambda effect: (KINDS.index(effect.kind), effect)))


def _together(by_host: dict[str, list[str]]) -> dict[tuple[str, ...], list[str]]:
    """Consumers → the hosts for which just these see the change."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for host, consumers in by_host.items():
        found[tuple(consumers)].append(host)
    return found


class _Ways:
    """Who answers each call of a fleet; a host that nobody exposes is answered by a Service of the cluster's own.

    DNS and the entry points of published hosts call, too.
    """

    def __init__(self, meaning: Meaning) -> None:
        self._calls = meaning.calls
        self._reaches = Reaches(meaning.calls)
        self._regions = {cluster.name: cluster.region for cluster in meaning.relations.fleet.clusters}
        self.left: set[tuple[str, str]] = set()
        """Entry points that nobody is sent to, and hosts: `DNS` tells that; who still comes in is answered."""
        self._published = {key: way for host in meaning.published for key, way in self._of_published(host)}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return chain(((call.consumer, call.host) for call in self._calls), self._published)

    def _of_published(self, published: Published) -> Iterator[tuple[tuple[str, str], Way]]:
        """(`DNS` or an entry point, host and path) → who is called."""
        yield (DNS, published.host), self._way(published.entry_order, None)
        for cluster, ways in published.ways.items():
            gateway = published.entry_point(cluster)
            if gateway is None:
                continue
            for route, arrangement in zip(published.routes, ways, strict=True):
                caller = f"{gateway.role} gateway of {cluster}"
                key = caller, f"{published.host}{_path(route)}"
                yield key, self._way(arrangement, gateway.region)
                if not gateway.usable:
                    self.left.add(key)

    def _way(self, arrangement: Arrangement, region: str | None) -> Way:
        way = Way(named_levels(arrangement.levels), (), leaves_region=False)
        away = region is not None and any(self._regions.get(name) != region for name in way.clusters)
        return way._replace(leaves_region=away)

    def at(self, consumer: str, host: str) -> Way:
        if consumer not in self._regions:
            return self._published.get((consumer, host), NOBODY)
        reach = self._reaches.at(consumer, host)
        call = self._calls.of(consumer).get(host)
        levels = named_levels(levels_of(call)) if call is not None else ((consumer,),) if reach.own else ()
        region = self._regions[consumer]
        way = Way(levels, reach.ports, leaves_region=False)
        return way._replace(leaves_region=any(self._regions.get(name) != region for name in way.clusters))


def _path(route: PublishedRoute) -> str:
    """What of the paths of a host a route takes, as people write it; empty: everything."""
    if route.match is None:
        return ""
    return route.match.path or (f"{route.match.prefix}/*" if route.match.prefix else "")


def _kind(was: Way, will: Way) -> Kind | None:
    if not will.levels or not was.levels:
        return None if will.levels == was.levels else "cut" if was.levels else "reachable"
    if len(will.clusters) == 1 < len(was.clusters):
        return "failoverLost"
    if was.clusters - will.clusters:
        return "fewer"
    if was.ports and will.ports and set(was.ports) - set(will.ports):
        return "ports"
    if len(was.clusters) == 1 < len(will.clusters):
        return "failoverGained"
    if will.clusters - was.clusters:
        return "more"
    return "order" if was.levels != will.levels else None
