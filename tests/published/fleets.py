"""Fleets with published hosts, which tests of the room, the plan and the rules share."""

from __future__ import annotations

EDGE = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: e1, region: eu, network: n3, role: edge}
  gateways:
  - {name: edge, namespace: edge, role: edge, clusters: {names: [e1]}}
  - {name: ingress, namespace: shop, role: ingress}
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, exposedServices: []}
---
kind: PublishedHost
metadata: {name: shop}
spec:
  host: shop.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {name: ingress, namespace: shop}
  edgeGateway: {name: edge, namespace: edge}
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ingress, namespace: shop, addresses: [192.0.2.11, 192.0.2.12]}]
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ingress, namespace: shop, addresses: [192.0.2.21, 192.0.2.22, 192.0.2.23]}]
---
kind: Inventory
metadata: {name: e1}
spec: {gateways: [{name: edge, namespace: edge, addresses: [198.51.100.1]}]}
"""
"""An edge cluster `e1` before two workload clusters that serve `web.shop`."""

WITHOUT_EDGE = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
---
kind: PublishedHost
metadata: {name: shop}
spec:
  host: shop.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {name: ingress, namespace: shop}
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways:
  - {name: ew, namespace: shop, addresses: [192.0.2.1]}
  - {name: ingress, namespace: shop, addresses: [192.0.2.11, 192.0.2.12]}
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways:
  - {name: ew, namespace: shop, addresses: [192.0.2.2]}
  - {name: ingress, namespace: shop, addresses: [192.0.2.21, 192.0.2.22, 192.0.2.23]}
"""
"""The same host, and DNS that leads to the ingress gateways; each cluster finds the other's copy in the mesh."""


def host(fields: str, *, edge: bool = True) -> str:
    """The published host with other fields besides its name, workspace and gateways."""
    return f"""
kind: PublishedHost
metadata: {{name: shop}}
spec:
  host: shop.example.com
  workspace: shop
  ingressGateway: {{name: ingress, namespace: shop}}
  {"edgeGateway: {name: edge, namespace: edge}" if edge else ""}
{fields}
"""


def short(fields: str = "", *, edge: bool = True) -> str:
    """The published host in its short form, with other fields."""
    return host(f"  service: web.shop.svc.cluster.local\n{fields}", edge=edge)
