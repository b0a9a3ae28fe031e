"""The steps into which a change goes that is not safe in any order: each built, committed and synced everywhere before
the next (ADR 48).

A source that comes is exposed first and used later; one that goes is drained first and withdrawn later. Where one takes
the other's place, callers have both for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.revisions.order import Hazard
    from meshgen.revisions.runs import Run
    from meshgen.revisions.waves import Gap


class Item(NamedTuple):
    """A host in one cluster."""

    cluster: str
    host: str
    published: bool


Kind = Literal[
    "wait",
    "drainBefore",
    "sharesBefore",
    "begin",
    "sharesAfter",
    "keepWay",
    "aliasesBefore",
    "aliases",
    "undrain",
    "drain",
    "rest",
]


class Step(NamedTuple):
    """One edit of the fleet.

    `wait`: none, but clusters have to run the revision before the new one first. `drainBefore`: of items in the old
    fleet. `begin`: the change, but with the items of `kept` as they were, and the others drained. `undrain`, `drain`:
    of items in what the step before left. `rest`: what is left of the change. `sharesBefore`: own copies get a share of
    hosts in the old fleet. `sharesAfter`: the change, but with such a share. `keepWay`: the change, but with the old
    routes of hosts beside the new ones. `aliasesBefore`: the aliases that routes are to lead to. `aliases`: the change,
    but with the aliases that routes led to.
    """

    kind: Kind
    items: tuple[Item, ...] = ()
    kept: tuple[Item, ...] = ()
    waiting: tuple[str, ...] = ()
    """Clusters that have to run the revision before the new one."""


def split(found: Sequence[Hazard], runs: Sequence[Run], gaps: Sequence[Gap]) -> tuple[Step, ...]:
    """The steps; empty where the change is safe as it is.

    `found`: the hazards of all revisions; those of the last two of them are what a change can be split by.
    """
    old, new = len(runs) - 2, len(runs) - 1
    steps: list[Step] = []
    asleep = {cluster for hazard in found for cluster, at in _places(hazard) if at < old}
    if asleep:
        steps.append(Step("wait", waiting=tuple(sorted(asleep))))
    last_gaps = [gap for gap in gaps if gap.to == new]
    coming = _missing(gap for gap in last_gaps if gap.when == "warm" and gap.of_alias)
    if coming:
        steps.append(Step("aliasesBefore", coming))
    last = [hazard for hazard in found if {hazard.consumer_runs, hazard.source_runs} == {old, new}]
    shared = [hazard for hazard in last if hazard.under and hazard.cut]
    plain = [hazard for hazard in last if not hazard.under]
    late = _items(hazard for hazard in plain if not hazard.withdrawn)
    early = _items(hazard for hazard in plain if hazard.withdrawn)
    moving = {hazard.host for hazard in plain if hazard.cut}
    before = tuple(item for item in early if item.host not in moving)
    kept = tuple(sorted(set(_lost(moving, runs[old], runs[new])) | {item for item in early if item.host in moving}))
    if any(hazard.withdrawn for hazard in shared):
        steps.append(Step("sharesBefore", _items(shared)))
    if before:
        steps.append(Step("drainBefore", before))
    if any(not hazard.withdrawn for hazard in shared):
        steps.append(Step("sharesAfter", _items(shared)))
    aliases = _missing(gap for gap in last_gaps if gap.when == "at once" and gap.of_alias)
    if aliases:
        steps.append(Step("aliases", aliases))
    routes = _missing(gap for gap in last_gaps if gap.when != "warm" and not (gap.when == "at once" and gap.of_alias))
    if routes:
        steps.append(Step("keepWay", routes))
    if late or kept:
        steps.append(Step("begin", late, kept))
    if late:
        steps.append(Step("undrain", late))
    going = tuple(item for item in kept if item in early)
    if going:
        steps.append(Step("drain", going))
    if steps and (kept or coming or aliases or routes or not late or any(step.kind == "sharesAfter" for step in steps)):
        steps.append(Step("rest"))
    return tuple(steps)


def _places(hazard: Hazard) -> Iterator[tuple[str, int]]:
    yield hazard.consumer, hazard.consumer_runs
    yield hazard.source.cluster, hazard.source_runs


def _items(found: Iterable[Hazard]) -> tuple[Item, ...]:
    return tuple(sorted({Item(hazard.source.cluster, hazard.host, hazard.published) for hazard in found}))


def _missing(gaps: Iterable[Gap]) -> tuple[Item, ...]:
    return tuple(sorted({Item(gap.cluster, gap.host, gap.published) for gap in gaps}))


def _lost(hosts: Iterable[str], old: Run, new: Run) -> Iterator[Item]:
    """The sources of some hosts that a consumer has in the older revision and not in the newer one."""
    for host in hosts:
        for consumer in sorted(old.consumers | {each for each, name in old.edges if name == host}):
            after = {target.gateway.cluster for called in new.calls(consumer, host) for target in called.targets}
            for called in old.calls(consumer, host):
                for target in called.targets:
                    if target.gateway.cluster not in after:
                        yield Item(target.gateway.cluster, host, called.published)
