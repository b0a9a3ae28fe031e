"""What the fleet uses does not vanish from an inventory by an import of a part."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.inventory.command import Request, Result, run

SPEC = """
spec:
  platform: istio
  clusters:
  - {name: west, region: eu-west-1, network: net-west}
  - {name: east, region: us-east-1, network: net-east}
  workspaces:
  - name: shop
    namespaceSelector: {names: ["*/shop"]}
    eastWestGateway: {name: eastwest, namespace: shop}
"""
FLEET = f"apiVersion: meshgen.io/v1\nkind: Fleet\nmetadata: {{name: demo}}{SPEC}"
INVENTORY = """apiVersion: meshgen.io/v1
kind: Inventory
metadata: {name: west}
spec:
  namespaces:
  - {name: shop}
  services:
  - name: orders
    namespace: shop
    selector: {app: orders}
    ports: [{name: http, port: 80}]
  - name: users
    namespace: shop
    selector: {app: users}
    ports: [{name: http, port: 80}]
  gateways:
  - {name: eastwest, namespace: shop, addresses: [203.0.113.11]}
  virtualServices:
  - name: routes
    namespace: shop
    hosts: [orders]
"""


def service(name: str, port: int = 80) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: {port}}}]}}\n"
    )


ACCOUNT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n"
GATEWAY = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: eastwest, namespace: shop}\nspec: {ports: [{port: 15443}]}\n"
    "status: {loadBalancer: {ingress: [{ip: 203.0.113.12}]}}\n"
)
SNAPSHOT = "apiVersion: snapshot.storage.k8s.io/v1\nkind: VolumeSnapshot\nmetadata: {name: nightly, namespace: shop}\n"


class Here:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "fleet/inventory").mkdir(parents=True)
        (directory / "fleet/fleet.yaml").write_text(FLEET)
        self.file = directory / "fleet/inventory/west.yaml"
        self.file.write_text(INVENTORY)

    def run(self, *texts: str, cluster: str = "west", replace: bool = False, allow: bool = False) -> Result:
        manifest = self.directory / "in.yaml"
        manifest.write_text("---\n".join(texts))
        target = self.directory / "fleet/inventory" / f"{cluster}.yaml"
        return run(
            Request(cluster, "default", self.directory / "fleet", target, replace, False, (str(manifest),), allow)  # noqa: FBT003
        )

    def said(self, *texts: str, cluster: str = "west", replace: bool = False) -> list[str]:
        findings = self.run(*texts, cluster=cluster, replace=replace).findings
        return [f"{found.code}: {found.message}".replace(f"{self.directory}/", "") for found in findings]


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_MG061_fires_for_an_exposed_service_that_the_input_lacks_and_writes_nothing(here: Here) -> None:
    assert here.said(service("orders"), ACCOUNT) == [
        "MG061: the import would take from `west` what the fleet uses: Service `shop/users`"
    ]
    assert here.file.read_text() == INVENTORY


def test_MG061_fires_once_for_all_that_would_go(here: Here) -> None:
    other = service("orders").replace("namespace: shop", "namespace: other")
    (said,) = here.said(other, ACCOUNT, replace=True)
    assert said.endswith("uses: namespace `shop`, Service `shop/orders`, Service `shop/users` and 1 more")


def test_MG061_fires_for_a_service_that_can_no_longer_be_exposed(here: Here) -> None:
    headless = service("users").replace("spec: {", "spec: {clusterIP: None, ")
    assert here.said(service("orders"), headless)[0].endswith("Service `shop/users`")


FRONT = """apiVersion: meshgen.io/v1
kind: Gateway
metadata: {name: front}
spec: {namespace: front, role: ingress, clusters: {names: [west]}}
"""
PUBLISHED = """apiVersion: meshgen.io/v1
kind: PublishedHost
metadata: {name: shop.example.com}
spec:
  workspace: shop
  service: orders.shop.svc.cluster.local
  ingressGateway: {name: front, namespace: front}
"""


@pytest.mark.parametrize(
    ("front", "lost"),
    [([FRONT, PUBLISHED], ["front/front"]), ([FRONT], [])],
)
def test_addresses_of_a_gateway_to_which_users_come_do_not_vanish(
    here: Here, front: list[str], lost: list[str]
) -> None:
    (here.directory / "fleet/front.yaml").write_text("---\n".join(front))
    known = "  gateways:\n  - {name: front, namespace: front, addresses: [203.0.113.13]}\n"
    here.file.write_text(INVENTORY.replace("  gateways:\n", known))
    said = here.said(service("orders"), service("users"), GATEWAY, replace=True)
    assert said == [
        f"MG061: the import would take from `west` what the fleet uses: all addresses of gateway `{name}`"
        for name in lost
    ]


def test_MG061_silent_where_removal_is_allowed(here: Here) -> None:
    result = here.run(service("orders"), ACCOUNT, allow=True)
    assert (result.findings, "users" in here.file.read_text()) == ([], False)
    assert "services: 1 removed (shop/users)" in result.summary


def test_MG061_silent_for_a_service_that_was_announced_as_leaving(here: Here) -> None:
    here.file.write_text(INVENTORY.replace("selector: {app: users}\n", "selector: {app: users}\n    state: leaving\n"))
    assert here.said(service("orders"), ACCOUNT) == []


def test_MG061_silent_for_a_service_that_no_workspace_exposes(here: Here) -> None:
    exposed = f"{FLEET}    exposedServices: [orders.shop.svc.cluster.local]\n"
    (here.directory / "fleet/fleet.yaml").write_text(exposed)
    assert here.said(service("orders"), ACCOUNT) == []


def test_addresses_that_go_are_named(here: Here) -> None:
    summary = here.run(service("orders"), service("users"), GATEWAY).summary
    assert "gateways: 1 changed, shop/eastwest no longer has 203.0.113.11" in summary


def test_one_object_alone_is_not_its_namespace(here: Here) -> None:
    result = here.run(service("orders", 81))
    assert (result.findings, "name: users" in here.file.read_text()) == ([], True)


def test_a_gateway_alone_does_not_declare_its_namespace(here: Here) -> None:
    assert here.said(GATEWAY, cluster="east") == []
    assert (here.directory / "fleet/inventory/east.yaml").read_text() == (
        "apiVersion: meshgen.io/v1\nkind: Inventory\nmetadata: {name: east}\nspec:\n  gateways:\n"
        "  - {name: eastwest, namespace: shop, addresses: [203.0.113.12]}\n"
    )


def test_MG062_fires_for_volume_snapshots_and_virtual_services_stay(here: Here) -> None:
    text = f"{SNAPSHOT}---\n{service('orders')}"
    assert here.said(text, service("users")) == [
        "MG062: the input has VolumeSnapshots and no VirtualService: kubectl takes `vs` for either"
    ]
    assert "name: routes" in here.file.read_text()


def test_MG062_silent_where_both_are(here: Here) -> None:
    routes = (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: new, namespace: shop}\n"
        "spec: {hosts: [orders]}\n"
    )
    assert here.said(SNAPSHOT, routes, service("orders"), service("users")) == []
    assert "name: routes" not in here.file.read_text()


def test_MG063_fires_for_a_cluster_that_the_fleet_does_not_have(here: Here) -> None:
    assert here.said(service("orders"), cluster="wset") == ["MG063: the fleet `fleet` has no cluster `wset`"]
    assert not (here.directory / "fleet/inventory/wset.yaml").exists()


def test_MG063_silent_for_a_fleet_without_clusters(here: Here) -> None:
    (here.directory / "fleet/fleet.yaml").unlink()
    assert here.said(service("orders"), cluster="wset") == []


OBJECTS = [service("orders"), service("users"), GATEWAY, ACCOUNT, SNAPSHOT]


@pytest.mark.slow
@given(st.lists(st.sampled_from(OBJECTS), min_size=1, max_size=6, unique=True), st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_part_of_a_dump_takes_away_what_is_exposed(objects: list[str], replace: bool) -> None:  # noqa: FBT001
    with tempfile.TemporaryDirectory() as directory:
        here = Here(Path(directory))
        here.run(*objects, replace=replace)
        after = here.file.read_text()
    assert all(f"- name: {name}\n" in after for name in ("orders", "users"))
    assert "addresses: [203.0.113.1" in after
