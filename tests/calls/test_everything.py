"""A workspace without `exposedServices` exposes what can be exposed (design §3, ADR 30)."""

from __future__ import annotations

import pytest

from meshgen.views.reasons import sentence
from tests.fleets import HAS, LACKS, compiled

EXCEPTIONS = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  unexposedServices: [mysql.shop.svc.cluster.local, "debug-*.*.svc.cluster.local"]
"""


def inventory(cluster: str, *services: str) -> str:
    address = {"c1": "198.51.100.1", "c2": "192.0.2.1"}[cluster]
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: shop}}]
  services:
  {"".join(f"- {service}{chr(10)}  " for service in services)}
  gateways: [{{name: ew, namespace: shop, addresses: [{address}]}}]
"""


def service(name: str, more: str = "", ports: str = "{name: http, port: 80}") -> str:
    return (
        f"{{name: {name}, namespace: shop, labels: {{app: {name}}}, selector: {{app: {name}}}, ports: [{ports}], "
        f"serviceAccounts: [{name}]{more}}}"
    )


def states(*texts: str) -> dict[str, str]:
    """`cluster/service` → state."""
    return {f"{call.consumer}/{call.service.name}": call.state for call in compiled(*texts).calls}


def test_what_cannot_be_exposed_does_not_keep_the_rest() -> None:
    found = inventory(
        "c2",
        service("web"),
        service("plain", ", injected: false"),
        service("hidden", ", exportTo: [other]"),
        service("kafka", ", clusterIP: None"),
        service("dns", ports="{name: dns, port: 53, protocol: UDP}"),
        service("old", ports="{port: 80}"),
    )
    assert states(LACKS, found) == {"c1/web": "remote", "c2/web": "local"}


def test_exceptions_are_left_out() -> None:
    found = inventory("c2", service("web"), service("mysql"), service("debug-a"), service("debug-b"))
    assert states(LACKS, EXCEPTIONS, found) == {"c1/web": "remote", "c2/web": "local"}


PLATFORMS = """
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: {platform}
  {more}
  clusters: [{{name: c1, region: eu, network: n1}}, {{name: c2, region: us, network: n2}}]
"""
TSB = PLATFORMS.format(platform="tsb", more="tetrate: {organization: acme, tenant: dev, managementCluster: c1}")


def test_tse_lists_all_but_the_exceptions() -> None:
    found = inventory("c2", service("web"), service("mysql"))
    platform = PLATFORMS.format(platform="tse", more="")
    setting = compiled(LACKS, platform, EXCEPTIONS, found).spec("WorkspaceSetting", cluster="c2")
    assert setting["defaultEastWestGatewaySettings"]["exposedServices"] == ["web.shop.svc.cluster.local"]


@pytest.mark.parametrize(
    ("workspace", "more"), [(EXCEPTIONS, service("mysql")), ("", service("mysql", ", injected: false"))]
)
def test_tsb_chooses_all_but_exceptions_and_what_has_no_sidecars_by_labels(workspace: str, more: str) -> None:
    texts = [text for text in (LACKS, TSB, workspace, inventory("c2", service("web"), more)) if text]
    (setting,) = compiled(*texts).spec("WorkspaceSetting", cluster="c1")["defaultEastWestGatewaySettings"]
    assert setting["exposedServices"] == [{"serviceLabels": {"app": "web"}}]


SHARED = "{name: web-stats, namespace: shop, selector: {app: web}, ports: [{port: 9102}], serviceAccounts: [web]}"


def test_a_copy_that_shares_its_pods_with_an_unexposed_service_stays_and_others_move() -> None:
    both = [inventory(cluster, service("web"), service("api"), SHARED) for cluster in ("c1", "c2")]
    assert states(HAS, *both) == {"c1/api": "failover", "c1/web": "local", "c2/api": "failover", "c2/web": "local"}
    call = next(call for call in compiled(HAS, *both).calls if call.consumer == "c1" and call.service.name == "web")
    _, why = [sentence(reason) for reason in call.reasons]
    assert why == (
        "callers cannot move to other clusters: "
        "it shares its pods with Service `web-stats`, which no other cluster serves"
    )


def test_a_cluster_without_a_copy_still_reaches_what_cannot_fail_over() -> None:
    assert states(LACKS, inventory("c2", service("web"), SHARED)) == {"c1/web": "remote", "c2/web": "local"}


def test_nothing_that_stays_gets_an_object() -> None:
    both = [inventory(cluster, service("web"), SHARED) for cluster in ("c1", "c2")]
    assert compiled(HAS, *both).names("WorkloadEntry") == []
