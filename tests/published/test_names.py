"""Names of objects for published hosts: labels, stable, and never two things under one."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from meshgen.analysis import names
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.names import at_tetrate, server

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def test_they_never_change() -> None:
    assert names.exposure("edge", "shop.example.com") == "edge-shop-d6dbd1a789b90707"
    assert names.redirect("edge", "shop.example.com") == "edge-shop-d6dbd1a789b90707-http"
    assert names.alias_of_host("edge", "shop.example.com", "c1") == "edge-shop-c1-4b95557acda2d1d1"
    assert names.subset(ServiceName("shop", "web")) == "web-97375646b1deb3d2"


def test_long_and_strange_parts_make_labels_that_differ() -> None:
    gateway, host = "g" * 63, f"{'h' * 63}.example.com"
    found = [
        names.exposure(gateway, host),
        names.redirect(gateway, host),
        *(names.alias_of_host(gateway, host, cluster) for cluster in ("c.1", "c_1", "C.1", "c" * 200)),
        *(names.subset(ServiceName(namespace, "s" * 63)) for namespace in ("a", "b")),
        names.subset(ServiceName("c", "a-b")),
        names.subset(ServiceName("b-c", "a")),
    ]
    assert [name for name in found if LABEL.fullmatch(name) is None] == []
    assert [pair for pair in combinations(found, 2) if pair[0] == pair[1]] == []


def test_names_tell_apart_what_they_are_made_of_and_leave_room_for_those_that_tetrate_makes() -> None:
    assert at_tetrate("a-b", "c") != at_tetrate("a", "b-c")
    assert at_tetrate("edge-gateway", "EU_1.west") == "edge-gateway-eu-1-west-4ef0c668"
    assert len(at_tetrate("a" * 63, "b" * 63)) == 50


@pytest.mark.parametrize(
    ("published_host", "expected"),
    [("shop", "shop"), ("shop.example.com", "shop-example-com-951623a2"), ("a" * 51, f"{'a' * 41}-bfc5fe0e")],
)
def test_a_server_has_the_name_of_its_host_if_that_is_a_short_label(published_host: str, expected: str) -> None:
    assert server(published_host) == expected
