"""The comparison of two fleets."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.review.effects import effects
from meshgen.review.model import Review
from meshgen.review.objects import object_changes
from meshgen.review.order import hazards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.review.model import Side


def review(old: Side, new: Side, revisions: Sequence[Side] = (), *, broken: bool = False) -> Review:
    """What lies between two fleets that could be read; rules are asked of none.

    `revisions`: what clusters may run while they sync, from the oldest to `new`. None: these two. `broken`: whether
    `new` has errors.
    """
    revisions = revisions or (old, new)
    same = old.meaning is new.meaning
    objects = () if same else object_changes(old.meaning.plan, new.meaning.plan)
    return Review(
        old.name,
        new.name,
        () if same else effects(old.meaning, new.meaning),
        tuple(sorted(objects, key=attrgetter("path"))),
        tuple(side.name for side in revisions),
        hazards(revisions),
        broken,
    )
