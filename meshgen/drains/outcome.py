"""What the next builds change where something begins or ends to drain, and who carries the load then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from meshgen.calls.places import percent
from meshgen.plan.dns import zone_of
from meshgen.review.effects import effects
from meshgen.review.objects import object_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.traffic import Arrangement
    from meshgen.review import Effect
    from meshgen.revisions.compile import Meaning

Levels = tuple[tuple[str, ...], ...]
"""Clusters, first to last; a share stands behind the name: `cluster-1 70 %`."""


class HostEffect(NamedTuple):
    """A published host for which DNS names other entry points."""

    host: str
    levels: Levels
    """Who is named from now on."""
    ttl: int
    """Seconds for which clients may keep what DNS said before; 0 without a zone."""


class Outcome(NamedTuple):
    """What lies between the two fleets."""

    effects: tuple[Effect, ...]
    """What callers in the mesh see, DNS and entry points, the worst first."""
    hosts: tuple[HostEffect, ...]
    """By host."""
    files: dict[str, Counter[str]]
    """Directory of the output → how many of its files are added, changed, removed."""

    @property
    def synced(self) -> list[str]:
        """The clusters whose files change."""
        return sorted(name for name in self.files if not name.startswith("_"))


def outcome(old: Meaning, new: Meaning) -> Outcome:
    """Plan and emit both fleets, cluster by cluster, and compare."""
    files: dict[str, Counter[str]] = {}
    for item in object_changes(old.plan, new.plan):
        files.setdefault(item.directory, Counter())[item.change] += 1
    return Outcome(effects(old, new), tuple(_hosts(old, new)), files)


def _hosts(old: Meaning, new: Meaning) -> Iterator[HostEffect]:
    before = {published.host: published for published in old.published}
    for published in new.published:
        was = before.get(published.host)
        if was is not None and levels(was.entry_order) != levels(published.entry_order):
            zone = zone_of(new.relations, published.host)
            yield HostEffect(published.host, levels(published.entry_order), 0 if zone is None else zone.ttl)


def levels(way: Arrangement) -> Levels:
    """The levels of an arrangement, with shares in percent."""
    return tuple(
        tuple(each.cluster if each.share is None else f"{each.cluster} {percent(each.share)}" for each in level)
        for level in way.levels
    )
