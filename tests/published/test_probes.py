"""Health checks: which names there are, where they are asked, and who may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.analysis import names
from tests.fleets import compiled
from tests.published.fleets import EDGE, WITHOUT_EDGE, short

if TYPE_CHECKING:
    from meshgen.published.probes import Probe

CHECK = "  healthCheck: {host: health.shop.example.com, path: /up}"
CANARY = EDGE.replace("spec:\n", "spec:\n  canary: {host: canary.example.com, image: example.com/canary:1}\n", 1)


def asked(*texts: str) -> dict[str, dict[str, list[str]]]:
    """Name → cluster of each entry point → clusters that may answer there."""
    return {probe.host: _asked_at(probe) for probe in compiled(EDGE, *texts).compilation.checked.asked}


def _asked_at(probe: Probe) -> dict[str, list[str]]:
    return {place.gateway.cluster: [gateway.cluster for gateway in place.behind] for place in probe.asked_at}


def test_an_edge_is_checked_by_its_region_and_each_cluster_by_itself() -> None:
    assert asked(short(CHECK)) == {
        "health.shop.example.com": {"e1": ["c1"]},
        "health-c1.shop.example.com": {"e1": ["c1"]},
        "health-c2.shop.example.com": {"e1": ["c2"]},
    }


def test_without_an_edge_each_entry_point_is_checked_by_its_own_cluster() -> None:
    assert asked(WITHOUT_EDGE, short(CHECK, edge=False)) == {
        "health.shop.example.com": {"c1": ["c1"], "c2": ["c2"]},
        "health-c1.shop.example.com": {"c1": ["c1"]},
        "health-c2.shop.example.com": {"c2": ["c2"]},
    }


def test_the_canary_goes_through_every_entry_point() -> None:
    assert asked(CANARY) == {
        "canary.example.com": {"e1": ["c1"]},
        "canary-c1.example.com": {"e1": ["c1"]},
        "canary-c2.example.com": {"e1": ["c2"]},
    }


@pytest.mark.parametrize("drains", ["  draining: {names: [c1]}\n", "  traffic: {sources: {names: [c2]}}\n"])
def test_what_gets_no_users_leaves_the_probes(drains: str) -> None:
    assert asked(short(drains + CHECK)) == {
        "health.shop.example.com": {"e1": []},
        "health-c1.shop.example.com": {"e1": []},
        "health-c2.shop.example.com": {"e1": ["c2"]},
    }


def test_an_entry_point_that_drains_leaves_the_probes_though_its_cluster_answers_what_is_open() -> None:
    assert asked(WITHOUT_EDGE, short(f"  draining: {{names: [c1]}}\n{CHECK}", edge=False)) == {
        "health.shop.example.com": {"c1": [], "c2": ["c2"]},
        "health-c1.shop.example.com": {"c1": []},
        "health-c2.shop.example.com": {"c2": ["c2"]},
    }


def test_a_health_check_without_a_route_is_none() -> None:
    check = CHECK.replace("/up", "/other")
    route = "  routes: [{match: {prefix: /api}, service: web.shop.svc.cluster.local}]\n"
    assert asked(short(check).replace("  service: web.shop.svc.cluster.local\n", route)) == {}


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("c1", "health-c1.shop.example.com"),
        ("EU.1", "health-eu-1-9a50048121d349a0.shop.example.com"),
    ],
)
def test_the_name_of_a_cluster_is_a_dns_name(cluster: str, name: str) -> None:
    assert names.probe("health.shop.example.com", cluster) == name
