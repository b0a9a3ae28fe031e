"""Routes of published hosts on plain Istio: what they match and change, where, and which clusters serve them."""

from __future__ import annotations

import pytest

from tests.fleets import compiled, read
from tests.published.fleets import EDGE, host, short
from tests.published.istio import EDGE_NAME, INGRESS_NAME, entry, front_door, http, rule

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


def test_routes_to_one_service_more_only_add_a_subset_at_the_edge_where_the_same_clusters_serve_them() -> None:
    two = TWO_SERVICES.replace("name: grpc", "name: http")
    other = two.replace("name: c1", "name: c2").replace("192.0.2.11, 192.0.2.12", "192.0.2.21, 192.0.2.22, 192.0.2.23")
    before = compiled(EDGE, two, other, short())
    after = compiled(EDGE, two, other, TWO_ROUTES)
    assert front_door(before, "c1") != front_door(after, "c1")
    old, new = front_door(before, "e1"), front_door(after, "e1")
    assert [name for name in new if new[name] != old[name]] == [
        f"DestinationRule/{EDGE_NAME}",
        f"ServiceEntry/{EDGE_NAME}",
    ]


def test_subsets_stay_where_routes_need_none_any_more() -> None:
    """Rules and entries are synced before routes: those of before still lead to subsets then (ADR 39)."""
    two = TWO_SERVICES.replace("name: grpc", "name: http")
    other = two.replace("name: c1", "name: c2").replace("192.0.2.11, 192.0.2.12", "192.0.2.21, 192.0.2.22, 192.0.2.23")
    before = front_door(compiled(EDGE, two, TWO_ROUTES), "e1")
    after = front_door(compiled(EDGE, two, other, TWO_ROUTES), "e1")
    used = [route["route"][0]["destination"].get("subset") for route in before[f"VirtualService/{EDGE_NAME}"]["http"]]
    assert None not in used
    assert "subset" not in str(after[f"VirtualService/{EDGE_NAME}"])
    assert {subset["name"] for subset in after[f"DestinationRule/{EDGE_NAME}"]["subsets"]} == {*used}


def test_the_service_gets_of_a_health_check_what_it_gets_of_users_before_an_edge_rewrites_nothing() -> None:
    check = "healthCheck: {host: health.example.com, path: /api/up}"
    found = compiled(
        EDGE, host(f"  routes: [{{match: {{prefix: /api}}, {SERVICE}, rewrite: {{path: /v1}}}}]\n  {check}")
    )
    probes = {
        cluster: [
            route.get("rewrite")
            for item in found.manifests("VirtualService", cluster=cluster)
            if item.body["spec"]["hosts"] == ["health.example.com"]
            for route in item.body["spec"]["http"]
        ]
        for cluster in ("c1", "e1")
    }
    rewritten = {"uriRegexRewrite": {"match": "^/api", "rewrite": "/v1"}}
    assert probes == {"c1": [rewritten, rewritten], "e1": [None, None]}
