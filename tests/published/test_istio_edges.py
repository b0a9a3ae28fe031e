"""What an edge on plain Istio calls: which ingress gateways in which order, how often, and whom it leaves out."""

from __future__ import annotations

import pytest

from tests.fleets import compiled, read
from tests.published.fleets import EDGE, short
from tests.published.istio import EDGE_NAME, INGRESS_NAME, WEIGHTED, entry, front_door, http, rule


def test_an_order_is_one_of_labels_and_retries_get_past_all_addresses_before_the_last() -> None:
    found = compiled(EDGE, short("  traffic: {mode: ordered, order: [{names: [c2]}, {names: [c1]}]}"))
    assert rule(found)["trafficPolicy"]["loadBalancer"] == read(
        "localityLbSetting: {enabled: true, failoverPriority: [order.meshgen.io/1]}"
    )
    levels = [(item["address"], item["labels"].get("order.meshgen.io/1")) for item in entry(found)["endpoints"]]
    assert levels == [
        ("192.0.2.21", None),
        ("192.0.2.22", None),
        ("192.0.2.23", None),
        ("192.0.2.11", "yes"),
        ("192.0.2.12", "yes"),
    ]
    assert http(found, "e1", EDGE_NAME)[0]["retries"]["attempts"] == 3


BY_NAME = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services: [{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}]
  gateways: [{name: ingress, namespace: shop, hostname: c2.elb.example.com}]
"""
NEW = EDGE.replace("platform: istio", "platform: istio\n  istio: {version: 1.30.0}")


def test_an_order_of_which_one_address_is_left_has_no_priorities() -> None:
    """Istio reads them with outlier detection only, and there is nobody to move to."""
    order = short("  traffic: {mode: ordered, order: [{names: [c2]}, {names: [c1]}]}\n  draining: {names: [c1]}")
    found = compiled(EDGE.replace(", 192.0.2.22, 192.0.2.23", ""), order)
    assert len(entry(found)["endpoints"]) == 1
    assert rule(found)["trafficPolicy"]["loadBalancer"] == {"localityLbSetting": {"enabled": False}}
    assert "outlierDetection" not in rule(found)["trafficPolicy"]


def test_names_get_an_alias_for_each_cluster_and_shares_in_the_routes() -> None:
    """Weights of endpoints count for each address that a name has (reference: tried on a mesh)."""
    found = compiled(NEW, BY_NAME, short(f"  {WEIGHTED}"))
    entries = found.specs("ServiceEntry", cluster="e1")
    first, second = entries
    assert [name.rpartition("-")[0] for name in entries] == ["edge-shop-c1", "edge-shop-c2"]
    assert [entries[name]["hosts"] for name in entries] == [[f"{first}.mesh"], [f"{second}.mesh"]]
    assert entries[second]["resolution"] == "DNS"
    assert entries[second]["endpoints"] == read("""
- address: c2.elb.example.com
  network: meshgen-c2.shop.ingress
  ports: {http: 15443}
  weight: 1
  labels: {order.meshgen.io/source: c2, security.istio.io/tlsMode: istio}
- address: 192.0.2.11
  network: meshgen-c1.shop.ingress
  ports: {http: 15443}
  weight: 1
  labels: {order.meshgen.io/1: "yes", order.meshgen.io/source: c1, security.istio.io/tlsMode: istio}
- address: 192.0.2.12
  network: meshgen-c1.shop.ingress
  ports: {http: 15443}
  weight: 1
  labels: {order.meshgen.io/1: "yes", order.meshgen.io/source: c1, security.istio.io/tlsMode: istio}
""")
    policy = found.spec("DestinationRule", cluster="e1", name=second)["trafficPolicy"]
    assert policy["loadBalancer"]["localityLbSetting"]["failoverPriority"] == ["order.meshgen.io/1"]
    assert policy["tls"] == {"mode": "ISTIO_MUTUAL", "sni": "shop.example.com"}
    assert http(found, "e1", EDGE_NAME)[0]["route"] == [
        {"destination": {"host": f"{first}.mesh", "port": {"number": 80}}, "weight": 7},
        {"destination": {"host": f"{second}.mesh", "port": {"number": 80}}, "weight": 3},
    ]


def test_every_entry_of_an_edge_names_the_identities_that_it_accepts() -> None:
    """One that names none accepts every certificate of the mesh: of hosts, of aliases, and of both sorts of probes."""
    canary = NEW.replace("spec:\n", "spec:\n  canary: {host: canary.example.com, image: example.com/canary:1}\n", 1)
    check = "  healthCheck: {host: health.shop.example.com, path: /up}"
    found = compiled(canary, BY_NAME, short(f"  {WEIGHTED}\n{check}"))
    entries = found.specs("ServiceEntry", cluster="e1")
    assert len(entries) == len(["c1", "c2"]) + 2 * len(["region", "c1", "c2"])
    assert {tuple(spec["subjectAltNames"]) for spec in entries.values()} == {
        ("spiffe://cluster.local/ns/shop/sa/ingress",)
    }


def test_aliases_of_an_edge_stay_where_they_are_kept() -> None:
    shared = compiled(NEW, BY_NAME, short(f"  {WEIGHTED}")).specs("ServiceEntry", cluster="e1")
    ended = WEIGHTED.replace("mode: weighted", "mode: nearest, aliases: true")
    kept = compiled(NEW, BY_NAME, short(f"  {ended}")).specs("ServiceEntry", cluster="e1")
    assert sorted(kept) == sorted([EDGE_NAME, *shared])
    assert {name: spec["hosts"] for name, spec in kept.items() if name in shared} == {
        name: spec["hosts"] for name, spec in shared.items()
    }


def test_an_order_of_names_needs_no_alias() -> None:
    found = compiled(NEW, BY_NAME, short("  traffic: {mode: ordered, order: [{names: [c2]}, {names: [c1]}]}"))
    assert list(found.specs("ServiceEntry", cluster="e1")) == [EDGE_NAME]
    assert entry(found)["resolution"] == "DNS"
    assert not any("locality" in endpoint for endpoint in entry(found)["endpoints"])


@pytest.mark.parametrize(
    ("failover", "edge", "ingress"),
    [
        ("{}", [(3, None), (3, None)], [(2, None), (2, None)]),
        ("{retries: {attempts: 8, perTryTimeout: 2s}}", [(8, "2s"), (8, "2s")], [(2, None), (2, None)]),
        ('{retries: {mode: "off"}}', [(0, None)], [(0, None)]),
        ("{retries: {idempotent: all}}", [(3, None)], [(2, None)]),
        ("{retries: {idempotent: none}}", [(3, None)], [(2, None)]),
    ],
)
def test_the_edge_tries_other_clusters_and_the_ingress_gateway_other_pods(
    failover: str, edge: list[tuple[int, str | None]], ingress: list[tuple[int, str | None]]
) -> None:
    found = compiled(EDGE, short(f"  failover: {failover}"))

    def retries(cluster: str, name: str) -> list[tuple[int, str | None]]:
        return [
            (route["retries"]["attempts"], route["retries"].get("perTryTimeout"))
            for route in http(found, cluster, name)
        ]

    assert retries("e1", EDGE_NAME) == edge
    assert retries("c1", INGRESS_NAME) == ingress


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ("{}", "40s"),
        ("{baseEjectionTime: 1m, interval: 2s}", "64s"),
        ("{interval: 250ms}", "30500ms"),
    ],
    ids=["defaults", "said", "below a second"],
)
def test_an_edge_ejects_for_two_intervals_longer_than_the_ingress_gateways(detection: str, expected: str) -> None:
    found = compiled(EDGE, short(f"  failover: {{outlierDetection: {detection}}}"))
    assert rule(found)["trafficPolicy"]["outlierDetection"]["baseEjectionTime"] == expected


def test_an_edge_in_a_workload_cluster_calls_its_own_ingress_gateway_by_address_and_first() -> None:
    both = EDGE.replace("clusters: {names: [e1]}", "clusters: {names: [c2]}")
    inventory = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services: [{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}]
  gateways:
  - {name: edge, namespace: edge, addresses: [198.51.100.2]}
  - {name: ingress, namespace: shop, addresses: [192.0.2.21]}
"""
    found = compiled(both, inventory)
    endpoints = found.spec("ServiceEntry", cluster="c2", name=EDGE_NAME)["endpoints"]
    assert [item["address"] for item in endpoints] == ["192.0.2.21", "192.0.2.11", "192.0.2.12"]
    assert f"Gateway/{INGRESS_NAME}" in front_door(found, "c2")


def test_what_drains_leaves_the_edge_and_goes_on_at_its_ingress_gateway() -> None:
    found = compiled(EDGE, short("  draining: {names: [c2]}"))
    assert [item["address"] for item in entry(found)["endpoints"]] == ["192.0.2.11", "192.0.2.12"]
    assert front_door(found, "c2") == front_door(compiled(EDGE), "c2")
