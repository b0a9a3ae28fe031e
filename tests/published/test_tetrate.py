"""What published hosts become on Tetrate's platforms (reference: Tetrate §1.1-1.4, §3.1; ADR 40)."""

from __future__ import annotations

from tests.fleets import compiled, read
from tests.published.tetrate import BOTH, EDGE, TLS, WEB, fleet, found, published


@BOTH
def test_an_edge_in_full_leads_to_clusters_and_stands_in_the_management_cluster(platform: str) -> None:
    (edge, _, _) = found(f"{EDGE}\n{WEB}", platform).manifests("Gateway.gateway.tsb.tetrate.io")
    assert edge.cluster == "c1"
    assert edge.body == read("""
apiVersion: gateway.tsb.tetrate.io/v2
kind: Gateway
metadata:
  name: edge-gateway-e1-b7879a33
  namespace: edge
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "4"
    meshgen.io/source: gateway/edge-gateway
    tsb.tetrate.io/organization: acme
    tsb.tetrate.io/tenant: dev
    tsb.tetrate.io/workspace: edge-gateways
    tsb.tetrate.io/gatewayGroup: edge-gateways-e1-d1099004
spec:
  workloadSelector: {namespace: edge, labels: {app: edge-gateway}}
  http:
  - name: shop
    hostname: shop.example.com
    port: 80
    routing:
      rules:
      - route: {clusterDestination: {clusters: [{name: c1}, {name: c2}]}}
""")


@BOTH
def test_an_ingress_in_full_leads_to_services(platform: str) -> None:
    ingress = found(f"{EDGE}\n{WEB}", platform).manifests("Gateway.gateway.tsb.tetrate.io")[1]
    assert ingress.body == read("""
apiVersion: gateway.tsb.tetrate.io/v2
kind: Gateway
metadata:
  name: ingress-gateway-c1-5d71e2e3
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "4"
    meshgen.io/source: gateway/ingress-gateway
    tsb.tetrate.io/organization: acme
    tsb.tetrate.io/tenant: dev
    tsb.tetrate.io/workspace: shop
    tsb.tetrate.io/gatewayGroup: shop-c1-f32e986d
spec:
  workloadSelector: {namespace: shop, labels: {app: ingress-gateway}}
  http:
  - name: shop
    hostname: shop.example.com
    port: 80
    routing:
      rules:
      - route: {serviceDestination: {host: shop/web.shop.svc.cluster.local, port: 80}}
""")


CORS = """
routes:
- service: web.shop.svc.cluster.local
  timeout: 10s
  cors:
    allowOrigins: ["https://example.com"]
    allowMethods: [GET]
    allowHeaders: [x-id]
    exposeHeaders: [x-id]
    maxAge: 1h
    allowCredentials: true
"""


def test_users_enter_by_tls_and_the_rest_is_redirected() -> None:
    servers = found(f"{TLS}\n{CORS}").specs("Gateway.gateway.tsb.tetrate.io")
    (c1, _) = servers.values()
    assert c1["http"] == read("""
- name: shop
  hostname: shop.example.com
  port: 443
  tls: {mode: SIMPLE, secretName: shop-cert}
  routing:
    corsPolicy:
      allowOrigin: ["https://example.com"]
      allowMethods: [GET]
      allowHeaders: [x-id]
      exposeHeaders: [x-id]
      maxAge: 3600s
      allowCredentials: true
    rules:
    - timeout: 10s
      route: {serviceDestination: {host: shop/web.shop.svc.cluster.local, port: 80}}
- name: shop-redirect-61dc6b32
  hostname: shop.example.com
  port: 80
  routing:
    rules:
    - redirect: {scheme: https, port: 443, redirectCode: 301}
""")


def test_behind_an_edge_neither_tls_nor_cors_stands_twice() -> None:
    found_ = found(f"{EDGE}\n{TLS}\n{CORS}").specs("Gateway.gateway.tsb.tetrate.io")
    edge, ingress, _ = found_.values()
    assert [(server["port"], "corsPolicy" in server["routing"]) for server in edge["http"]] == [
        (443, True),
        (80, False),
    ]
    assert [(server["port"], "corsPolicy" in server["routing"]) for server in ingress["http"]] == [(80, False)]


def test_all_hosts_of_a_gateway_are_in_one_object_sorted_by_name() -> None:
    found_ = compiled(fleet(), published(f"{EDGE}\n{WEB}"), published(f"{EDGE}\n{WEB}", "blog"))
    edge, *_ = found_.specs("Gateway.gateway.tsb.tetrate.io").values()
    assert [server["hostname"] for server in edge["http"]] == ["blog.example.com", "shop.example.com"]


def test_a_gateway_that_leads_to_clusters_and_to_services_is_an_error() -> None:
    text = published(f"{EDGE}\n{WEB}").replace("ingress-gateway, namespace: shop", "edge-gateway, namespace: edge")
    assert compiled(fleet(), text).errors == [
        "MG211 `ingressGateway` of published host `shop` is `edge-gateway`, a gateway of role `edge`"
    ]
