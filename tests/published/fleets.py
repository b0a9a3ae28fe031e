"""Fleets with published hosts, which tests of the room, the plan, the rules, the DNS and the commands share."""

from __future__ import annotations

from tests.fleets import fleet


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


def serving(cluster: str, **gateways: str) -> str:
    """A cluster that has `web.shop`, and gateways in that namespace: how each of them is known."""
    known = "\n".join(f"  - {{name: {name}, namespace: shop, {at}}}" for name, at in gateways.items())
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}], serviceAccounts: [web]}}
  gateways:
{known}
"""


C1 = "addresses: [192.0.2.11, 192.0.2.12]"
C2 = "addresses: [192.0.2.21, 192.0.2.22, 192.0.2.23]"
"""Those of the ingress gateways."""

EDGE = fleet(
    """
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
kind: Inventory
metadata: {name: e1}
spec: {gateways: [{name: edge, namespace: edge, addresses: [198.51.100.1]}]}
""",
    short(),
    serving("c1", ingress=C1),
    serving("c2", ingress=C2),
)
"""An edge cluster `e1` before two workload clusters that serve `web.shop`."""

WITHOUT_EDGE = fleet(
    """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
""",
    short(edge=False),
    serving("c1", ew="addresses: [192.0.2.1]", ingress=C1),
    serving("c2", ew="addresses: [192.0.2.2]", ingress=C2),
)
"""The same host, and DNS that leads to the ingress gateways; each cluster finds the other's copy in the mesh."""

ENTRY_POINTS = fleet(
    """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  dns: {zones: [{name: example.com, ttl: 30}]}
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: eu, network: n2}
  gateways: [{name: ingress, namespace: shop, role: ingress}]
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}}
""",
    serving("c1", ingress="addresses: [192.0.2.1]"),
    serving("c2", ingress="addresses: [192.0.2.2]"),
)
"""Two ingress gateways and a zone, for the host without an edge."""
