from __future__ import annotations

import pytest

from meshgen.diagnostics.near import did_you_mean, distance, near, near_host


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("ab", "ba", 1), ("region", "regoin", 1), ("ca", "abc", 3)],
)
def test_distance_counts_inserts_deletes_replaces_and_swaps(left: str, right: str, edits: int) -> None:
    assert (distance(left, right), distance(right, left)) == (edits, edits)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("regoin", ["region", "role"], ["region"]),
        ("east", ["west"], []),
        ("eastwestgateway", ["eastWestGateway"], ["eastWestGateway"]),
        ("exposed_services", ["exposedServices"], ["exposedServices"]),
        ("cluster-3", ["cluster-1", "cluster-2"], []),
        ("cat", ["bat", "hat"], ["bat", "hat"]),
        ("cat", ["bat", "hat", "rat", "mat"], []),
        ("gateways", ["gatefays", "gatelays"], ["gatefays", "gatelays"]),
        ("gateways", ["gatexxys", "gatewaxx"], []),
        ("cluster", [], []),
        ("cluster", ["cluster"], []),
    ],
)
def test_only_what_is_clearly_meant_is_near(name: str, candidates: list[str], expected: list[str]) -> None:
    assert near(name, candidates) == expected


def test_hosts_are_compared_by_their_first_label() -> None:
    hosts = [f"{name}.bookinfo.svc.cluster.local" for name in ("reviews", "ratings", "details")]
    assert near_host("rewiews.bookinfo.svc.cluster.local", hosts) == ["reviews.bookinfo.svc.cluster.local"]
    assert near_host("orders.bookinfo.svc.cluster.local", hosts) == []


def test_a_host_in_another_namespace_is_near() -> None:
    assert near_host("reviews.bookinfo.svc.cluster.local", ["reviews.shop.svc.cluster.local"]) == [
        "reviews.shop.svc.cluster.local"
    ]


def test_names_become_a_sentence() -> None:
    assert did_you_mean([]) == ""
    assert did_you_mean(["a"]) == "A similar name exists: `a`."
    assert did_you_mean(["a", "b", "c"]) == "Similar names exist: `a`, `b` and `c`."
