"""A fleet on Tetrate's platforms that publishes a host, and short ways to what it becomes."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.fleets import Compiled, compiled

FLEET = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: PLATFORM
  tetrate: {organization: acme, tenant: dev, managementCluster: c1, version: 1.12.0}
  clusters:
  - {name: e1, region: eu, network: edge, role: edge}
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  gateways:
  - {name: edge-gateway, namespace: edge, role: edge}
  - {name: ingress-gateway, namespace: shop, role: ingress}
  workspaces:
  - {name: shop, namespaceSelector: {names: ["*/shop"]}}
---
kind: Inventory
metadata: {name: e1}
spec:
  namespaces: [{name: edge}]
  gateways: [{name: edge-gateway, namespace: edge, addresses: [203.0.113.1]}]
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, labels: {app: web}, selector: {app: web}, ports: [{name: http, port: 80}],
     serviceAccounts: [web]}
  - {name: api, namespace: shop, labels: {app: api}, selector: {app: api}, ports: [{name: http, port: 81}],
     serviceAccounts: [api]}
  gateways: [{name: ingress-gateway, namespace: shop, addresses: [198.51.100.1]}]
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, labels: {app: web}, selector: {app: web}, ports: [{name: http, port: 80}],
     serviceAccounts: [web]}
  gateways: [{name: ingress-gateway, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]
"""
EDGE = "edgeGateway: {name: edge-gateway, namespace: edge}"
WEB = "service: web.shop.svc.cluster.local"
TLS = "tls: {credentialName: shop-cert, redirect: true}"
WEIGHTS = "traffic: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}"
BOTH = pytest.mark.parametrize("platform", ["tsb", "tse"])


def fleet(platform: str = "tsb") -> str:
    return FLEET.replace("PLATFORM", platform)


def published(text: str, name: str = "shop") -> str:
    return f"""
kind: PublishedHost
metadata: {{name: {name}}}
spec:
  host: {name}.example.com
  workspace: shop
  ingressGateway: {{name: ingress-gateway, namespace: shop}}
{indent(text, "  ")}
"""


def found(text: str, platform: str = "tsb") -> Compiled:
    return compiled(fleet(platform), published(text))


def rules(found: Compiled, gateway: str, cluster: str) -> list[object]:
    """The rules of the only server of a gateway's object."""
    specs = found.specs("Gateway.gateway.tsb.tetrate.io")
    (spec,) = [spec for name, spec in specs.items() if name.startswith(f"{gateway}-{cluster}-")]
    (server,) = spec["http"]
    return list(server["routing"]["rules"])


def clusters(*names: str) -> dict[str, object]:
    """A rule at an edge."""
    return {"route": {"clusterDestination": {"clusters": [{"name": name} for name in names]}}}


def service(name: str, port: int) -> dict[str, object]:
    """A rule at an ingress gateway."""
    return {"route": {"serviceDestination": {"host": f"shop/{name}.shop.svc.cluster.local", "port": port}}}
