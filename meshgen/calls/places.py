"""The clusters that answer a call, first to last, as people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from meshgen.analysis.traffic import Ranked
    from meshgen.calls.model import Call


class Place(NamedTuple):
    """A cluster in a level."""

    cluster: str
    local: bool
    """Whether it is the caller's own."""
    share: Fraction | None
    """Its part of the requests; None: all of the level are alike."""


def levels_of(call: Call) -> list[list[Place]]:
    """The clusters that answer, first to last; in each level the own copy, then the others by name."""
    if call.state not in ("failover", "remote"):
        own = [[Place(call.consumer, local=True, share=None)]]
        return own if call.state == "local" else []
    if not call.imports:  # beside a copy that cannot take entries
        others = [Place(source.cluster, local=False, share=None) for source in call.sources]
        return [[Place(call.consumer, local=True, share=None)], others]
    found: list[list[Place]] = []
    for level in call.imports[-1].levels:
        shares = dict(level.shares)
        names = ([call.consumer] if level.local else []) + [source.cluster for source in level.sources]
        found.append([Place(name, name == call.consumer, shares.get(name)) for name in names])
    return found


def named_levels(levels: Iterable[Iterable[Place | Ranked]]) -> tuple[tuple[str, ...], ...]:
    """The clusters of each level by name, with their shares."""
    return tuple(tuple(sorted(with_share(each.cluster, each.share) for each in level)) for level in levels)


def with_share(name: str, share: Fraction | None) -> str:
    """`cluster-1`, or `cluster-1 70 %`."""
    return name if share is None else f"{name} {percent(share)}"


def percent(share: Fraction) -> str:
    """`70 %`, `33.3 %`."""
    return f"{round(float(share) * 100, 1):g} %"
