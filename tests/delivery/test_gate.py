"""The gate: what a cluster asks, who may answer, and when it asks anew."""

from __future__ import annotations

from typing import Any

from tests.fleets import LACKS, Compiled, compiled

_FLEET = """
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  delivery: {{engine: argocd, repoURL: "https://git.example.com/fleet.git", gate: {{image: "example.com/curl:1"}}}}
  clusters: [{{name: c1, region: eu, network: n1{}}}, {{name: c2, region: us, network: n2{}}}]
"""
_OWN = """
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [198.51.100.1]}]
"""


def gated(*more: str, c1: str = "", c2: str = "") -> Compiled:
    found = compiled(LACKS, _FLEET.format(c1, c2), *more)
    assert found.errors == []
    return found


def asked(found: Compiled, cluster: str = "c1") -> list[str]:
    text: str = found.body("ConfigMap", cluster=cluster)["data"]["calls"]
    return text.splitlines()


def job(found: Compiled, cluster: str = "c1") -> Any:
    return found.body("Job", cluster=cluster)


def test_a_cluster_asks_for_the_hosts_that_it_calls_and_knows_who_may_answer() -> None:
    assert asked(gated()) == ["at c2 192.0.2.1 192.0.2.2", "ask http web.shop.svc.cluster.local 80 c2"]


def test_its_own_copy_may_answer_too() -> None:
    found = gated(_OWN)
    assert asked(found) == ["at c2 192.0.2.1 192.0.2.2", "ask http web.shop.svc.cluster.local 80 own,c2"]
    assert asked(found, "c2") == ["at c1 198.51.100.1", "ask http web.shop.svc.cluster.local 80 own,c1"]


def test_a_cluster_that_calls_nobody_has_none() -> None:
    assert gated().names("Job", cluster="c2") == []


def test_a_gateway_that_is_known_by_its_name_only_may_answer_with_any_address() -> None:
    by_name = LACKS.rpartition("---")[2].replace("addresses: [192.0.2.1, 192.0.2.2]", "hostname: lb.example.com")
    assert asked(gated(by_name)) == ["ask http web.shop.svc.cluster.local 80 own,c2"]


def test_a_port_that_is_no_http_is_only_connected_to() -> None:
    tcp = LACKS.rpartition("---")[2].replace("{name: http, port: 80}", "{name: tcp-sql, port: 3306}")
    assert asked(gated(tcp))[1:] == ["ask tcp web.shop.svc.cluster.local 3306 c2"]


def test_what_only_later_waves_can_answer_is_not_asked_for() -> None:
    assert gated(c1=", wave: 0", c2=", wave: 1").names("Job") == []
    assert gated(c1=", wave: 1", c2=", wave: 0").names("Job", cluster="c1") != []
    assert gated(c1=", wave: 0", c2=", wave: 0").names("Job", cluster="c1") != []
    assert gated(_OWN, c1=", wave: 0", c2=", wave: 1").names("Job", cluster="c1") != []


def test_a_host_for_some_namespaces_is_not_asked_for() -> None:
    workspace = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices: [{host: web.shop.svc.cluster.local, consumerNamespaces: [shop]}]
"""
    assert gated(workspace).names("Job") == []


def test_it_has_no_rights_and_is_injected() -> None:
    spec = job(gated())["spec"]["template"]
    assert spec["metadata"]["labels"]["sidecar.istio.io/inject"] == "true"
    assert spec["spec"]["automountServiceAccountToken"] is False
    assert spec["spec"]["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsUser": 65532,
    }


def test_each_change_of_the_cluster_gives_another_job_and_nothing_else_does() -> None:
    before = job(gated())["metadata"]["name"]
    more = LACKS.rpartition("---")[2].replace("192.0.2.2", "192.0.2.3")
    assert job(gated(more))["metadata"]["name"] != before
    elsewhere = """
kind: Cluster
metadata: {name: c3}
spec: {region: asia, network: n3}
---
kind: Inventory
metadata: {name: c3}
spec: {namespaces: [{name: other}]}
"""
    assert job(gated(elsewhere))["metadata"]["name"] == before
