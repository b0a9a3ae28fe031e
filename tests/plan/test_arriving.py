"""A local copy that appears: its entries are there before the Service is, and the ServiceEntry until it was."""

from __future__ import annotations

import pytest

from tests.fleets import compiled

FLEET = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
  workspaces:
  - name: shop
    namespaceSelector: {names: ["*/shop"]}
    eastWestGateway: {name: ew, namespace: shop}
    exposedServices: [web.shop.svc.cluster.local]
"""


def inventory(cluster: str, address: str, state: str, dns_capture: str = "true") -> str:
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  istio: {{dnsCapture: {dns_capture}}}
  namespaces: [{{name: shop}}]
  services:
  - name: web
    namespace: shop
    selector: {{app: web}}
    ports: [{{name: http, port: 80}}]
    serviceAccounts: [web]
    state: {state}
  gateways: [{{name: ew, namespace: shop, addresses: [{address}, {address}0]}}]
"""


def kinds(state: str, dns_capture: str = "true") -> list[str]:
    """What c1 gets for `web`, whose Service is in that state there."""
    found = compiled(FLEET, inventory("c1", "192.0.2.1", state, dns_capture), inventory("c2", "198.51.100.1", "active"))
    entries = {"ServiceEntry", "WorkloadEntry", "Service"}
    return sorted({m.kind for m in found.manifests(cluster="c1") if m.kind in entries and m.name != "ew"})


@pytest.mark.parametrize(
    ("state", "entries"),
    [
        ("arriving", ["ServiceEntry", "WorkloadEntry"]),
        ("active", ["WorkloadEntry"]),
        ("leaving", ["ServiceEntry"]),
    ],
)
def test_a_cluster_gets_entries_by_the_state_of_its_service(state: str, entries: list[str]) -> None:
    assert kinds(state) == entries


@pytest.mark.parametrize(
    ("state", "entries"),
    [
        ("arriving", ["Service", "WorkloadEntry"]),
        ("active", ["WorkloadEntry"]),
        ("leaving", ["WorkloadEntry"]),
    ],
)
def test_a_stub_is_there_only_while_the_service_is_not(state: str, entries: list[str]) -> None:
    assert kinds(state, dns_capture="false") == entries


def test_an_arriving_service_serves_no_other_cluster() -> None:
    found = compiled(FLEET, inventory("c1", "192.0.2.1", "arriving"), inventory("c2", "198.51.100.1", "active"))
    assert [m.kind for m in found.manifests(cluster="c2") if m.kind.endswith("Entry")] == []
