"""Which sources a call uses, and in which levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import selects
from meshgen.analysis.traffic import Arrangement, Ranked, arrange
from meshgen.calls.model import Level
from meshgen.calls.order import ENTRY_ONLY, SOURCE, Order, by_labels, by_locality, endpoint_weights, level_labels
from meshgen.calls.traffic_policy import NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Unused
    from meshgen.calls.model import RemoteEndpoint

_TWO = 2


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """The sources that callers of one consumer use for one host, in levels."""

    sources: tuple[Exposure, ...]
    """Those of all levels, sorted by cluster."""
    endpoints: tuple[RemoteEndpoint, ...]
    """Those of all sources, in the order of `sources`, then of the inventory."""
    levels: tuple[Level, ...]
    order: Order
    unused: tuple[Unused, ...]
    """What could answer and is left out, sorted by cluster."""
    flat: bool
    """Whether regions that the fleet calls near count as all others, since a gateway is known by hostname only."""


def arranged(
    relations: Relations,
    consumer: str,
    sources: Sequence[Exposure],
    endpoints_of: Callable[[Exposure], tuple[RemoteEndpoint, ...]],
    *,
    own: bool,
) -> Arranged:
    """Arrange the sources that serve a host to `consumer`, with its own copy where there is one.

    The own copy keeps its place while its cluster drains: what drains is left by others, not by its own callers.
    A gateway that is known by hostname has endpoints without any of our labels (pilot/pkg/xds/endpoints/ep_filters.go),
    so that only the own copy can be told from them.
    """
    traffic, item = sources[0].traffic, relations.cluster(consumer)
    clusters = [relations.cluster(source.cluster) for source in sources]
    arrangement = arrange(
        traffic,
        [*clusters, item] if own else clusters,
        region=item.region,
        own=consumer if own else None,
        regions=relations.regions,
    )
    by_region = _by_region(arrangement, relations, consumer)
    flat = False
    if traffic.mode == "nearest" and by_region != arrangement.levels:
        flat = any(source.reach.by_name is not None for source in sources)
        if flat:
            arrangement = replace(arrangement, levels=by_region)
    levels = [_level(level, consumer, sources, endpoints_of) for level in arrangement.levels]
    # An order without items is MG434.
    if traffic.mode == "ordered" and traffic.order and not any(source.reach.by_name is not None for source in sources):
        first = [cluster.name for cluster in relations.fleet.clusters if selects(traffic.order[0], cluster)]
        order = _stable(sources[0], arrangement, levels, alone=first == [consumer])
    else:
        order = _order(sources[0], levels, own=own, by_region=by_region == arrangement.levels)
        arrangement = replace(arrangement, places=tuple(range(len(levels))))
    levels = _marked(levels, order, arrangement.places)
    used = sorted((source for level in levels for source in level.sources), key=lambda source: source.cluster)
    found = [endpoint for level in levels for endpoint in level.endpoints]
    places = {source.cluster: place for place, source in enumerate(used)}
    return Arranged(
        sources=tuple(used),
        endpoints=tuple(sorted(found, key=lambda endpoint: places[endpoint.source])),
        levels=tuple(levels),
        order=order,
        unused=arrangement.unused,
        flat=flat,
    )


def _by_region(arrangement: Arrangement, relations: Relations, consumer: str) -> tuple[tuple[Ranked, ...], ...]:
    """The clusters of an arrangement by region only: the own copy, the own region, all others."""
    region = relations.cluster(consumer).region
    levels: list[list[Ranked]] = [[], [], []]
    for ranked in sorted(each for level in arrangement.levels for each in level):
        if ranked.cluster == consumer:
            levels[0].append(ranked)
        else:
            levels[1 if relations.cluster(ranked.cluster).region == region else 2].append(ranked)
    return tuple(tuple(level) for level in levels if level)


def _level(
    ranked: Sequence[Ranked],
    consumer: str,
    sources: Sequence[Exposure],
    endpoints_of: Callable[[Exposure], tuple[RemoteEndpoint, ...]],
) -> Level:
    names = {each.cluster for each in ranked}
    chosen = tuple(source for source in sources if source.cluster in names and source.cluster != consumer)
    return Level(
        chosen,
        tuple(endpoint for source in chosen for endpoint in endpoints_of(source)),
        local=consumer in names,
        shares=tuple((each.cluster, each.share) for each in ranked if each.share is not None),
    )


def _order(source: Exposure, levels: Sequence[Level], *, own: bool, by_region: bool) -> Order:
    mode, zone_aware = source.traffic.mode, source.failover.zone_aware
    place = own_place(levels)
    if mode == "weighted" and own:
        return replace(by_locality(len(levels), local=True, zone_aware=zone_aware), means="routes")
    if mode == "nearest" and by_region:
        return by_locality(len(levels), local=place is not None, zone_aware=zone_aware)
    if len(levels) < _TWO:
        return Order("together", ())
    alone = place == 0 and not levels[0].sources
    if mode == "ordered" and alone and len(levels) == _TWO and not zone_aware:
        return Order("network", (NETWORK,))
    return by_labels(len(levels), place, zone_aware=zone_aware and alone)


def _stable(source: Exposure, arrangement: Arrangement, levels: Sequence[Level], *, alone: bool) -> Order:
    """The order that a fleet gives, said by the places of its items: the same whoever drains (ADR 49).

    `alone`: whether its first item chooses the consumer and nobody else.
    """
    if arrangement.depth < _TWO:
        return Order("together", ())
    rank, zone_aware = own_place(levels), source.failover.zone_aware
    place = None if rank is None else arrangement.places[rank]
    if place == 0 and alone and arrangement.depth == _TWO and not zone_aware:
        return Order("network", (NETWORK,))
    return by_labels(arrangement.depth, place, zone_aware=zone_aware and place == 0 and not levels[0].sources)


def ranks(found: Arranged) -> tuple[object, ...]:
    """The levels as names, with shares: Services that share entries have to agree in them."""
    return tuple(
        (level.local, tuple(source.cluster for source in level.sources), level.shares) for level in found.levels
    )


def own_place(levels: Sequence[Level]) -> int | None:
    """The level of the own copy, from 0; None where there is none, or the policy leaves it out."""
    return next((place for place, level in enumerate(levels) if level.local), None)


def _marked(levels: list[Level], order: Order, places: Sequence[int]) -> list[Level]:
    """The levels with the labels and weights of their endpoints; `places`: which level of the policy each one is."""
    if order.means == "labels":
        rank = own_place(levels)
        own = None if rank is None else places[rank]
        return [
            replace(level, endpoints=tuple(replace(e, labels=level_labels(place, own)) for e in level.endpoints))
            for place, level in zip(places, levels, strict=True)
        ]
    if order.means == "routes":
        # Aliases take pods and entries by what the Service selects; where no pod may answer, by this label, too.
        marks = () if own_place(levels) is not None else tuple(ENTRY_ONLY.items())
        return [
            replace(
                level,
                endpoints=tuple(replace(e, labels=(*marks, (SOURCE, e.source))) for e in level.endpoints),
            )
            for level in levels
        ]
    return [_weighted(level) if len(level.sources) > 1 and level.shares else level for level in levels]


def _weighted(level: Level) -> Level:
    addresses: dict[str, int] = {}
    for endpoint in level.endpoints:
        addresses[endpoint.source] = addresses.get(endpoint.source, 0) + 1
    weights = endpoint_weights(level.shares, addresses)
    return replace(level, endpoints=tuple(replace(e, weight=weights[e.source]) for e in level.endpoints))
