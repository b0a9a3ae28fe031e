"""The steps that `diff --split` prints: each of them is safe in any order, and together they are the change."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from meshgen.review import Side, review
from meshgen.revisions.compile import meaning
from meshgen.views.review import review_text
from tests.build.test_any_order import SHARES, shared
from tests.fleets import fleet
from tests.review.test_order import ACTIVE, DRAINING, LACKS, hazards, world
from tests.revisions.test_guard_laws import NAMES, WEB, World, meant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.review.split import Step


def steps(*history: World) -> tuple[Step, ...]:
    sides = [Side(f"v{place}", meant(each)) for place, each in enumerate(history)]
    return review(sides[-2], sides[-1], sides).steps


def applied(found: Sequence[Step], old: World, new: World) -> Iterator[World]:
    """The fleets that the steps make, one after the other."""
    now = old
    for step in found:
        clusters = tuple(item.cluster for item in step.items)
        kept = {item.cluster for item in step.kept}
        if step.kind in ("drainBefore", "drain"):
            now = replace(now, drained=tuple(sorted({*now.drained, *clusters})))
        elif step.kind == "undrain":
            now = replace(now, drained=tuple(sorted({*now.drained} - {*clusters})))
        elif step.kind == "begin":
            now = replace(
                new,
                members={name: old.members[name] if name in kept else each for name, each in new.members.items()},
                spanned=tuple(sorted({*new.spanned, *(kept & {*old.spanned})})),
                drained=tuple(sorted(({*new.drained} - kept) | {*clusters})),
            )
        elif step.kind == "rest":
            now = new
        else:
            raise NotImplementedError(step.kind)
        yield now


def policy(draw: st.DrawFn) -> World:
    """Three clusters, whose Services and addresses are facts: what is exposed, spanned and drained varies."""
    members = {name: draw(st.sampled_from([ACTIVE, ACTIVE, DRAINING])) for name in NAMES}
    spanned = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    return World(
        members,
        draw(st.sampled_from(["active", "active", "draining"])),
        None,
        failover=True,
        spanned=tuple(sorted(spanned)),
    )


@st.composite
def changes(draw: st.DrawFn) -> tuple[World, World]:
    """Two fleets over the same Services; some clusters have none."""
    lacking = draw(st.sets(st.sampled_from(NAMES), max_size=2))
    old, new = policy(draw), policy(draw)
    places = {name: f"addresses: [192.0.2.{place}]" for place, name in enumerate(NAMES, start=1)}

    def with_facts(each: World) -> World:
        members = {
            name: replace(member, service=None if name in lacking else "active", address=places[name])
            for name, member in each.members.items()
        }
        return replace(each, members=members)

    return with_facts(old), with_facts(new)


@pytest.mark.slow
@given(changes())
@settings(max_examples=150, deadline=None)
def test_each_step_is_safe_and_together_they_are_the_change(change: tuple[World, World]) -> None:
    old, new = change
    found = steps(old, new)
    event(f"{[step.kind for step in found]}")
    if not found:
        assert hazards(meant(old), meant(new)) == ()
        return
    fleets = [old, *applied(found, old, new)]
    assert fleets[-1] == new
    for before, after in pairwise(fleets):
        assert hazards(meant(before), meant(after)) == (), (before, after)


SPANS = replace(world(c1=LACKS, c2=ACTIVE, c3=ACTIVE), spanned=("c1", "c2"))


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (
            [SPANS, replace(SPANS, spanned=("c1", "c3"))],
            [
                f"1. The change, with `{WEB}` as it was in `c2` and `meshgen drain c3 --service {WEB}`",
                f"2. `meshgen undrain c3 --service {WEB}`",
                f"3. `meshgen drain c2 --service {WEB}`",
                "4. The rest of the change",
            ],
        ),
        (
            [replace(SPANS, spanned=NAMES), SPANS],
            [
                f"1. Before the change: `meshgen drain c3 --service {WEB}`",
                "2. The change",
            ],
        ),
        (
            [SPANS, replace(SPANS, spanned=NAMES)],
            [
                f"1. The change, with `meshgen drain c3 --service {WEB}`",
                f"2. `meshgen undrain c3 --service {WEB}`",
            ],
        ),
    ],
    ids=["one source for another", "a source goes", "a source comes"],
)
def test_steps_are_edits_of_the_fleet(history: list[World], said: list[str]) -> None:
    old, new = (Side(f"v{place}", meant(each)) for place, each in enumerate(history))
    lines = review_text(review(old, new), split=True).splitlines()
    begin = lines.index("In steps, each built, committed and synced everywhere before the next:") + 1
    assert lines[begin : begin + len(said)] == said
    assert lines[begin + len(said)] == ""


NEAREST, WITHOUT, WEIGHTED = (
    "mode: nearest",
    f"mode: nearest, aliases: true, {SHARES}",
    f"mode: weighted, {SHARES}",
)


@pytest.mark.parametrize(
    ("old", "new", "first", "second"),
    [
        (NEAREST, WEIGHTED, "Before the change: {}, the new `weights`, and the mode as it was", "The change"),
        (WEIGHTED, NEAREST, "The change, with {}, and `weights` as they were", "The rest of the change"),
    ],
    ids=["shares begin", "shares end"],
)
def test_aliases_have_a_step_without_routes_where_the_engine_does_not_wait(
    old: str, new: str, first: str, second: str
) -> None:
    sides = []
    for traffic in (old, WITHOUT, new):
        found = meaning({"fleet.yaml": fleet(*shared(traffic, "flux")).encode()})
        assert found is not None
        sides.append(Side(traffic, found))
    lines = review_text(review(sides[0], sides[-1]), split=True).splitlines()
    assert lines[lines.index("In steps, each built, committed and synced everywhere before the next:") :][1:3] == [
        f"1. {first.format(f'`aliases: true` in the `traffic` of `{WEB}`')}",
        f"2. {second}",
    ]
    assert [review(*pair).safe for pair in pairwise(sides)] == [True, True]
