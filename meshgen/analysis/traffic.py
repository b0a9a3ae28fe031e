"""The traffic policy of one service or host after inheritance, and the levels of clusters that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.analysis.hosts import selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meshgen.diagnostics import Span
    from meshgen.language.base import ClusterSelector
    from meshgen.language.cluster import Cluster
    from meshgen.language.traffic import Region, TrafficMode, TrafficPolicy, Weight


@dataclass(frozen=True, slots=True)
class EffectiveTraffic:
    """A traffic policy with nothing left to inherit."""

    mode: TrafficMode
    order: tuple[ClusterSelector, ...]
    weights: tuple[Weight, ...]
    sources: tuple[ClusterSelector, ...]
    """A cluster may serve where all of these choose it."""
    policies: tuple[TrafficPolicy, ...]
    """What it was made of, the innermost first."""
    aliases: bool = False

    @property
    def has_aliases(self) -> bool:
        """Whether clusters may have aliases, for routes with shares or without any."""
        return self.mode == "weighted" or self.aliases

    @property
    def complete(self) -> bool:
        """Whether the mode has the list that it goes by."""
        return self.mode not in LISTS or self.saying(LISTS[self.mode]) is not None

    @property
    def selectors(self) -> tuple[ClusterSelector, ...]:
        """What chooses clusters: the list of the mode, and all `sources`."""
        chosen: dict[TrafficMode, tuple[ClusterSelector, ...]] = {"ordered": self.order, "weighted": self.weights}
        return (*chosen.get(self.mode, ()), *self.sources)

    def saying(self, field: str) -> TrafficPolicy | None:
        """The innermost policy that says something of a field."""
        return next((policy for policy in self.policies if getattr(policy, field) is not None), None)

    def place(self, *fields: str) -> Span | None:
        """Where the first of these fields was written that was."""
        for field in fields:
            policy = self.saying(field)
            if policy is not None:
                return policy.span(field)
        return None


LISTS: dict[TrafficMode, str] = {"ordered": "order", "weighted": "weights"}
"""The field that a mode goes by."""


NEAREST = EffectiveTraffic("nearest", (), (), (), ())
"""What holds where nobody says anything."""


def effective_traffic(*layers: TrafficPolicy | None) -> EffectiveTraffic:
    """Merge policies, the innermost first, field by field; `sources` of all layers hold together."""
    said = tuple(layer for layer in layers if layer is not None)
    if not said:
        return NEAREST
    return EffectiveTraffic(
        mode=next((layer.mode for layer in said if layer.mode is not None), "nearest"),
        order=tuple(next((layer.order for layer in said if layer.order is not None), ())),
        weights=tuple(next((layer.weights for layer in said if layer.weights is not None), ())),
        sources=tuple(layer.sources for layer in said if layer.sources is not None),
        policies=said,
        aliases=next((layer.aliases for layer in said if layer.aliases is not None), False),
    )


class Ranked(NamedTuple):
    """A cluster in a level."""

    cluster: str
    share: Fraction | None
    """Its part of the level's traffic; None: all of the level are equal."""


class Unused(NamedTuple):
    """A cluster that could serve and does not."""

    cluster: str
    why: Literal["sources", "not named", "share 0"]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which clusters are called, seen from one place."""

    levels: tuple[tuple[Ranked, ...], ...]
    """First to last; each sorted by cluster, none empty. The local copy stands where its cluster does."""
    unused: tuple[Unused, ...]
    """Sorted by cluster."""
    places: tuple[int, ...]
    """Which of the levels that the policy has each one is: in an order its item, so that it stays the same whoever is
    missing; else they are counted."""
    depth: int
    """How many levels the policy has, the empty ones too."""

    @property
    def clusters(self) -> frozenset[str]:
        """Those of all levels."""
        return frozenset(ranked.cluster for level in self.levels for ranked in level)


NOBODY = Arrangement((), (), places=(), depth=0)


def arrange(
    traffic: EffectiveTraffic,
    clusters: Iterable[Cluster],
    *,
    region: str | None,
    own: str | None,
    regions: Mapping[str, Region],
) -> Arrangement:
    """Order the clusters that serve something as a caller in `region` uses them.

    `own`: the caller's cluster where it has a copy itself; `regions`: the fleet's, by name. Weights are one level,
    since the others take over where a cluster dies. Where several items choose a cluster the first counts.
    """
    serving = sorted(clusters, key=lambda cluster: cluster.name)
    allowed = [cluster for cluster in serving if all(selects(item, cluster) for item in traffic.sources)]
    unused = [Unused(cluster.name, "sources") for cluster in serving if cluster not in allowed]
    if traffic.mode == "weighted":
        levels, left = _weighted(traffic.weights, allowed)
    elif traffic.mode == "ordered":
        levels, left = _ordered(traffic.order, allowed)
    else:
        levels, left = _nearest(allowed, region, own, regions), []
    there = [place for place, level in enumerate(levels) if level]
    ordered = traffic.mode == "ordered"
    return Arrangement(
        tuple(tuple(levels[place]) for place in there),
        tuple(sorted([*unused, *left])),
        places=tuple(there) if ordered else tuple(range(len(there))),
        depth=len(levels) if ordered else len(there),
    )


def _nearest(
    clusters: Sequence[Cluster], region: str | None, own: str | None, regions: Mapping[str, Region]
) -> list[list[Ranked]]:
    near = regions[region].near if region is not None and region in regions else []
    places = {name: place for place, name in enumerate(dict.fromkeys([region, *near]), start=1)}
    levels: dict[int, list[Ranked]] = {}
    for cluster in clusters:
        place = 0 if cluster.name == own else places.get(cluster.region, len(places) + 1)
        levels.setdefault(place, []).append(Ranked(cluster.name, None))
    return [levels[place] for place in sorted(levels)]


def _ordered(order: Sequence[ClusterSelector], clusters: Sequence[Cluster]) -> tuple[list[list[Ranked]], list[Unused]]:
    levels: list[list[Ranked]] = [[] for _ in order]
    left: list[Unused] = []
    for cluster in clusters:
        place = next((index for index, item in enumerate(order) if selects(item, cluster)), None)
        if place is None:
            left.append(Unused(cluster.name, "not named"))
        else:
            levels[place].append(Ranked(cluster.name, None))
    return levels, left


def _weighted(weights: Sequence[Weight], clusters: Sequence[Cluster]) -> tuple[list[list[Ranked]], list[Unused]]:
    """Shares are of the clusters of one item together, so that they stay right where one of these cannot serve."""
    chosen: list[list[str]] = [[] for _ in weights]
    left: list[Unused] = []
    for cluster in clusters:
        place = next((index for index, item in enumerate(weights) if selects(item, cluster)), None)
        if place is None:
            left.append(Unused(cluster.name, "not named"))
        elif weights[place].share == 0:
            left.append(Unused(cluster.name, "share 0"))
        else:
            chosen[place].append(cluster.name)
    total = sum(item.share for item, names in zip(weights, chosen, strict=True) if names)
    level = [
        Ranked(name, Fraction(item.share, total * len(names)))
        for item, names in zip(weights, chosen, strict=True)
        for name in names
    ]
    return [sorted(level)], left


def aliased(traffic: EffectiveTraffic, clusters: Iterable[Cluster]) -> tuple[str, ...]:
    """Those of some clusters that have an alias, sorted: with a share, or where `aliases` says so without one, too."""
    if not traffic.has_aliases:
        return ()
    found = arrange(replace(traffic, mode="weighted"), clusters, region=None, own=None, regions={})
    without = {each.cluster for each in found.unused if traffic.aliases and each.why == "share 0"}
    return tuple(sorted(found.clusters | without))


def equal_shares(level: Sequence[Ranked]) -> list[tuple[str, Fraction]]:
    """The share of each cluster of a level; all are equal where nothing else is said."""
    return [(each.cluster, Fraction(1, len(level)) if each.share is None else each.share) for each in level]


def whole(shares: Sequence[Fraction]) -> list[int]:
    """The smallest whole numbers in these proportions."""
    scale = lcm(*(share.denominator for share in shares))
    numbers = [int(share * scale) for share in shares]
    common = gcd(*numbers)
    return [number // common for number in numbers]
