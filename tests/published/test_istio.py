"""What published hosts become on plain Istio: input and output side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fleets import compiled, read
from tests.published.fleets import EDGE, WITHOUT_EDGE, host, short

if TYPE_CHECKING:
    from tests.fleets import Compiled

EDGE_NAME, INGRESS_NAME = "edge-shop-d6dbd1a789b90707", "ingress-shop-104e7265a7a6bd32"
WEIGHTED = "traffic: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}"


def front_door(found: Compiled, cluster: str, origin: str = "publishedHost/shop") -> dict[str, Any]:
    """`<kind>/<name>` → spec of what a published host makes in a cluster."""
    return {
        f"{item.kind}/{item.name}": item.body["spec"]
        for item in found.manifests(cluster=cluster)
        if item.metadata["annotations"]["meshgen.io/source"] == origin
    }


def entry(found: Compiled) -> dict[str, Any]:
    return found.spec("ServiceEntry", cluster="e1", name=EDGE_NAME)


def rule(found: Compiled) -> dict[str, Any]:
    return found.spec("DestinationRule", cluster="e1", name=EDGE_NAME)


def http(found: Compiled, cluster: str, name: str) -> Any:
    return found.spec("VirtualService", cluster=cluster, name=name)["http"]


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
    shares = "{mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}"
    workspace = f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  traffic: {shares}
"""
    found = compiled(EDGE, WITHOUT_EDGE, workspace)
    assert http(found, "c1", INGRESS_NAME)[0]["route"] == read("""
- {destination: {host: web.c1.shop.mesh, port: {number: 80}}, weight: 7}
- {destination: {host: web.c2.shop.mesh, port: {number: 80}}, weight: 3}
""")


SERVICE = "service: web.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("{match: {prefix: /api}, SERVICE}", "match: [{uri: {exact: /api}}, {uri: {prefix: /api/}}]"),
        ("{match: {prefix: /}, SERVICE}", ""),
        ("{match: {path: /login}, SERVICE}", "match: [{uri: {exact: /login}}]"),
        ("{match: {headers: {X-Canary: 'yes'}}, SERVICE}", "match: [{headers: {x-canary: {exact: 'yes'}}}]"),
        ("{match: {methods: [POST]}, SERVICE}", "match: [{method: {exact: POST}}]"),
        ("{match: {methods: [PUT, POST]}, SERVICE}", "match: [{method: {regex: PUT|POST}}]"),
        (
            "{match: {prefix: /api}, rewrite: {path: /v1}, SERVICE}",
            """match: [{uri: {exact: /api}}, {uri: {prefix: /api/}}]
rewrite: {uriRegexRewrite: {match: ^/api, rewrite: /v1}}""",
        ),
        (
            "{match: {prefix: /api}, rewrite: {path: /}, SERVICE}",
            """match: [{uri: {exact: /api}}, {uri: {prefix: /api/}}]
rewrite: {uriRegexRewrite: {match: ^/api/?, rewrite: /}}""",
        ),
        (
            "{rewrite: {path: /v1, host: web.internal}, SERVICE}",
            "rewrite: {uriRegexRewrite: {match: ^/?, rewrite: /v1/}, authority: web.internal}",
        ),
        (
            "{match: {path: /old}, rewrite: {path: /new}, SERVICE}",
            "match: [{uri: {exact: /old}}]\nrewrite: {uri: /new}",
        ),
    ],
)
def test_a_route_at_an_ingress_gateway(route: str, expected: str) -> None:
    routes = f"""  failover: {{retries: {{mode: "off"}}}}
  routes:
  - {route.replace("SERVICE", SERVICE)}
"""
    found = http(compiled(EDGE, host(routes)), "c1", INGRESS_NAME)
    target = "{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}"
    assert found == [read(f"name: all-1\n{expected}\nroute: [{target}]\nretries: {{attempts: 0}}")]


def test_what_is_said_of_methods_and_of_requests_that_may_run_twice_holds_together() -> None:
    routes = f"""
  failover: {{retries: {{idempotentRequests: ["PUT /api/carts/*", "/login", "DELETE /api*"]}}}}
  routes:
  - {{match: {{prefix: /api, methods: [GET, PUT]}}, {SERVICE}}}
"""
    safe, other = http(compiled(EDGE, host(routes)), "c1", INGRESS_NAME)
    assert safe["match"] == read("""
- {uri: {exact: /api}, method: {exact: GET}}
- {uri: {prefix: /api/}, method: {exact: GET}}
- {uri: {prefix: /api/carts/}, method: {exact: PUT}}
""")
    assert other["match"] == read("""
- {uri: {exact: /api}, method: {regex: GET|PUT}}
- {uri: {prefix: /api/}, method: {regex: GET|PUT}}
""")


def test_timeouts_and_cross_origin_requests_are_for_the_entry_point_and_rewrites_for_the_ingress_gateway() -> None:
    routes = f"""
  routes:
  - match: {{prefix: /api, methods: [POST]}}
    {SERVICE}
    timeout: 10s
    rewrite: {{path: /}}
    cors: {{allowOrigins: ["*"], allowMethods: [POST], maxAge: 1h, allowCredentials: true}}
"""
    found = compiled(EDGE, host(routes))
    safe, other = http(found, "e1", EDGE_NAME)
    assert "match" in safe, "the browser asks by OPTIONS first"
    cors = read('{allowOrigins: [{regex: ".*"}], allowMethods: [POST], maxAge: 1h, allowCredentials: true}')
    assert (other["timeout"], other["corsPolicy"], "rewrite" in other) == ("10s", cors, False)
    inner = http(found, "c1", INGRESS_NAME)[-1]
    assert ("timeout" in inner, "corsPolicy" in inner, "rewrite" in inner) == (False, False, True)


TWO_SERVICES = """
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}
  - {name: api, namespace: shop, selector: {app: api}, ports: [{name: grpc, port: 90}]}
  gateways: [{name: ingress, namespace: shop, addresses: [192.0.2.11, 192.0.2.12]}]
"""
TWO_ROUTES = host(f"""
  routes:
  - {{match: {{prefix: /api}}, service: api.shop.svc.cluster.local}}
  - {{{SERVICE}}}
""")


def test_routes_whose_services_are_in_different_clusters_have_subsets() -> None:
    """A cluster that lacks one service would be ejected for the other one, too."""
    found = compiled(EDGE, TWO_SERVICES, TWO_ROUTES)
    destinations = [route["route"][0]["destination"].get("subset") for route in http(found, "e1", EDGE_NAME)]
    names = sorted({name for name in destinations if name is not None})
    assert [name.rpartition("-")[0] for name in names] == ["api", "web"]
    api, web = names
    assert destinations == [api, web, web]
    assert rule(found)["subsets"] == [
        {"name": api, "labels": {f"serves.meshgen.io/{api}": "yes"}},
        {"name": web, "labels": {f"serves.meshgen.io/{web}": "yes"}},
    ]
    serves = [
        (endpoint["address"], sorted(label for label in endpoint["labels"] if label.startswith("serves.")))
        for endpoint in entry(found)["endpoints"]
    ]
    both = [f"serves.meshgen.io/{api}", f"serves.meshgen.io/{web}"]
    assert serves == [
        ("192.0.2.11", both),
        ("192.0.2.12", both),
        ("192.0.2.21", both[1:]),
        ("192.0.2.22", both[1:]),
        ("192.0.2.23", both[1:]),
    ]
    assert rule(found)["trafficPolicy"]["connectionPool"]["http"] == {"useClientProtocol": True}


def test_routes_of_a_workspace_leave_the_edge_alone_where_the_same_clusters_serve_them() -> None:
    two = TWO_SERVICES.replace("name: grpc", "name: http")
    other = two.replace("name: c1", "name: c2").replace("192.0.2.11, 192.0.2.12", "192.0.2.21, 192.0.2.22, 192.0.2.23")
    before = compiled(EDGE, two, other, short())
    after = compiled(EDGE, two, other, TWO_ROUTES)
    assert front_door(before, "c1") != front_door(after, "c1")
    assert front_door(before, "e1") == front_door(after, "e1")


def test_an_order_is_one_of_labels_and_retries_get_past_all_addresses_before_the_last() -> None:
    found = compiled(EDGE, short("  traffic: {mode: ordered, order: [{names: [c2]}, {names: [c1]}]}"))
    assert rule(found)["trafficPolicy"]["loadBalancer"] == read(
        "localityLbSetting: {enabled: true, failoverPriority: [order.meshgen.io/1]}"
    )
    levels = [(item["address"], item["labels"].get("order.meshgen.io/1")) for item in entry(found)["endpoints"]]
    assert levels == [
        ("192.0.2.21", None),
        ("192.0.2.22", None),
        ("192.0.2.23", None),
        ("192.0.2.11", "yes"),
        ("192.0.2.12", "yes"),
    ]
    assert http(found, "e1", EDGE_NAME)[0]["retries"]["attempts"] == 3


BY_NAME = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services: [{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}]
  gateways: [{name: ingress, namespace: shop, hostname: c2.elb.example.com}]
"""
NEW = EDGE.replace("platform: istio", "platform: istio\n  istio: {version: 1.30.0}")


def test_names_get_an_alias_for_each_cluster_and_shares_in_the_routes() -> None:
    """Weights of endpoints count for each address that a name has (reference: tried on a mesh)."""
    found = compiled(NEW, BY_NAME, short(f"  {WEIGHTED}"))
    entries = found.specs("ServiceEntry", cluster="e1")
    first, second = entries
    assert [name.rpartition("-")[0] for name in entries] == ["edge-shop-c1", "edge-shop-c2"]
    assert [entries[name]["hosts"] for name in entries] == [[f"{first}.mesh"], [f"{second}.mesh"]]
    assert entries[second]["resolution"] == "DNS"
    assert entries[second]["endpoints"] == read("""
- address: c2.elb.example.com
  network: meshgen-c2.shop.ingress
  ports: {http: 15443}
  weight: 1
  labels: {order.meshgen.io/source: c2, security.istio.io/tlsMode: istio}
- address: 192.0.2.11
  network: meshgen-c1.shop.ingress
  ports: {http: 15443}
  weight: 1
  labels: {order.meshgen.io/1: "yes", order.meshgen.io/source: c1, security.istio.io/tlsMode: istio}
- address: 192.0.2.12
  network: meshgen-c1.shop.ingress
  ports: {http: 15443}
  weight: 1
  labels: {order.meshgen.io/1: "yes", order.meshgen.io/source: c1, security.istio.io/tlsMode: istio}
""")
    policy = found.spec("DestinationRule", cluster="e1", name=second)["trafficPolicy"]
    assert policy["loadBalancer"]["localityLbSetting"]["failoverPriority"] == ["order.meshgen.io/1"]
    assert policy["tls"] == {"mode": "ISTIO_MUTUAL", "sni": "shop.example.com"}
    assert http(found, "e1", EDGE_NAME)[0]["route"] == [
        {"destination": {"host": f"{first}.mesh", "port": {"number": 80}}, "weight": 7},
        {"destination": {"host": f"{second}.mesh", "port": {"number": 80}}, "weight": 3},
    ]


def test_an_order_of_names_needs_no_alias() -> None:
    found = compiled(NEW, BY_NAME, short("  traffic: {mode: ordered, order: [{names: [c2]}, {names: [c1]}]}"))
    assert list(found.specs("ServiceEntry", cluster="e1")) == [EDGE_NAME]
    assert entry(found)["resolution"] == "DNS"
    assert not any("locality" in endpoint for endpoint in entry(found)["endpoints"])


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


@pytest.mark.parametrize(
    ("failover", "edge", "ingress"),
    [
        ("{}", [(3, None), (3, None)], [(2, None), (2, None)]),
        ("{retries: {attempts: 8, perTryTimeout: 2s}}", [(8, "2s"), (8, "2s")], [(2, None), (2, None)]),
        ('{retries: {mode: "off"}}', [(0, None)], [(0, None)]),
        ("{retries: {idempotent: all}}", [(3, None)], [(2, None)]),
        ("{retries: {idempotent: none}}", [(3, None)], [(2, None)]),
    ],
)
def test_the_edge_tries_other_clusters_and_the_ingress_gateway_other_pods(
    failover: str, edge: list[tuple[int, str | None]], ingress: list[tuple[int, str | None]]
) -> None:
    found = compiled(EDGE, short(f"  failover: {failover}"))

    def retries(cluster: str, name: str) -> list[tuple[int, str | None]]:
        return [
            (route["retries"]["attempts"], route["retries"].get("perTryTimeout"))
            for route in http(found, cluster, name)
        ]

    assert retries("e1", EDGE_NAME) == edge
    assert retries("c1", INGRESS_NAME) == ingress


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ("{}", "40s"),
        ("{baseEjectionTime: 1m, interval: 2s}", "64s"),
        ("{interval: 250ms}", "30500ms"),
    ],
    ids=["defaults", "said", "below a second"],
)
def test_an_edge_ejects_for_two_intervals_longer_than_the_ingress_gateways(detection: str, expected: str) -> None:
    found = compiled(EDGE, short(f"  failover: {{outlierDetection: {detection}}}"))
    assert rule(found)["trafficPolicy"]["outlierDetection"]["baseEjectionTime"] == expected


def test_an_edge_in_a_workload_cluster_calls_its_own_ingress_gateway_by_address_and_first() -> None:
    both = EDGE.replace("clusters: {names: [e1]}", "clusters: {names: [c2]}").partition("---")[0]
    inventory = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services: [{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}]
  gateways:
  - {name: edge, namespace: edge, addresses: [198.51.100.2]}
  - {name: ingress, namespace: shop, addresses: [192.0.2.21]}
"""
    found = compiled(EDGE, both, inventory)
    endpoints = found.spec("ServiceEntry", cluster="c2", name=EDGE_NAME)["endpoints"]
    assert [item["address"] for item in endpoints] == ["192.0.2.21", "192.0.2.11", "192.0.2.12"]
    assert f"Gateway/{INGRESS_NAME}" in front_door(found, "c2")


def test_what_drains_leaves_the_edge_and_goes_on_at_its_ingress_gateway() -> None:
    found = compiled(EDGE, short("  draining: {names: [c2]}"))
    assert [item["address"] for item in entry(found)["endpoints"]] == ["192.0.2.11", "192.0.2.12"]
    assert front_door(found, "c2") == front_door(compiled(EDGE), "c2")
