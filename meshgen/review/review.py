"""The comparison of two fleets."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.review.effects import effects
from meshgen.review.model import Review
from meshgen.review.objects import object_changes

if TYPE_CHECKING:
    from meshgen.review.model import Side


def review(old: Side, new: Side) -> Review:
    """What lies between two fleets that could be read; rules are asked of neither."""
    objects = object_changes(old.meaning.plan, new.meaning.plan)
    return Review(
        old.name,
        new.name,
        effects(old.meaning, new.meaning),
        tuple(sorted(objects, key=attrgetter("path"))),
    )
