"""What follows from published hosts: who serves them, where users enter, who is called first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fleets import compiled
from tests.published.fleets import EDGE, WITHOUT_EDGE, short

if TYPE_CHECKING:
    from meshgen.analysis.traffic import Arrangement
    from meshgen.published import Published


def published(*texts: str) -> Published:
    (found,) = compiled(EDGE, *texts).compilation.checked.published
    return found


def levels(arrangement: Arrangement) -> list[list[str]]:
    return [
        [each.cluster if each.share is None else f"{each.cluster} {each.share}" for each in level]
        for level in arrangement.levels
    ]


def test_an_edge_calls_the_ingress_gateways_of_the_clusters_that_serve() -> None:
    found = published()
    assert [(gateway.cluster, gateway.name) for gateway in found.entry_points] == [("e1", "edge")]
    assert [(gateway.cluster, gateway.identity) for gateway in found.ingress_gateways] == [
        ("c1", "spiffe://cluster.local/ns/shop/sa/ingress"),
        ("c2", "spiffe://cluster.local/ns/shop/sa/ingress"),
    ]
    assert [route.serving for route in found.routes] == [("c1", "c2")]
    assert levels(found.ways["e1"][0]) == [["c1"], ["c2"]], "its own region first"
    assert levels(found.entry_order) == [["e1"]]


def test_without_an_edge_users_enter_every_cluster_and_each_has_itself_first() -> None:
    found = published(WITHOUT_EDGE)
    assert [gateway.cluster for gateway in found.entry_points] == ["c1", "c2"]
    assert {cluster: levels(way) for cluster, (way,) in found.ways.items()} == {
        "c1": [["c1"], ["c2"]],
        "c2": [["c2"], ["c1"]],
    }
    assert levels(found.entry_order) == [["c1", "c2"]]


SERVICE = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices:
  - host: web.shop.svc.cluster.local
    %s
"""


@pytest.mark.parametrize(
    ("said", "from_c1"),
    [
        ("traffic: {mode: ordered, order: [{names: [c2]}, {names: [c1]}]}", [["c2"], ["c1"]]),
        (
            "traffic: {mode: weighted, weights: [{names: [c1], share: 1}, {names: [c2], share: 3}]}",
            [["c1 1/4", "c2 3/4"]],
        ),
        ("failover: {enabled: false}", [["c1"]]),
    ],
)
def test_without_an_edge_users_call_as_the_policy_of_the_service_says(said: str, from_c1: list[list[str]]) -> None:
    assert levels(published(WITHOUT_EDGE, SERVICE % said).ways["c1"][0]) == from_c1


def test_the_shares_of_the_host_are_those_of_its_clusters() -> None:
    weights = "weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]"
    found = published(short(f"  traffic: {{mode: weighted, {weights}}}"))
    assert levels(found.ways["e1"][0]) == [["c1 7/10", "c2 3/10"]]


def test_entry_points_have_a_policy_of_their_own() -> None:
    order = "order: [{names: [c2]}, {names: [c1]}]"
    found = published(WITHOUT_EDGE, short(f"  entryPoints: {{mode: ordered, {order}}}", edge=False))
    assert levels(found.entry_order) == [["c2"], ["c1"]]
    assert levels(found.ways["c1"][0]) == [["c1"], ["c2"]]


NO_SERVICE = """
kind: Inventory
metadata: {name: c2}
spec: {namespaces: [{name: shop}], gateways: [{name: ingress, namespace: shop, addresses: [192.0.2.21]}]}
"""
LEAVING = NO_SERVICE.replace(
    "spec: {",
    "spec: {services: [{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], "
    "state: leaving}], ",
)
NO_ADDRESS = LEAVING.replace(", state: leaving", "").replace(", addresses: [192.0.2.21]", "")
ELSEWHERE = EDGE.replace("role: ingress}", "role: ingress, clusters: {names: [c1]}}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (NO_SERVICE, "no Service"),
        (LEAVING, "Service state"),
        (short("  draining: {names: [c2]}"), "draining"),
        (EDGE.replace("name: c2, region", "name: c2, state: draining, region"), "draining"),
        (EDGE.replace("role: ingress}", "role: ingress, draining: {names: [c2]}}"), "draining"),
        (ELSEWHERE, "no gateway"),
        (NO_ADDRESS, "no address"),
    ],
    ids=["no Service", "leaving", "host", "cluster", "gateway", "elsewhere", "no address"],
)
def test_a_cluster_that_does_not_serve_is_not_called(text: str, why: str) -> None:
    found = published(text)
    assert [(item.cluster, item.why) for item in found.routes[0].unserving] == [("c2", why)]
    assert levels(found.ways["e1"][0]) == [["c1"]]


def test_an_entry_point_that_drains_is_left_out() -> None:
    found = published(WITHOUT_EDGE, short("  draining: {names: [c1]}", edge=False))
    assert [gateway.state for gateway in found.entry_points] == ["draining", "active"]
    assert levels(found.entry_order) == [["c2"]]
    assert levels(found.ways["c1"][0]) == [["c1"], ["c2"]], "what is still open there goes on as before"


def test_without_an_edge_a_service_that_drains_takes_its_entry_point_out_whose_users_would_get_it() -> None:
    found = published(WITHOUT_EDGE, SERVICE % "draining: {names: [c1]}")
    assert levels(found.entry_order) == [["c2"]]


def test_services_that_drain_leave_the_edge_alone() -> None:
    draining = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, exposedServices: [], draining: {names: [c1, e1]}}
"""
    found = published(draining)
    assert found.routes[0].serving == ("c2",)
    assert levels(found.entry_order) == [["e1"]]
