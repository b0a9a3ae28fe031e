"""The neutral plan."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from meshgen.dns.model import EntryPoint
from meshgen.dns.shares import per_member, per_target
from tests.dns.plans import SHARES, THREE_LEVELS, entry_point, member, pool, record


def test_what_drains_or_has_no_address_is_not_answered() -> None:
    found = record(
        pool("level-1", member("c1", "192.0.2.1", state="draining")),
        pool("level-2", member("c2"), member("c3", "192.0.2.3")),
    )
    assert [at.name for at in found.answered.pools] == ["level-2"]
    assert [at.entry_point for at in found.answered.members] == [entry_point("c3")]
    assert found.answered.last_resort == (entry_point("c3"),)


def test_a_type_of_record_that_only_some_members_have_is_not_answered() -> None:
    found = record(pool("all", member("c1", "192.0.2.1", "2001:db8::1"), member("c2", "192.0.2.2")))
    assert found.families == ("A",)


def test_shares_are_of_entry_points_whatever_the_number_of_their_addresses() -> None:
    assert [(at.value, at.weight) for at in per_target(SHARES.pools[0], "A")] == [
        ("192.0.2.11", 7),
        ("192.0.2.12", 7),
        ("192.0.2.21", 2),
        ("192.0.2.22", 2),
        ("192.0.2.23", 2),
    ]
    assert [weight for _, weight in per_member(SHARES.pools[0])] == [7, 3]


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 6)), min_size=1, max_size=5))
def test_the_weights_of_a_members_targets_add_up_to_its_share(members: list[tuple[int, int]]) -> None:
    at = pool(
        "all",
        *(
            member(f"c{number}", *(f"192.0.{number}.{last}" for last in range(addresses)), weight=share)
            for number, (share, addresses) in enumerate(members)
        ),
    )
    targets = per_target(at, "A")
    total = sum(found.weight for found in targets)
    for found in at.members:
        own = sum(target.weight for target in targets if target.member is found)
        assert own * sum(share for share, _ in members) == found.weight * total


parts = st.from_regex(r"[a-z0-9](?:[-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
points = st.builds(EntryPoint, parts, parts, parts)


@given(points, points)
def test_labels_of_entry_points_never_meet(first: EntryPoint, second: EntryPoint) -> None:
    assert (first.label == second.label) == (first == second)
    assert len(first.label) <= 63


def test_a_label_reads_as_the_entry_point() -> None:
    assert EntryPoint("Cluster_1.eu", "edge", "gw").label == "cluster-1-eu-edge-gw-bc2d48d4"
    long = EntryPoint("c" * 200, "edge", "gw").label
    assert len(long) == 63


def test_a_pool_without_anybody_leaves_the_rest_as_it_is() -> None:
    assert THREE_LEVELS.answered == THREE_LEVELS
    assert replace(THREE_LEVELS, pools=()).answered.members == ()
