# ruff: noqa: E501 - manifests and messages as they are, on one line
"""Policies and routes of teams, by the manifests of a cluster."""

from __future__ import annotations

import pytest

from tests.inventory.importing import spec_of


def test_rules_of_teams() -> None:
    assert spec_of(
        """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr}
spec:
  host: a
  exportTo: [.]
  workloadSelector: {matchLabels: {app: b}}
  subsets: [{name: v1, labels: {version: v1}}]
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
    outlierDetection: {consecutive5xxErrors: 3, interval: 1s, splitExternalLocalOriginErrors: on}
    loadBalancer: {localityLbSetting: {failoverPriority: [topology.istio.io/network]}}
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: vs}
spec: {hosts: [a], gateways: [mesh], exportTo: ["*"]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: se}
spec: {hosts: [a.example], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: sc}
spec: {workloadSelector: {labels: {app: b}}, egress: [{hosts: [./*]}, {hosts: [istio-system/*, ./*]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  selector: {app: b}
  servers:
  - {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"], bind: 127.0.0.1}
  - {port: {number: 8443, name: any, protocol: TLS}, tls: {}, hosts: ["*"]}
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pa}
spec: {selector: {matchLabels: {app: b}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}, "90": {mode: STRICT}}}
"""
    ) == {
        "namespaces": [{"name": "default"}],
        "destinationRules": [
            {
                "name": "dr",
                "namespace": "default",
                "host": "a",
                "exportTo": ["."],
                "workloadSelector": {"app": "b"},
                "subsets": ["v1"],
                "trafficPolicy": True,
                "outlierDetection": {
                    "consecutive5xxErrors": 3,
                    "interval": "1s",
                    "splitExternalLocalOriginErrors": True,
                },
                "failoverPriority": ["topology.istio.io/network"],
                "tlsMode": "ISTIO_MUTUAL",
            }
        ],
        "virtualServices": [
            {"name": "vs", "namespace": "default", "hosts": ["a"], "gateways": ["mesh"], "exportTo": ["*"]}
        ],
        "serviceEntries": [{"name": "se", "namespace": "default", "hosts": ["a.example"], "resolution": "DNS"}],
        "sidecars": [
            {
                "name": "sc",
                "namespace": "default",
                "workloadSelector": {"app": "b"},
                "egressHosts": ["./*", "istio-system/*"],
            }
        ],
        "peerAuthentications": [
            {
                "name": "pa",
                "namespace": "default",
                "selector": {"app": "b"},
                "mode": "STRICT",
                "disabledPorts": [8080],
                "enabledPorts": [90],
            }
        ],
        "istioGateways": [
            {
                "name": "gw",
                "namespace": "default",
                "selector": {"app": "b"},
                "servers": [
                    {"port": 443, "hosts": ["*.local"], "tlsMode": "AUTO_PASSTHROUGH", "bind": "127.0.0.1"},
                    {"port": 8443, "hosts": ["*"], "tlsMode": "PASSTHROUGH"},
                    {"port": 80, "hosts": ["a.example"]},
                ],
            }
        ],
    }


def test_a_virtual_service_of_a_gateway_says_where_each_of_its_destinations_is_tried_again() -> None:
    assert spec_of(
        """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  hosts: [shop.example.com]
  gateways: [ingress/shop, mesh]
  http:
  - route: [{destination: {host: a}}, {destination: {host: b.c.svc.cluster.local, subset: v1}}]
  - {route: [{destination: {host: a}}], retries: {attempts: 2}}
  - {route: [{destination: {host: d}}], retries: {attempts: 5, retryRemoteLocalities: true}}
  - {route: [{destination: {host: e}}], retries: {attempts: 0, retryRemoteLocalities: true}}
  - {route: [{destination: {host: f}}], retries: {retryRemoteLocalities: true}}
  - {route: [{destination: {host: g}}], retries: {}}
  - {redirect: {uri: /}}
"""
    )["virtualServices"] == [
        {
            "name": "vs",
            "namespace": "default",
            "hosts": ["shop.example.com"],
            "gateways": ["ingress/shop", "mesh"],
            "destinations": [
                {"host": "a", "retries": "here"},
                {"host": "a", "retries": "mesh"},
                {"host": "b.c.svc.cluster.local", "retries": "mesh"},
                {"host": "d", "retries": "everywhere"},
                {"host": "e", "retries": "here"},
                {"host": "f", "retries": "here"},
                {"host": "g", "retries": "here"},
            ],
        }
    ]


def test_policies_of_ports_are_read_like_the_rules_own() -> None:
    (found,) = spec_of("""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr}
spec:
  host: a
  trafficPolicy:
    portLevelSettings:
    - port: {number: 9080}
      connectionPool: {tcp: {maxConnections: 1}}
    - port: {number: 90}
      tls: {mode: DISABLE}
      outlierDetection: {}
      loadBalancer: {localityLbSetting: {failoverPriority: [topology.istio.io/network]}}
""")["destinationRules"]
    assert found == {
        "name": "dr",
        "namespace": "default",
        "host": "a",
        "trafficPolicy": True,
        "portLevelSettings": [
            {"port": 9080},
            {
                "port": 90,
                "outlierDetection": {},
                "failoverPriority": ["topology.istio.io/network"],
                "tlsMode": "DISABLE",
            },
        ],
    }


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"])
def test_a_route_counts_where_a_service_is_its_parent(kind: str) -> None:
    text = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: r}}
spec: {{parentRefs: [{{kind: Service, group: "", name: a, port: 80}}, {{kind: Gateway, name: g}}]}}
"""
    (found,) = spec_of(text)["virtualServices"]
    assert found == {"name": "r", "namespace": "default", "hosts": ["a.default.svc.cluster.local"], "kind": kind}
    assert "virtualServices" not in spec_of(text.replace("kind: Service", "kind: Gateway"))


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_a_route_of_a_gateway_says_where_each_of_its_backends_is_tried_again(kind: str) -> None:
    (found,) = spec_of(f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: r, namespace: shop}}
spec:
  parentRefs: [{{name: g, namespace: ingress}}]
  rules:
  - backendRefs: [{{name: web, port: 80}}, {{name: web, namespace: other, port: 80}}, {{kind: ServiceImport, name: x}}]
  - {{backendRefs: [{{name: cart, port: 80}}], retry: {{attempts: 3}}}}
""")["virtualServices"]
    assert found["hosts"] == []
    assert found["destinations"] == [
        {"host": "cart.shop.svc.cluster.local", "retries": "here"},
        {"host": "web.other.svc.cluster.local", "retries": "mesh"},
        {"host": "web.shop.svc.cluster.local", "retries": "mesh"},
    ]
