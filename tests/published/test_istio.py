"""What published hosts become on plain Istio: input and output side by side."""

from __future__ import annotations

from tests.fleets import compiled, read
from tests.published.fleets import EDGE, WITHOUT_EDGE, short
from tests.published.istio import EDGE_NAME, INGRESS_NAME, WEIGHTED, front_door, http


def test_an_edge_sends_to_the_ingress_gateways_by_mutual_tls_and_they_answer_from_their_cluster() -> None:
    found = compiled(EDGE, short(f"  {WEIGHTED}"))
    ingress = read(f"""
Gateway/{INGRESS_NAME}:
  selector: {{app: ingress, gateway.meshgen.io/id: shop.ingress}}
  servers:
  - hosts: [shop.example.com]
    port: {{number: 15443, name: https-mesh, protocol: HTTPS}}
    tls: {{mode: ISTIO_MUTUAL}}
VirtualService/{INGRESS_NAME}:
  hosts: [shop.example.com]
  gateways: [{INGRESS_NAME}]
  exportTo: ["."]
  http:
  - name: safe-1
    match: [{{method: {{regex: GET|HEAD|OPTIONS}}}}]
    route: [{{destination: {{host: web.shop.svc.cluster.local, port: {{number: 80}}}}}}]
    retries:
      attempts: 2
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled,reset,503
      retryRemoteLocalities: true
  - name: other-1
    route: [{{destination: {{host: web.shop.svc.cluster.local, port: {{number: 80}}}}}}]
    retries:
      attempts: 2
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled
      retryRemoteLocalities: true
""")
    assert front_door(found, "c1") == ingress
    assert front_door(found, "c2") == ingress
    assert front_door(found, "e1") == read(f"""
Gateway/{EDGE_NAME}:
  selector: {{app: edge, gateway.meshgen.io/id: edge.edge}}
  servers: [{{hosts: [shop.example.com], port: {{number: 80, name: http, protocol: HTTP}}}}]
ServiceEntry/{EDGE_NAME}:
  hosts: [shop.example.com]
  exportTo: ["."]
  location: MESH_INTERNAL
  resolution: STATIC
  subjectAltNames: [spiffe://cluster.local/ns/shop/sa/ingress]
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  endpoints:
  - address: 192.0.2.11
    network: meshgen-c1.shop.ingress
    locality: eu
    ports: {{http: 15443}}
    weight: 7
    labels: {{order.meshgen.io/source: c1, security.istio.io/tlsMode: istio}}
  - address: 192.0.2.12
    network: meshgen-c1.shop.ingress
    locality: eu
    ports: {{http: 15443}}
    weight: 7
    labels: {{order.meshgen.io/source: c1, security.istio.io/tlsMode: istio}}
  - address: 192.0.2.21
    network: meshgen-c2.shop.ingress
    locality: us
    ports: {{http: 15443}}
    weight: 2
    labels: {{order.meshgen.io/source: c2, security.istio.io/tlsMode: istio}}
  - address: 192.0.2.22
    network: meshgen-c2.shop.ingress
    locality: us
    ports: {{http: 15443}}
    weight: 2
    labels: {{order.meshgen.io/source: c2, security.istio.io/tlsMode: istio}}
  - address: 192.0.2.23
    network: meshgen-c2.shop.ingress
    locality: us
    ports: {{http: 15443}}
    weight: 2
    labels: {{order.meshgen.io/source: c2, security.istio.io/tlsMode: istio}}
DestinationRule/{EDGE_NAME}:
  host: shop.example.com
  exportTo: ["."]
  trafficPolicy:
    connectionPool: {{tcp: {{connectTimeout: 2s, tcpKeepalive: {{time: 10s, interval: 5s, probes: 3}}}}}}
    loadBalancer: {{simple: ROUND_ROBIN, localityLbSetting: {{enabled: false}}}}
    outlierDetection:
      baseEjectionTime: 40s
      consecutive5xxErrors: 0
      consecutiveGatewayErrors: 5
      interval: 5s
      maxEjectionPercent: 100
    tls: {{mode: ISTIO_MUTUAL, sni: shop.example.com}}
VirtualService/{EDGE_NAME}:
  hosts: [shop.example.com]
  gateways: [{EDGE_NAME}]
  exportTo: ["."]
  http:
  - name: safe
    match: [{{method: {{regex: GET|HEAD|OPTIONS}}}}]
    route: [{{destination: {{host: shop.example.com, port: {{number: 80}}}}}}]
    retries:
      attempts: 3
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled,reset,503
      retryRemoteLocalities: true
  - name: other
    route: [{{destination: {{host: shop.example.com, port: {{number: 80}}}}}}]
    retries:
      attempts: 3
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled
      retryRemoteLocalities: true
""")


def test_without_an_edge_users_reach_the_ingress_gateways_which_fail_over_inside_the_mesh() -> None:
    found = compiled(EDGE, WITHOUT_EDGE)
    expected = read(f"""
Gateway/{INGRESS_NAME}:
  selector: {{app: ingress, gateway.meshgen.io/id: shop.ingress}}
  servers: [{{hosts: [shop.example.com], port: {{number: 80, name: http, protocol: HTTP}}}}]
VirtualService/{INGRESS_NAME}:
  hosts: [shop.example.com]
  gateways: [{INGRESS_NAME}]
  exportTo: ["."]
  http:
  - name: safe-1
    match: [{{method: {{regex: GET|HEAD|OPTIONS}}}}]
    route: [{{destination: {{host: web.shop.svc.cluster.local, port: {{number: 80}}}}}}]
    retries:
      attempts: 3
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled,reset,503
      retryRemoteLocalities: true
  - name: other-1
    route: [{{destination: {{host: web.shop.svc.cluster.local, port: {{number: 80}}}}}}]
    retries:
      attempts: 3
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled
      retryRemoteLocalities: true
""")
    assert front_door(found, "c1") == expected
    assert front_door(found, "c2") == expected
    assert front_door(found, "e1") == {}
    assert found.names("WorkloadEntry", cluster="c1"), "the mesh's own way to the other cluster"


def test_an_ingress_gateway_says_the_shares_of_a_service_itself_since_it_obeys_no_virtual_service_of_the_mesh() -> None:
    workspace = f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {WEIGHTED}
"""
    found = compiled(EDGE, WITHOUT_EDGE, workspace)
    assert http(found, "c1", INGRESS_NAME)[0]["route"] == read("""
- {destination: {host: web.c1.shop.mesh, port: {number: 80}}, weight: 7}
- {destination: {host: web.c2.shop.mesh, port: {number: 80}}, weight: 3}
""")


TLS = "  tls: {credentialName: shop-cert, redirect: true, certManager: {issuer: {name: letsencrypt}}}"


def test_tls_ends_at_the_entry_point_and_a_redirect_is_a_route_of_its_own() -> None:
    found = compiled(EDGE, short(TLS))
    specs = front_door(found, "e1")
    redirect = "edge-shop-d6dbd1a789b90707-http"
    assert specs[f"Gateway/{EDGE_NAME}"]["servers"] == read("""
- hosts: [shop.example.com]
  port: {number: 443, name: https, protocol: HTTPS}
  tls: {mode: SIMPLE, credentialName: shop-cert}
""")
    assert specs[f"Gateway/{redirect}"]["servers"] == read("""
- hosts: [shop.example.com]
  port: {number: 80, name: http, protocol: HTTP}
""")
    assert specs[f"VirtualService/{redirect}"] == read(f"""
hosts: [shop.example.com]
gateways: [{redirect}]
exportTo: ["."]
http: [{{name: redirect, redirect: {{scheme: https}}}}]
""")
    assert specs["Certificate/shop-cert"] == read("""
secretName: shop-cert
dnsNames: [shop.example.com]
issuerRef: {group: cert-manager.io, kind: ClusterIssuer, name: letsencrypt}
""")
    assert set(front_door(found, "c1")) == {f"Gateway/{INGRESS_NAME}", f"VirtualService/{INGRESS_NAME}"}
