"""A fleet for each platform in which every field that meshgen can emit is emitted."""

from __future__ import annotations

from meshgen.platforms import platform_names
from tests.fleets import Compiled, compiled

_SERVICE = (
    "selector: {app: web}, ports: [{name: http, port: 80, targetPort: web}], serviceAccounts: [web], labels: {app: web}"
)
_CART = "selector: {app: cart}, ports: [{name: http, port: 83}], serviceAccounts: [cart], labels: {app: cart}"
_WEIGHTS = "traffic: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}"
_FAILOVER = """failover:
    zoneAware: true
    outlierDetection: {minHealthPercent: 10, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3}
    retries: {mode: virtualService, attempts: 4, perTryTimeout: 2s, idempotentRequests: [PUT /carts/*]}"""


_ON_TETRATE = """
---
kind: Cluster
metadata: {name: e1}
spec: {region: eu, network: edge, role: edge}
---
kind: Cluster
metadata: {name: e2}
spec: {region: us, network: edge, role: edge}
---
kind: Gateway
metadata: {name: front}
spec:
  namespace: edge
  role: edge
  replicas: 3
  serviceAnnotations: {example.com/load-balancer: public}
  resources: {requests: {cpu: 500m}}
  numTrustedProxies: 1
  overrides: [{clusters: {names: [e2]}, autoscaling: {maxReplicas: 5}}]
---
kind: Gateway
metadata: {name: door}
spec: {namespace: shop, role: ingress, numTrustedProxies: 2}
---
kind: Inventory
metadata: {name: e1}
spec:
  namespaces: [{name: edge, labels: {pod-security.kubernetes.io/enforce: restricted}}]
  gateways: [{name: front, namespace: edge, addresses: [203.0.113.1]}]
---
kind: Inventory
metadata: {name: e2}
spec: {gateways: [{name: front, namespace: edge, addresses: [203.0.113.2]}]}
---
kind: PublishedHost
metadata: {name: web}
spec:
  host: web.example.com
  workspace: shop
  routes:
  - match: {prefix: /web, headers: {x-id: "1"}}
    service: web.shop.svc.cluster.local
    rewrite: {path: /, host: web.internal}
    timeout: 10s
    cors: &cors
      allowOrigins: ["https://example.com"]
      allowMethods: [GET]
      allowHeaders: [x-id]
      exposeHeaders: [x-id]
      maxAge: 1h
      allowCredentials: true
  - {match: {path: /queue}, service: web.shop.svc.cluster.local, cors: *cors}
  tls: {credentialName: web-cert, redirect: true}
  ingressGateway: {name: door, namespace: shop}
  edgeGateway: {name: front, namespace: edge}
  traffic: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}
---
kind: PublishedHost
metadata: {name: nobody}
spec:
  host: nobody.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  port: 80
  ingressGateway: {name: door, namespace: shop}
  edgeGateway: {name: front, namespace: edge}
  draining: {names: ["*"]}
"""
_ON_ISTIO = """
---
kind: Gateway
metadata: {name: edge}
spec: {namespace: edge, role: edge, clusters: {names: [c3]}}
---
kind: Gateway
metadata: {name: ingress}
spec: {namespace: shop, role: ingress}
---
kind: PublishedHost
metadata: {name: shop}
spec:
  host: shop.example.com
  workspace: shop
  routes:
  - match: {prefix: /api, headers: {x-canary: "yes"}, methods: [GET, POST]}
    service: api.shop.svc.cluster.local
    rewrite: {path: /v1, host: api.internal}
    timeout: 10s
    cors: {allowOrigins: [https://shop.example.com], maxAge: 1h}
  - {service: web.shop.svc.cluster.local}
  tls:
    credentialName: shop
    redirect: true
    certManager: {issuer: {name: letsencrypt}}
  ingressGateway: {name: ingress, namespace: shop}
  edgeGateway: {name: edge, namespace: edge}
  traffic: {mode: weighted, weights: [{names: [c2], share: 70}, {names: ["*"], share: 30}]}
  failover:
    outlierDetection: {minHealthPercent: 10, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3}
    retries: {attempts: 4, perTryTimeout: 2s}
---
kind: PublishedHost
metadata: {name: near}
spec:
  host: near.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {name: ingress, namespace: shop}
  edgeGateway: {name: edge, namespace: edge}
  traffic: {mode: ordered, order: [{names: [c1]}, {names: [c2]}]}
---
kind: Gateway
metadata: {name: side}
spec: {namespace: shop, role: ingress}
---
kind: PublishedHost
metadata: {name: side}
spec:
  host: side.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  port: 80
  ingressGateway: {name: side, namespace: shop}
  healthCheck: {host: health-of-side.example.com}
"""


def _fleet(platform: str, engine: str = "argocd", rest: str = "") -> str:
    tetrate = (
        ""
        if platform == "istio"
        else "tetrate: {organization: acme, tenant: shops, managementCluster: c1, version: 1.12.0}"
    )
    if tetrate:  # on Istio an edge is in a region without clusters, where no probe could pass
        tetrate += "\n  canary: {host: canary.example.com, image: example.com/canary:1, path: /status/200}"
    load_balancer = "loadBalancerClass: example.com/nlb\n    loadBalancerSourceRanges: [198.51.100.0/24]"
    if platform != "istio":
        load_balancer = ""
    hostname = "hostname: lb.example.com" if platform == "istio" else "addresses: [203.0.113.9, 203.0.113.8]"
    return f"""
kind: Fleet
metadata: {{name: maximal}}
spec:
  platform: {platform}
  entries: meshgen
  {tetrate}
  delivery: {{engine: {engine}, repoURL: "https://git.example.com/fleet.git"{rest},
    gate: {{image: example.com/curl:1}}}}
  istio: {{version: 1.31.0, revision: stable}}
  clusters:
  - {{name: c1, region: eu, zones: [eu-a], network: n1, wave: 0}}
  - {{name: c2, region: us, zones: [us-a], network: n2, istio: {{version: 1.24.0, vipRange: 240.250.0.0/16}}}}
  - {{name: c3, region: asia, network: n3}}
  - {{name: c4, region: us, network: n4}}
  gateways:
  - name: ew
    namespace: gateways
    replicas: 3
    serviceAnnotations: {{example.com/load-balancer: internal}}
    resources: {{requests: {{cpu: 500m}}}}
    {load_balancer}
    overrides:
    - {{clusters: {{names: [c2]}}, autoscaling: {{maxReplicas: 5}}}}
  - {{name: inner, namespace: gateways, role: ingress, clusters: {{names: [c1]}}, numTrustedProxies: 1}}
  - {{name: outer, namespace: gateways, role: edge, clusters: {{names: [c2]}}}}
---
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: gateways}}
  exposedServices:
  - host: cart.shop.svc.cluster.local
    traffic: {{mode: ordered, order: [{{names: [c2]}}, {{names: [c1]}}]}}
  - host: web.shop.svc.cluster.local
    {_WEIGHTS if platform == "istio" else ""}
    {_FAILOVER.replace(chr(10), chr(10) + "  ")}
  - {{host: api.shop.svc.cluster.local, consumerNamespaces: [front]}}
  - {{host: queue.shop.svc.cluster.local, failover: {{retries: {{mode: meshConfig}}}}}}
---
kind: Inventory
metadata: {{name: c1}}
spec:
  namespaces:
  - {{name: shop}}
  - {{name: gateways, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}
  services:
  - {{name: web, namespace: shop, {_SERVICE}}}
  - {{name: cart, namespace: shop, {_CART}}}
  gateways:
  - {{name: ew, namespace: gateways, addresses: [198.51.100.1, 198.51.100.2]}}
  - {{name: door, namespace: shop, addresses: [198.51.100.3]}}
  - {{name: ingress, namespace: shop, addresses: [198.51.100.11]}}
---
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, {_SERVICE}}}
  - {{name: cart, namespace: shop, {_CART}}}
  - {{name: api, namespace: shop, selector: {{app: api}}, ports: [{{name: grpc-api, port: 81}}], labels: {{app: api}},
     serviceAccounts: [api]}}
  - {{name: queue, namespace: shop, labels: {{app: q}}, selector: {{app: q}}, ports: [{{name: http, port: 82}}],
     serviceAccounts: [q]}}
  gateways:
  - {{name: ew, namespace: gateways, addresses: [192.0.2.1, 192.0.2.2]}}
  - {{name: door, namespace: shop, addresses: [192.0.2.3]}}
  - {{name: ingress, namespace: shop, addresses: [192.0.2.21, 192.0.2.22]}}
---
kind: Inventory
metadata: {{name: c3}}
spec:
  istio:
    dnsCapture: false
    enableAutoMtls: false
    defaultServiceExportTo: ["."]
    discoverySelectors: [{{matchLabels: {{mesh: "on"}}}}]
---
kind: Inventory
metadata: {{name: c4}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: api, namespace: shop, selector: {{app: api}}, ports: [{{name: grpc-api, port: 81}}], labels: {{app: api}},
     serviceAccounts: [api]}}
  gateways:
  - {{name: ew, namespace: gateways, {hostname}}}
  - {{name: ingress, namespace: shop, {hostname.replace("lb.", "ingress.").replace("113.", "113.1")}}}
{_ON_ISTIO if platform == "istio" else _ON_TETRATE}"""


def maximal() -> list[Compiled]:
    """One compiled fleet a platform, and one for each further way to deliver it."""
    return [
        *(compiled(_fleet(platform)) for platform in platform_names()),
        compiled(_fleet("istio", rest=", applicationSet: false, waves: [{wave: 0, revision: canary}]")),
        compiled(_fleet("istio", "flux", ", secretName: deploy-key, waves: [{wave: 0, revision: canary}]")),
    ]
