"""What `ordered`, `weighted` and regions that are near to each other become (design §3, ADR 35, 36)."""

from __future__ import annotations

import pytest

from tests.fleets import Compiled, compiled, read

FLEET = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  REGIONS
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: asia, network: n3}
---
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  traffic: TRAFFIC
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services: [OWN]
  gateways: [{name: ew, namespace: shop, addresses: [198.51.100.1]}]
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services: [WEB]
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]
---
kind: Inventory
metadata: {name: c3}
spec:
  namespaces: [{name: shop}]
  services: [WEB]
  gateways: [{name: ew, namespace: shop, addresses: [203.0.113.1, 203.0.113.2, 203.0.113.3]}]
"""
WEB = (
    "{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}], "
    "serviceAccounts: [web]}"
)
HOST = "web.shop.svc.cluster.local"


ONLY_C1 = "\n  consumers: {names: [c1]}"
"""So that no copy elsewhere is left out, which is an error (MG430)."""


def three(
    traffic: str, *, own: bool = True, regions: str = "", failover: str = "", of_c3: str = "network: n3"
) -> Compiled:
    text = FLEET.replace("OWN", WEB if own else "").replace("WEB", WEB).replace("network: n3", of_c3)
    text = text.replace("REGIONS", regions and f"regions: {regions}")
    return compiled(text.replace("TRAFFIC", traffic + (f"\n  failover: {failover}" if failover else "")))


def ordered(*names: str) -> str:
    return "{mode: ordered, order: [" + ", ".join(f"{{names: [{name}]}}" for name in names) + "]}"


def weighted(**shares: int) -> str:
    items = ", ".join(f"{{names: [{name}], share: {share}}}" for name, share in shares.items())
    return f"{{mode: weighted, weights: [{items}]}}"


def labels(found: Compiled, cluster: str = "c1") -> dict[str, dict[str, str]]:
    """Source → the labels of its endpoints that are about order, in WorkloadEntries."""
    return {
        item.body["spec"]["network"].split(".")[0].removeprefix("meshgen-"): {
            key: value for key, value in item.body["spec"]["labels"].items() if key.startswith("order.meshgen.io/")
        }
        for item in found.manifests("WorkloadEntry", cluster=cluster)
    }


def locality(found: Compiled, name: str = "", cluster: str = "c1") -> object:
    spec = found.spec("DestinationRule", cluster=cluster, name=name)
    return spec["trafficPolicy"].get("loadBalancer", {}).get("localityLbSetting")


KEY = "order.meshgen.io"


@pytest.mark.parametrize(
    ("order", "priorities", "endpoints"),
    [
        (("c1", "c3", "c2"), [f"{KEY}/2", f"{KEY}/1"], {"c2": {f"{KEY}/2": "yes"}, "c3": {f"{KEY}/1": "yes"}}),
        (("c3", "c1", "c2"), [f"{KEY}/2", f"{KEY}/1=yes"], {"c2": {f"{KEY}/2": "yes"}, "c3": {f"{KEY}/1": "yes"}}),
        (
            ("c3", "c2", "c1"),
            [f"{KEY}/2=yes", f"{KEY}/1=yes"],
            {"c2": {f"{KEY}/2": "yes"}, "c3": {f"{KEY}/1": "yes", f"{KEY}/2": "yes"}},
        ),
    ],
)
def test_the_own_copy_first_in_the_middle_and_last(
    order: tuple[str, ...], priorities: list[str], endpoints: dict[str, dict[str, str]]
) -> None:
    found = three(ordered(*order))
    assert locality(found) == {"enabled": True, "failoverPriority": priorities}
    assert labels(found) == endpoints


def test_a_workload_entry_with_its_place_in_full() -> None:
    name = "k-web-ccb77c8ef55e44ace7d63145e9de8493"
    assert three(ordered("c3", "c1", "c2")).body("WorkloadEntry", cluster="c1", name=name) == read("""
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: k-web-ccb77c8ef55e44ace7d63145e9de8493
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "3", meshgen.io/source: workspace/shop}
spec:
  address: 192.0.2.1
  network: meshgen-c2.shop.ew
  locality: us
  ports: {http: 15443}
  labels:
    app: web
    order.meshgen.io/2: "yes"
    security.istio.io/tlsMode: istio
    service.istio.io/canonical-name: web
  serviceAccount: web
""")


def test_each_consumer_has_its_own_order() -> None:
    found = three(ordered("c1", "c3", "c2"), own=False)
    endpoints = found.spec("ServiceEntry", cluster="c1")["endpoints"]
    assert [(e["address"], [key for key in e["labels"] if key.startswith(KEY)]) for e in endpoints] == [
        ("192.0.2.1", [f"{KEY}/2"]), ("192.0.2.2", [f"{KEY}/2"]),
        ("203.0.113.1", [f"{KEY}/1"]), ("203.0.113.2", [f"{KEY}/1"]), ("203.0.113.3", [f"{KEY}/1"]),
    ]  # fmt: skip
    assert locality(found) == {"enabled": True, "failoverPriority": [f"{KEY}/2", f"{KEY}/1"]}
    assert locality(found, cluster="c3") == {"enabled": True, "failoverPriority": [f"{KEY}/2", f"{KEY}/1=yes"]}


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("drained", ["c2", "c3"])
def test_a_drain_takes_endpoints_away_and_changes_no_label_and_no_priority(drained: str, own: bool) -> None:  # noqa: FBT001
    """Rules are synced before entries: a label that changed would meet the priorities of another order (ADR 49)."""
    traffic = ordered("c3", "c1", "c2") if own else ordered("c1", "c3", "c2")
    before = three(traffic + ONLY_C1, own=own)
    after = three(f"{traffic}{ONLY_C1}\n  draining: {{names: [{drained}]}}", own=own)
    assert locality(after) == locality(before)
    if own:
        assert labels(after) == {name: found for name, found in labels(before).items() if name != drained}
    else:
        kept = {"c2": "192.0.2.", "c3": "203.0.113."}[{"c2": "c3", "c3": "c2"}[drained]]
        was, left = (found.spec("ServiceEntry", cluster="c1")["endpoints"] for found in (before, after))
        assert left == [endpoint for endpoint in was if endpoint["address"].startswith(kept)]


def test_clusters_that_are_not_named_get_no_endpoint() -> None:
    found = three(ordered("c1", "c2") + ONLY_C1)
    assert labels(found).keys() == {"c2"}
    assert [reason.why for reason in found.calls.of("c1")[HOST].reasons] == ["own Service", "ordered", "not named"]


def test_only_sources_that_are_chosen_serve() -> None:
    found = three("{sources: {names: [c1, c3]}}" + ONLY_C1)
    assert labels(found).keys() == {"c3"}
    assert [source.cluster for source in found.calls.of("c1")[HOST].sources] == ["c3"]


def test_own_first_and_all_others_together_needs_no_labels() -> None:
    found = three("{mode: ordered, order: [{names: [c1]}, {names: [c2, c3]}]}")
    assert locality(found) == {"enabled": True, "failoverPriority": ["topology.istio.io/network"]}
    assert labels(found) == {"c2": {}, "c3": {}}


def test_one_level_of_several_regions_ranks_nothing_by_region() -> None:
    found = three('{mode: ordered, order: [{names: ["*"]}]}', own=False)
    assert locality(found) == {"enabled": False}


def test_regions_near_to_each_other() -> None:
    found = three("{}", regions="[{name: eu, near: [asia, us]}]")
    assert locality(found) == {"enabled": True, "failoverPriority": [f"{KEY}/2", f"{KEY}/1"]}
    assert labels(found) == {"c2": {f"{KEY}/2": "yes"}, "c3": {f"{KEY}/1": "yes"}}


def test_regions_that_change_nothing_leave_the_bytes() -> None:
    plain = three("{}").files
    assert three("{}", regions="[{name: africa, near: [eu]}]").files == plain
    assert three("{}", regions="[{name: eu, near: []}]").files == plain


@pytest.mark.parametrize(
    ("order", "attempts"),
    [(("c1", "c3", "c2"), 2 + 3), (("c3", "c1", "c2"), 3 + 2), (("c3", "c2", "c1"), 3 + 2), (("c1", "c2"), 3)],
)
def test_attempts_reach_the_last_level_past_all_addresses(order: tuple[str, ...], attempts: int) -> None:
    routes = three(ordered(*order) + ONLY_C1).spec("VirtualService", cluster="c1")["http"]
    assert {route["retries"]["attempts"] for route in routes} == {attempts}


def test_weights_of_endpoints_where_the_consumer_has_no_copy() -> None:
    found = three(weighted(c2=70, c3=30), own=False)
    endpoints = found.spec("ServiceEntry", cluster="c1")["endpoints"]
    assert [(e["address"], e["weight"]) for e in endpoints] == [
        ("192.0.2.1", 7), ("192.0.2.2", 7), ("203.0.113.1", 2), ("203.0.113.2", 2), ("203.0.113.3", 2),
    ]  # fmt: skip
    assert locality(found) == {"enabled": False}


def test_weights_of_endpoints_are_taken_in_turn_whatever_is_open() -> None:
    found = three(weighted(c2=70, c3=30), own=False)
    rule = found.spec("DestinationRule", cluster="c1", name="web.shop.svc.cluster.local")
    assert rule["trafficPolicy"]["loadBalancer"] == {
        "simple": "ROUND_ROBIN",
        "localityLbSetting": {"enabled": False},
    }


def test_an_order_of_which_one_endpoint_is_left_has_no_priorities() -> None:
    """Istio reads them with outlier detection only, and there is nobody to move to."""
    text = FLEET.replace("192.0.2.1, 192.0.2.2", "192.0.2.1").replace("OWN", "").replace("REGIONS", "")
    text = text.replace("TRAFFIC", ordered("c2", "c3") + ONLY_C1)
    both = compiled(text.replace("WEB", WEB))
    assert locality(both) == {"enabled": True, "failoverPriority": [f"{KEY}/1"]}
    one = compiled(text.replace("WEB", WEB, 1).replace("WEB", ""))
    assert len(one.spec("ServiceEntry", cluster="c1")["endpoints"]) == 1
    assert set(one.spec("DestinationRule", cluster="c1")["trafficPolicy"]) == {"connectionPool"}


def test_share_0_drops_the_endpoint() -> None:
    found = three(weighted(c2=1, c3=0) + ONLY_C1, own=False)
    endpoints = found.spec("ServiceEntry", cluster="c1")["endpoints"]
    assert [(e["address"], e.get("weight")) for e in endpoints] == [("192.0.2.1", None), ("192.0.2.2", None)]


ALIASES = {cluster: f"web.{cluster}.shop.mesh" for cluster in ("c1", "c2", "c3")}


def test_an_alias_in_full() -> None:
    found = three(weighted(c1=50, c2=30, c3=20))
    assert found.body("ServiceEntry", cluster="c1", name=ALIASES["c2"]) == read("""
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: web.c2.shop.mesh
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "3", meshgen.io/source: workspace/shop}
spec:
  hosts: [web.c2.shop.mesh]
  addresses: [240.241.171.34]
  exportTo: ["*"]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  workloadSelector: {labels: {app: web}}
""")


def test_every_alias_stands_in_every_cluster_and_begins_with_its_own_there() -> None:
    found = three(weighted(c1=50, c2=30, c3=20))
    for cluster in ALIASES:
        assert sorted(found.specs("ServiceEntry", cluster=cluster)) == sorted(ALIASES.values())
        for source, alias in ALIASES.items():
            first = "topology.istio.io/network" if source == cluster else f"{KEY}/source={source}"
            assert locality(found, alias, cluster) == {"enabled": True, "failoverPriority": [first]}
    assert labels(found) == {"c2": {f"{KEY}/source": "c2"}, "c3": {f"{KEY}/source": "c3"}}


def test_every_gateway_lets_every_alias_in() -> None:
    found = three(weighted(c1=50, c2=30, c3=20))
    for cluster in ALIASES:
        hosts = [item.body["spec"]["servers"][0]["hosts"] for item in found.manifests("Gateway", cluster=cluster)]
        assert sorted(hosts) == [[host] for host in sorted([HOST, *ALIASES.values()])]
    assert all({HOST, *ALIASES.values()} <= hosts for hosts in found.plan.exposed.values())


def test_routes_share_the_requests_out_among_the_aliases() -> None:
    routes = three(weighted(c1=50, c2=30, c3=20)).spec("VirtualService", cluster="c1")["http"]
    assert [route["name"] for route in routes] == ["safe-80", "other-80"]
    for route in routes:
        assert route["route"] == [
            {"destination": {"host": ALIASES["c1"], "port": {"number": 80}}, "weight": 5},
            {"destination": {"host": ALIASES["c2"], "port": {"number": 80}}, "weight": 3},
            {"destination": {"host": ALIASES["c3"], "port": {"number": 80}}, "weight": 2},
        ]
        assert route["retries"]["attempts"] == 5


@pytest.mark.parametrize("mode", ["meshConfig", "off"])
def test_routes_with_shares_say_nothing_of_retries_that_others_carry(mode: str) -> None:
    found = three(weighted(c1=50, c2=50) + ONLY_C1, failover=f"{{retries: {{mode: {mode}}}}}")
    (route,) = found.spec("VirtualService", cluster="c1")["http"]
    assert (route["name"], len(route["route"]), "retries" in route) == ("all-80", 2, False)


def test_what_drains_leaves_the_routes_and_keeps_its_alias_at_the_gateways() -> None:
    text = three(weighted(c1=50, c2=30, c3=20))
    assert len(text.spec("VirtualService", cluster="c1")["http"][0]["route"]) == 3
    drained = three(weighted(c1=50, c2=30, c3=20), of_c3="network: n3, state: draining")
    routes = drained.spec("VirtualService", cluster="c1")["http"]
    assert [(to["destination"]["host"], to["weight"]) for to in routes[0]["route"]] == [
        (ALIASES["c1"], 5), (ALIASES["c2"], 3),
    ]  # fmt: skip
    assert any(item.body["spec"]["servers"][0]["hosts"] == [ALIASES["c3"]] for item in drained.manifests("Gateway"))


ENDED = weighted(c1=50, c2=30, c3=20).replace("mode: weighted", "mode: nearest, aliases: true")


@pytest.mark.parametrize(
    ("ended", "clusters"),
    [
        (ENDED, ["c1", "c2", "c3"]),
        (weighted(c1=50, c2=50, c3=0).replace("mode: weighted", "mode: weighted, aliases: true"), ["c1", "c2"]),
    ],
    ids=["all shares end", "one ends"],
)
def test_aliases_that_are_kept_stay_as_they_are(ended: str, clusters: list[str]) -> None:
    """So a commit can change the routes first: what it deletes, some engines delete right after (ADR 55)."""
    shared, kept = three(weighted(c1=50, c2=30, c3=20)), three(ended)
    for cluster in clusters:
        for kind in ("ServiceEntry", "Gateway"):
            assert kept.specs(kind, cluster=cluster) == shared.specs(kind, cluster=cluster)
        for alias in ALIASES.values():
            before = shared.spec("DestinationRule", cluster=cluster, name=alias)
            assert kept.spec("DestinationRule", cluster=cluster, name=alias) == before


def test_no_route_leads_to_aliases_that_are_kept() -> None:
    (to,) = three(ENDED).spec("VirtualService", cluster="c1")["http"][0]["route"]
    assert to["destination"]["host"] == HOST
    rule = next(iter(three("{mode: nearest}").manifests("DestinationRule", cluster="c1"))).name
    assert locality(three(ENDED), rule) == locality(three("{mode: nearest}"))


def test_nothing_is_kept_without_failover() -> None:
    assert list(three(ENDED, failover="{enabled: false}").specs("ServiceEntry", cluster="c1")) == []


def test_a_cluster_without_the_service_gets_weights_and_no_alias() -> None:
    found = three(weighted(c2=70, c3=30), own=False)
    assert list(found.specs("ServiceEntry", cluster="c1")) == [HOST]
    assert sorted(found.specs("ServiceEntry", cluster="c2")) == [ALIASES["c2"], ALIASES["c3"]]


def test_an_own_copy_without_a_share_is_routed_past_by_aliases_of_entries_only() -> None:
    found = three(weighted(c2=70, c3=30))
    selector = {"app": "web", f"{KEY}/entry": "yes"}
    aliases = found.specs("ServiceEntry", cluster="c1")
    assert {name: spec["workloadSelector"]["labels"] for name, spec in aliases.items()} == {
        ALIASES["c2"]: selector, ALIASES["c3"]: selector,
    }  # fmt: skip
    assert labels(found) == {cluster: {f"{KEY}/entry": "yes", f"{KEY}/source": cluster} for cluster in ("c2", "c3")}
    routes = found.spec("VirtualService", cluster="c1")["http"]
    assert [to["weight"] for to in routes[0]["route"]] == [7, 3]
    assert found.spec("ServiceEntry", cluster="c2", name=ALIASES["c3"])["workloadSelector"]["labels"] == {"app": "web"}


def test_one_share_routes_past_every_other_copy() -> None:
    found = three("{mode: weighted, weights: [{names: [c2], share: 1}, {names: [c1, c3], share: 0}]}")
    for cluster in ("c1", "c3"):
        routes = found.spec("VirtualService", cluster=cluster)["http"]
        assert [to["destination"]["host"] for to in routes[0]["route"]] == [ALIASES["c2"]]
    assert not found.manifests("VirtualService", cluster="c2")
    assert [reason.why for reason in found.calls.of("c1")[HOST].reasons] == ["weighted", "share 0", "share 0"]
