"""What a cluster gets beside a service that it has (reference: Istio, WorkloadEntry picked by a Service)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from tests.fleets import HAS, compiled, read

WEB = "web.shop.svc.cluster.local"
STEM = "k-web-" + hashlib.sha256(b"c1/shop/ew/shop/web").hexdigest()[:32]


def inventory(cluster: str, services: str) -> str:
    addresses = {"c1": "[198.51.100.1]", "c2": "[192.0.2.1, 192.0.2.2]"}[cluster]
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: shop}}]
  services:
{services}
  gateways: [{{name: ew, namespace: shop, addresses: {addresses}}}]
"""


def web(ports: str = "[{name: http, port: 80}]", *, selector: str = "{app: web}", accounts: str = "[web]") -> str:
    return f"""
  - {{name: web, namespace: shop, selector: {selector}, ports: {ports}, serviceAccounts: {accounts}}}
"""


def entries(*texts: str) -> dict[str, Any]:
    """Specs of the entries in c1 by name, `~` in place of the hash."""
    specs = compiled(*texts).specs("WorkloadEntry", cluster="c1")
    return {re.sub("[0-9a-f]{32}", "~", name): spec for name, spec in specs.items()}


def test_the_workload_entry_in_full() -> None:
    (found,) = compiled(HAS).manifests("WorkloadEntry", cluster="c2")
    assert found.body == read(f"""
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: {STEM}
  namespace: shop
  labels: {{app.kubernetes.io/managed-by: meshgen}}
  annotations: {{argocd.argoproj.io/sync-wave: "3", meshgen.io/source: workspace/shop}}
spec:
  address: 198.51.100.1
  network: meshgen-c1.shop.ew
  locality: eu
  ports: {{http: 15443}}
  labels: {{app: web, security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}}
  serviceAccount: web
""")


def test_its_rule_and_route_are_named_after_the_service_and_stand_beside_it() -> None:
    found = compiled(HAS)
    assert found.names("DestinationRule") == ["shop/meshgen-web"] * 2
    assert found.names("VirtualService") == ["shop/meshgen-web"] * 2
    assert found.names("ServiceEntry") == []


def test_the_place_in_the_address_list_is_the_number_in_the_name() -> None:
    assert {name: spec["address"] for name, spec in entries(HAS).items()} == {
        "k-web-~": "192.0.2.1",
        "k-web-~-2": "192.0.2.2",
    }


@pytest.mark.parametrize(
    ("ports", "keys"),
    [
        ("[{name: http, port: 80}]", ["http"]),
        ("[{name: http, port: 80, targetPort: 8080}]", ["http"]),
        ("[{name: http, port: 80, targetPort: http-web}]", ["http", "http-web"]),
        ("[{name: http, port: 80}, {name: grpc, port: 90, targetPort: rpc}]", ["grpc", "http", "rpc"]),
        ("[{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]", ["http"]),
    ],
)
def test_every_port_has_the_key_that_istiod_looks_for(ports: str, keys: list[str]) -> None:
    for spec in entries(HAS, inventory("c1", web(ports)), inventory("c2", web(ports))).values():
        assert spec["ports"] == dict.fromkeys(keys, 15443)


def test_the_keys_are_those_of_the_local_service() -> None:
    local = web("[{name: http, port: 80, targetPort: here}]")
    remote = web("[{name: http, port: 80, targetPort: there}]")
    for spec in entries(HAS, inventory("c1", local), inventory("c2", remote)).values():
        assert spec["ports"] == {"here": 15443, "http": 15443}


def test_the_labels_are_those_of_the_local_selector() -> None:
    for spec in entries(HAS, inventory("c1", web(selector="{app: web, tier: a}"))).values():
        assert spec["labels"] == {
            "app": "web",
            "security.istio.io/tlsMode": "istio",
            "service.istio.io/canonical-name": "web",
            "tier": "a",
        }


@pytest.mark.parametrize(
    ("accounts", "spread"),
    [
        ("[web]", ["web", "web"]),
        ("[b, a]", ["a", "b"]),
        ("[]", [None, None]),
    ],
)
def test_the_accounts_of_a_source_are_spread_over_its_entries(accounts: str, spread: list[str | None]) -> None:
    found = entries(HAS, inventory("c2", web(accounts=accounts)))
    assert [spec.get("serviceAccount") for spec in found.values()] == spread


def test_unknown_accounts_are_not_guessed() -> None:
    remote = "  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}"
    assert all("serviceAccount" not in spec for spec in entries(HAS, inventory("c2", remote)).values())


def test_more_accounts_than_addresses_are_told() -> None:
    assert "MG350" in compiled(HAS, inventory("c2", web(accounts="[a, b, c]"))).codes


STABLE_AND_CANARY = """
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: web-canary, namespace: shop, selector: {app: web, track: canary}, ports: [{name: http, port: 80}],
     serviceAccounts: [web]}
"""
METRICS = """
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: web-metrics, namespace: shop, selector: {app: web}, serviceAccounts: [web],
     ports: [{name: http-metrics, port: 9090, targetPort: prom}]}
"""


def test_stable_and_canary_services_share_one_entry_for_each_address() -> None:
    found = entries(HAS, inventory("c1", STABLE_AND_CANARY), inventory("c2", STABLE_AND_CANARY))
    assert list(found) == ["k-web-~", "k-web-~-2"]
    for spec in found.values():
        assert spec["labels"]["track"] == "canary"
        assert spec["labels"]["service.istio.io/canonical-name"] == "web"


def test_a_metrics_service_shares_the_entry_and_adds_its_ports() -> None:
    found = entries(HAS, inventory("c1", METRICS), inventory("c2", METRICS))
    assert list(found) == ["k-web-~", "k-web-~-2"]
    for spec in found.values():
        assert spec["ports"] == {"http": 15443, "http-metrics": 15443, "prom": 15443}


def test_every_service_of_a_group_has_its_own_rule_and_route() -> None:
    found = compiled(HAS, inventory("c1", METRICS), inventory("c2", METRICS))
    assert found.names("DestinationRule", cluster="c1") == ["shop/meshgen-web", "shop/meshgen-web-metrics"]
    assert found.names("VirtualService", cluster="c1") == ["shop/meshgen-web", "shop/meshgen-web-metrics"]


def test_the_accounts_of_all_services_of_a_group_are_spread() -> None:
    remote = METRICS.replace("serviceAccounts: [web],\n     ports", "serviceAccounts: [prom], ports")
    found = entries(HAS, inventory("c1", METRICS), inventory("c2", remote))
    assert sorted(spec["serviceAccount"] for spec in found.values()) == ["prom", "web"]


def test_a_service_of_the_group_that_is_not_exposed_is_an_error_that_shows_both() -> None:
    found = compiled(HAS, inventory("c1", METRICS), inventory("c2", METRICS), """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices: [web.shop.svc.cluster.local]
""")  # fmt: skip
    first, second = (diagnostic for diagnostic in found.diagnostics if diagnostic.severity == "error")
    assert (first.code, second.code) == ("MG355", "MG355")
    assert "`web`" in first.message
    assert "`web-metrics`" in first.message
    assert first.notes


def test_a_headless_service_with_the_same_selector_is_not_in_the_group() -> None:
    services = """
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: web-pods, namespace: shop, selector: {app: web}, clusterIP: None, ports: [{name: peer, port: 90}]}
"""
    for spec in entries(HAS, inventory("c1", services), inventory("c2", services)).values():
        assert spec["ports"] == {"http": 15443}
