"""What the next builds change where something begins or ends to drain, and who carries the load then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.zones import zone_of
from meshgen.review.effects import DNS, effects
from meshgen.review.objects import by_directory, object_changes

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

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
    files = by_directory(object_changes(old.plan, new.plan))
    found = effects(old, new)
    return Outcome(found, tuple(_hosts(found, new)), files)


def _hosts(found: Iterable[Effect], new: Meaning) -> Iterator[HostEffect]:
    levels = {host: effect.new.levels for effect in found if DNS in effect.consumers for host in effect.hosts}
    for published in new.published:
        if published.host in levels:
            zone = zone_of(new.relations, published.host)
            yield HostEffect(published.host, levels[published.host], 0 if zone is None else zone.ttl)
