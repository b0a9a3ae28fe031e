"""What the next builds change where something begins or ends to drain, and who carries the load then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from meshgen.review.effects import effects
from meshgen.review.objects import object_changes

if TYPE_CHECKING:
    from meshgen.review import Effect
    from meshgen.revisions.compile import Meaning


class Outcome(NamedTuple):
    """What lies between the two fleets."""

    effects: tuple[Effect, ...]
    """What callers in the mesh see, the worst first."""
    files: dict[str, Counter[str]]
    """Cluster → how many files of its output are added, changed, removed."""


def outcome(old: Meaning, new: Meaning) -> Outcome:
    """Plan and emit both fleets, cluster by cluster, and compare."""
    files: dict[str, Counter[str]] = {}
    for item in object_changes(old.plan, new.plan):
        files.setdefault(item.cluster, Counter())[item.change] += 1
    return Outcome(effects(old, new), files)
