"""The comparison of two fleets."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.review.effects import effects
from meshgen.review.model import Review
from meshgen.review.objects import object_changes
from meshgen.review.split import split
from meshgen.revisions.order import has_copy, hazards
from meshgen.revisions.runs import run_of
from meshgen.revisions.waves import gaps, stepwise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.review.model import Side
    from meshgen.revisions.waves import Gap


def review(old: Side, new: Side, revisions: Sequence[Side] = (), *, broken: bool = False) -> Review:
    """What lies between two fleets that could be read; rules are asked of none.

    `revisions`: what clusters may run while they sync, from the oldest to `new`. None: these two. `broken`: whether
    `new` has errors.
    """
    revisions = revisions or (old, new)
    same = old.meaning is new.meaning
    objects = () if same else object_changes(old.meaning.plan, new.meaning.plan)
    runs = [run_of(side.meaning, side.name) for side in revisions]
    found, missing = hazards(runs, new.meaning.relations), tuple(_gaps(revisions))
    return Review(
        old.name,
        new.name,
        () if same else effects(old.meaning, new.meaning),
        tuple(sorted(objects, key=attrgetter("path"))),
        tuple(side.name for side in revisions),
        found,
        missing,
        split(found, runs, missing),
        broken,
    )


def _gaps(revisions: Sequence[Side]) -> Iterator[Gap]:
    """Those of a sync from any revision to any later one, each once: of the nearest."""
    facts = revisions[-1].meaning.relations
    seen: set[tuple[str, str, str]] = set()
    pairs = [(i, j) for j in range(len(revisions)) for i in reversed(range(j))]
    for runs, to in sorted(pairs, key=lambda pair: pair[1] - pair[0]):
        if revisions[runs].meaning is revisions[to].meaning:
            continue
        waits = stepwise(revisions[to].meaning.relations.fleet)
        after = {plan.cluster: plan for plan in revisions[to].meaning.plan.clusters}
        for plan in revisions[runs].meaning.plan.clusters:
            if plan.cluster not in after:
                continue
            copies = partial(has_copy, facts, plan.cluster)
            for gap in gaps(plan, after[plan.cluster], runs, to, copies=copies, stepwise=waits):
                if gap[:3] not in seen:
                    seen.add(gap[:3])
                    yield gap
