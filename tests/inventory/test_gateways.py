"""Gateways of an inventory, by the manifests of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.inventory.importing import facts_of, spec_of

GATEWAY = """
apiVersion: v1
kind: Service
metadata: {name: gw, namespace: shop, labels: {app.kubernetes.io/managed-by: meshgen}}
spec: {type: LoadBalancer, selector: {app: gw}, ports: [{name: tls, port: 15443}]}
status: {loadBalancer: {ingress: [{ip: 198.51.100.11}, {ip: 198.51.100.9}]}}
"""


def test_a_gateway_has_its_addresses_even_where_meshgen_wrote_it() -> None:
    found = facts_of(GATEWAY)
    (gateway,) = found.sections["gateways"].values()
    assert gateway.item["addresses"] == ["198.51.100.9", "198.51.100.11"]
    assert (found.managed, found.sections["services"], found.namespaces) == (1, {}, set())


def test_the_network_view_of_a_gateway_comes_from_its_pods() -> None:
    pods = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: shop}
spec:
  template:
    metadata: {labels: {app: gw}}
    spec: {containers: [{name: istio-proxy, env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: network-1}]}]}
"""
    (gateway,) = spec_of(GATEWAY, pods)["gateways"]
    assert gateway["networkView"] == "network-1"


FOREIGN_PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: shop}
spec:
  template:
    metadata: {labels: {app: gw, sidecar.istio.io/inject: "false"}}
    spec: {serviceAccountName: theirs, containers: [{name: NAME}]}
"""


@pytest.mark.parametrize(
    ("container", "shown"),
    [("istio-proxy", {"serviceAccount": "theirs"}), ("nginx", {"serviceAccount": "theirs", "injected": False})],
)
def test_the_account_of_a_foreign_gateway_and_whether_it_is_istios(container: str, shown: dict[str, Any]) -> None:
    theirs = GATEWAY.replace("labels: {app.kubernetes.io/managed-by: meshgen}", "labels: {}")
    (gateway,) = spec_of(theirs, FOREIGN_PODS.replace("NAME", container))["gateways"]
    assert {key: gateway[key] for key in ("serviceAccount", "injected") if key in gateway} == shown


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ("[{port: 15443}]", None),
        ("[{port: 15021}, {port: 80}, {port: 443}, {port: 15443}]", None),
        ("[{port: 15021}, {port: 443}, {port: 15443}]", [{"port": 443}, {"port": 15443}]),
        (
            "[{port: 80, targetPort: 8080}, {port: 443, targetPort: 8443}, {port: 15443}]",
            [{"port": 80, "targetPort": 8080}, {"port": 443, "targetPort": 8443}, {"port": 15443}],
        ),
    ],
)
def test_ports_of_a_gateway_are_said_where_they_are_not_the_usual_ones(
    ports: str, shown: list[dict[str, Any]] | None
) -> None:
    (gateway,) = spec_of(GATEWAY.replace("[{name: tls, port: 15443}]", ports))["gateways"]
    assert gateway.get("ports") == shown


def test_a_gateway_of_any_role_is_known_by_its_status_port() -> None:
    edge = GATEWAY.replace("15443", "15021")
    assert [gateway["name"] for gateway in spec_of(edge)["gateways"]] == ["gw"]


def test_a_gateway_may_have_a_hostname_and_another_port_makes_no_gateway() -> None:
    named = GATEWAY.replace("[{ip: 198.51.100.11}, {ip: 198.51.100.9}]", "[{hostname: X.elb.example}]")
    assert spec_of(named)["gateways"] == [{"name": "gw", "namespace": "shop", "hostname": "x.elb.example"}]
    assert "gateways" not in spec_of(named.replace("15443", "443"))


def test_a_gateway_of_the_gateway_api_is_named_like_its_service() -> None:
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ew, namespace: shop}
spec: {gatewayClassName: istio, listeners: [{name: tls, port: 15443, protocol: TLS}]}
status: {addresses: [{type: IPAddress, value: 198.51.100.9}]}
"""
    assert spec_of(text)["gateways"] == [{"name": "ew-istio", "namespace": "shop", "addresses": ["198.51.100.9"]}]
