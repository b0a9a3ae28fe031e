"""Fleets with zones, short."""

from __future__ import annotations

from tests.fleets import fleet
from tests.published.fleets import serving

CLUSTERS = fleet(
    """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu-west-1, network: n1}
  - {name: c2, region: us-east-1, network: n4}
  - {name: e1, region: eu-west-1, network: n2, role: edge}
  - {name: e2, region: us-east-1, network: n3, role: edge}
  gateways:
  - {name: edge, namespace: edge, role: edge, clusters: {names: ["e*"]}}
  - {name: ingress, namespace: shop, role: ingress}
  - {name: plain, namespace: shop, role: ingress, clusters: {names: [c1]}}
  dns: {zones: [{name: example.com, provider: none}]}
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, exposedServices: []}
---
kind: Inventory
metadata: {name: e1}
spec: {gateways: [{name: edge, namespace: edge, addresses: [198.51.100.12, 198.51.100.11]}]}
---
kind: Inventory
metadata: {name: e2}
spec: {gateways: [{name: edge, namespace: edge, addresses: [198.51.100.2]}]}
""",
    serving("c1", ingress="addresses: [192.0.2.1]", plain="hostname: plain.elb.eu-west-1.amazonaws.com"),
    serving("c2", ingress="addresses: [192.0.2.2]"),
)
"""Two edge clusters before two workload clusters, an ingress gateway without edge, and the zone `example.com`."""


def host(name: str, fields: str = "", *, edge: bool = True) -> str:
    """A published host with other fields; its name has dashes where its DNS name has dots."""
    return f"""
kind: PublishedHost
metadata: {{name: {name.replace(".", "-")}}}
spec:
  host: {name}
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {{name: {"ingress" if edge else "plain"}, namespace: shop}}
  {"edgeGateway: {name: edge, namespace: edge}" if edge else ""}
  {fields}
"""


def zones(*items: str, more: str = "") -> str:
    """The fleet with other zones, and other fields besides."""
    listed = "".join(f"\n    - {item}" for item in items)
    head = CLUSTERS.partition("---")[0].replace(
        " {zones: [{name: example.com, provider: none}]}", f"\n    zones:{listed}"
    )
    return f"{head.rstrip()}\n{more}\n"


HOST = "shop.example.com"
ORDERED = "entryPoints: {mode: ordered, order: [{names: [e2]}, {names: [e1]}]}"
WEIGHTED = "entryPoints: {mode: weighted, weights: [{names: [e1], share: 70}, {names: [e2], share: 30}]}"
NEAREST = "entryPoints: {mode: nearest}"
EVERY_PROVIDER = (
    CLUSTERS,
    zones(
        "{name: octo.example.com, provider: octoDNS, originNames: true}",
        "{name: tf.example.com, provider: terraform}",
        "{name: ext.example.com, provider: externalDNS, "
        "healthCheckIds: {e1/edge/edge: check-1, e2/edge/edge: check-2}}",
        "{name: k8gb.example.com, provider: k8gb}",
        "{name: example.com}",
        more="  canary: {host: canary.example.com, image: docker.io/kennethreitz/httpbin:latest}",
    ),
    host("shop.octo.example.com", ORDERED),
    host("shop.tf.example.com", f"{WEIGHTED}\n  healthCheck: {{host: health.example.com, path: /web, interval: 10s}}"),
    host("shop.ext.example.com", WEIGHTED),
    host("first.k8gb.example.com", ORDERED),
    host("shared.k8gb.example.com", WEIGHTED),
    host("named.k8gb.example.com", edge=False),
    host("shop.example.com", f"{NEAREST}\n  draining: {{names: [e2]}}"),
    host("named.example.com", edge=False),
)
"""A zone for each provider of a fleet on plain Istio, with everything that it can write."""
ROUTE53 = (
    CLUSTERS,
    zones(
        "{name: example.com, provider: route53Controller, account: '123456789012', ttl: 30, "
        "annotationPrefix: dns.example.com, "
        "oidcIssuers: {e1: https://oidc.example.com/id/A, e2: https://oidc.example.com/id/B}}",
    ).replace("platform: istio", "platform: tse"),
    host(HOST, WEIGHTED),
)
"""A zone that Tetrate's Route 53 controllers keep, in two clusters."""
