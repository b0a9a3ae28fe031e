"""Spanning, exposing, serving, consuming (design §3): which cluster gets entries for which service."""

from __future__ import annotations

import pytest

from tests.fleets import HAS, LACKS, compiled

WEB = "web.shop.svc.cluster.local"
SHARED = "meshgen-multicluster"


def exposed(*texts: str) -> dict[str, list[str]]:
    """Cluster → the hosts that its gateway lets in, one a Gateway."""
    hosts: dict[str, list[str]] = {}
    for gateway in compiled(*texts).manifests("Gateway.networking.istio.io"):
        (server,) = gateway.body["spec"]["servers"]
        hosts.setdefault(gateway.cluster, []).extend(server["hosts"])
    return hosts


def imported(*texts: str) -> dict[str, list[str]]:
    """Cluster → names of the entries that it gets, without the hash of WorkloadEntries."""
    found = compiled(*texts)
    clusters = [cluster.cluster for cluster in found.plan.clusters]
    return {
        cluster: [
            f"{m.kind} {m.namespace}/{m.name.split('-')[1] if m.kind == 'WorkloadEntry' else m.name}"
            for m in found.manifests(cluster=cluster)
            if m.kind in ("ServiceEntry", "WorkloadEntry")
        ]
        for cluster in clusters
    }


def test_a_cluster_that_lacks_the_service_gets_one_service_entry() -> None:
    assert imported(LACKS) == {"c1": [f"ServiceEntry {SHARED}/{WEB}"], "c2": []}


def test_a_cluster_that_has_the_service_gets_a_workload_entry_for_each_remote_address() -> None:
    assert imported(HAS) == {
        "c1": ["WorkloadEntry shop/web", "WorkloadEntry shop/web"],
        "c2": ["WorkloadEntry shop/web"],
    }


def test_a_workspace_that_spans_one_cluster_exposes_from_that_one_and_the_other_consumes() -> None:
    only_c2 = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["c2/sh*"]}, eastWestGateway: {name: ew, namespace: shop}}
"""
    assert exposed(LACKS, only_c2) == {"c2": [WEB]}
    assert imported(LACKS, only_c2) == {"c1": [f"ServiceEntry {SHARED}/{WEB}"], "c2": []}


def test_a_namesake_outside_of_the_workspace_keeps_its_name_and_gets_nothing() -> None:
    found = (
        HAS,
        """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["c2/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
""",
    )
    assert imported(*found) == {"c1": [], "c2": []}
    assert "MG343" in compiled(*found).codes


def test_a_gateway_that_is_not_in_a_cluster_exposes_nothing_there() -> None:
    only_c1 = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop, clusters: {names: [c1]}}
"""
    assert exposed(HAS, only_c1) == {"c1": [WEB]}
    assert imported(HAS, only_c1) == {"c1": [], "c2": ["WorkloadEntry shop/web"]}


@pytest.mark.parametrize(
    ("declared", "hosts"),
    [
        ("", ["api.shop.svc.cluster.local", WEB]),
        (f"exposedServices: [{WEB}]", [WEB]),
        (
            "exposedServices: [web.shop.svc.cluster.local, api.shop.svc.cluster.local]",
            ["api.shop.svc.cluster.local", WEB],
        ),
        ("exposedServices: []", []),
    ],
)
def test_the_list_of_exposed_services_decides_what_the_gateway_lets_in(declared: str, hosts: list[str]) -> None:
    found = exposed(LACKS, f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {declared}
""", """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: api, namespace: shop, selector: {app: api}, ports: [{name: http, port: 80}], serviceAccounts: [api]}
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]
""")  # fmt: skip
    assert found == ({"c2": hosts} if hosts else {})


@pytest.mark.parametrize(
    "service",
    [
        "{name: db, namespace: shop, selector: {app: db}, clusterIP: None, ports: [{name: tcp, port: 1}]}",
        "{name: db, namespace: shop, type: ExternalName, ports: [{name: tcp, port: 1}]}",
        "{name: db, namespace: shop, ports: [{name: tcp, port: 1}]}",
        "{name: db, namespace: shop, selector: {app: db}, ports: [{name: dns, port: 53, protocol: UDP}]}",
        "{name: db, namespace: shop, selector: {app: db}, ports: [{port: 1}]}",
        "{name: ew, namespace: shop, selector: {app: ew}, ports: [{name: tls, port: 15443}]}",
    ],
    ids=["headless", "ExternalName", "selector-less", "UDP only", "unnamed port", "the gateway's own"],
)
def test_a_service_that_cannot_be_exposed_is_skipped_where_all_are_exposed(service: str) -> None:
    assert exposed(LACKS, f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}], serviceAccounts: [web]}}
  - {service}
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}}]
""") == {"c2": [WEB]}  # fmt: skip


DRAINING = {
    "cluster": """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2, state: draining}]
""",
    "workspace": """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}, state: draining}
""",
    "service": """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices: [{host: web.shop.svc.cluster.local, state: draining}]
""",
    "workspace in the cluster": """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  draining: {names: [c2]}
""",
    "service in the cluster": """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices: [{host: web.shop.svc.cluster.local, draining: {names: ["c2*"]}}]
""",
    "gateway in the cluster": """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop, draining: {names: [c2]}}
""",
    "Service that is leaving": """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web],
     state: leaving}
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]
""",
}


@pytest.mark.parametrize("what", DRAINING)
def test_draining_takes_the_endpoints_out_of_consumers_and_keeps_the_exposure(what: str) -> None:
    assert exposed(LACKS, DRAINING[what]) == {"c2": [WEB]}
    assert imported(LACKS, DRAINING[what])["c1"] == []


def test_a_cluster_that_a_service_is_leaving_calls_the_remote_ones() -> None:
    assert imported(HAS, DRAINING["Service that is leaving"])["c2"] == [f"ServiceEntry {SHARED}/{WEB}"]


def test_a_gateway_without_an_address_exposes_and_serves_nothing() -> None:
    no_address = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
"""
    assert exposed(LACKS, no_address) == {"c2": [WEB]}
    assert imported(LACKS, no_address) == {"c1": [], "c2": []}
    assert "MG311" in compiled(LACKS, no_address).codes


EDGE = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: us, network: n3, role: edge, labels: {tier: front}}
---
kind: Inventory
metadata: {name: c3}
spec: {}
"""


def test_an_edge_cluster_calls_no_exposed_service() -> None:
    assert imported(LACKS, EDGE)["c3"] == []


@pytest.mark.parametrize("selector", ["{names: [c3]}", '{names: ["c*"]}', "{labels: {tier: front}}"])
def test_an_edge_cluster_that_consumers_name_calls_it(selector: str) -> None:
    assert imported(LACKS, EDGE, f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  consumers: {selector}
""")["c3"] == [f"ServiceEntry {SHARED}/{WEB}"]  # fmt: skip


THREE = EDGE.replace(", role: edge", "")


@pytest.mark.parametrize(
    ("workspace", "service", "calling"),
    [
        ("", "", ["c1", "c3"]),
        ("consumers: {names: [c1]}", "", ["c1"]),
        ("consumers: {labels: {tier: front}}", "", ["c3"]),
        ("consumers: {names: [c1]}", "consumers: {names: [c3]}", ["c3"]),
    ],
    ids=["all", "by name", "by label", "the service's own"],
)
def test_consumers_decide_who_gets_entries(workspace: str, service: str, calling: list[str]) -> None:
    found = imported(LACKS, THREE, f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {workspace}
  exposedServices: [{{host: {WEB}, {service}}}]
""")  # fmt: skip
    assert [cluster for cluster, entries in found.items() if entries] == calling


def test_failover_switched_off_leaves_callers_local_and_the_others_remote() -> None:
    off = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  failover: {enabled: false}
"""
    assert imported(HAS, THREE, off) == {"c1": [], "c2": [], "c3": [f"ServiceEntry {SHARED}/{WEB}"]}
    assert compiled(HAS, THREE, off).names("DestinationRule", cluster="c1") == []
    assert compiled(HAS, THREE, off).names("VirtualService", cluster="c1") == []


def test_two_sources_serve_one_service_entry() -> None:
    entry = compiled(HAS, THREE).spec("ServiceEntry", cluster="c3")
    assert [(e["address"], e["network"]) for e in entry["endpoints"]] == [
        ("198.51.100.1", "meshgen-c1.shop.ew"),
        ("192.0.2.1", "meshgen-c2.shop.ew"),
        ("192.0.2.2", "meshgen-c2.shop.ew"),
    ]


def test_nobody_calls_itself() -> None:
    for cluster in compiled(HAS, THREE).plan.clusters:
        endpoints = [e for entry in cluster.service_entries for e in entry.endpoints]
        endpoints += [entry.endpoint for entry in cluster.workload_entries]
        assert cluster.cluster not in {endpoint.source for endpoint in endpoints}


def test_gateways_let_in_exactly_what_their_cluster_has() -> None:
    assert exposed(LACKS) == {"c2": [WEB]}


def test_two_workspaces_behind_one_gateway_let_their_hosts_in_there() -> None:
    assert exposed("""
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}]
  gateways: [{name: ew, namespace: gateways}]
  workspaces:
  - {name: shop, namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: gateways}}
  - {name: bank, namespaceSelector: {names: ["*/bank"]}, eastWestGateway: {name: ew, namespace: gateways}}
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}, {name: bank}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: api, namespace: bank, selector: {app: api}, ports: [{name: http, port: 80}], serviceAccounts: [api]}
  gateways: [{name: ew, namespace: gateways, addresses: [192.0.2.1, 192.0.2.2]}]
""") == {"c1": ["api.bank.svc.cluster.local", WEB]}  # fmt: skip
