"""Where the routes of published hosts lead on Tetrate's platforms: clusters at edges, services behind them."""

from __future__ import annotations

import pytest

from meshgen.language.base import seconds
from tests.fleets import compiled, read
from tests.published.tetrate import EDGE, WEB, WEIGHTS, clusters, fleet, found, published, rules, service

ROUTES = f"""{EDGE}
routes:
- match: {{prefix: /api, headers: {{X-Canary: "yes"}}}}
  service: api.shop.svc.cluster.local
  rewrite: {{path: /v1, host: api.internal}}
- {{match: {{path: /version}}, service: api.shop.svc.cluster.local, rewrite: {{path: /v1/version}}, timeout: 1m30s}}
- {{match: {{prefix: /web/}}, service: web.shop.svc.cluster.local}}
- {{service: web.shop.svc.cluster.local}}
"""


def test_each_route_of_an_edge_has_the_clusters_that_serve_its_service_and_its_path_stays() -> None:
    assert rules(found(ROUTES), "edge-gateway", "e1") == [
        {
            "match": [
                {"uri": {"exact": "/api"}, "headers": {"x-canary": {"exact": "yes"}}},
                {"uri": {"prefix": "/api/"}, "headers": {"x-canary": {"exact": "yes"}}},
            ],
            **clusters("c1"),
        },
        {"match": [{"uri": {"exact": "/version"}}], "timeout": "90s", **clusters("c1")},
        {"match": [{"uri": {"exact": "/web"}}, {"uri": {"prefix": "/web/"}}], **clusters("c1", "c2")},
        clusters("c1", "c2"),
    ]


def test_an_ingress_rewrites_what_matched_and_leaves_the_time_to_the_edge() -> None:
    canary = {"headers": {"x-canary": {"exact": "yes"}}}
    assert rules(found(ROUTES), "ingress-gateway", "c1") == [
        {
            "match": [{"uri": {"exact": "/api"}, **canary}],
            "modify": {"rewrite": {"authority": "api.internal", "uri": "/v1"}},
            **service("api", 81),
        },
        {
            "match": [{"uri": {"prefix": "/api/"}, **canary}],
            "modify": {"rewrite": {"authority": "api.internal", "uri": "/v1/"}},
            **service("api", 81),
        },
        {
            "match": [{"uri": {"exact": "/version"}}],
            "modify": {"rewrite": {"uri": "/v1/version"}},
            **service("api", 81),
        },
        {"match": [{"uri": {"exact": "/web"}}, {"uri": {"prefix": "/web/"}}], **service("web", 80)},
        service("web", 80),
    ]


@pytest.mark.parametrize(
    ("match", "path", "expected"),
    [
        ("", "/v1", [{"match": [{"uri": {"prefix": "/"}}], "modify": {"rewrite": {"uri": "/v1/"}}}]),
        ("prefix: /", "/", [{"match": [{"uri": {"prefix": "/"}}], "modify": {"rewrite": {"uri": "/"}}}]),
        (
            "prefix: /api",
            "/",
            [
                {"match": [{"uri": {"exact": "/api"}}], "modify": {"rewrite": {"uri": "/"}}},
                {"match": [{"uri": {"prefix": "/api/"}}], "modify": {"rewrite": {"uri": "/"}}},
            ],
        ),
    ],
)
def test_a_rewritten_prefix_keeps_the_slash_behind_it(match: str, path: str, expected: list[dict[str, object]]) -> None:
    text = f"routes: [{{match: {{{match}}}, {WEB}, rewrite: {{path: {path}}}}}]"
    assert rules(found(text), "ingress-gateway", "c1") == [{**rule, **service("web", 80)} for rule in expected]


def test_shares_are_weights_that_fail_over() -> None:
    edge, *_ = found(f"{EDGE}\n{WEB}\n{WEIGHTS}").specs("Gateway.gateway.tsb.tetrate.io").values()
    (server,) = edge["http"]
    assert server["failoverSettings"] == {
        "failoverPriority": ["topology.kubernetes.io/region", "topology.istio.io/network"]
    }
    assert server["routing"]["rules"] == read("""
- route: {clusterDestination: {clusters: [{name: c1, weight: 70}, {name: c2, weight: 30}]}}
""")


def test_shares_of_hosts_that_give_failover_up_do_not() -> None:
    text = f"{EDGE}\n{WEB}\n{WEIGHTS}\nfailover: {{enabled: false}}"
    edge, *_ = found(text).specs("Gateway.gateway.tsb.tetrate.io").values()
    assert "failoverSettings" not in edge["http"][0]


def test_without_failover_an_edge_has_the_clusters_of_its_first_level_only() -> None:
    text = f"{EDGE}\n{WEB}\nfailover: {{enabled: false}}"
    assert rules(found(text), "edge-gateway", "e1") == [clusters("c1")]


def test_a_route_that_nobody_serves_is_answered_by_the_edge() -> None:
    text = f"{EDGE}\n{WEB}\ntraffic: {{sources: {{names: [nowhere]}}}}"
    plan = found(text).compilation.checked.draft
    assert plan is not None
    assert plan.servers[0].servers[0].routes[0].clusters == ()


def test_a_draining_cluster_leaves_the_edge_and_goes_on_itself() -> None:
    found_ = found(f"{EDGE}\n{WEB}\ndraining: {{names: [c2]}}")
    assert rules(found_, "edge-gateway", "e1") == [clusters("c1")]
    assert rules(found_, "ingress-gateway", "c2") == [service("web", 80)]


def test_an_edge_in_a_workload_cluster_calls_its_own_cluster_too() -> None:
    text = fleet().replace(
        "role: edge}\n  - {name: ingress", "role: edge, clusters: {names: [c1]}}\n  - {name: ingress"
    )
    found_ = compiled(text, published(f"{EDGE}\n{WEB}"), """
kind: Inventory
metadata: {name: e1}
spec: {namespaces: [{name: edge}]}
""")  # fmt: skip
    assert rules(found_, "edge-gateway", "c1") == [clusters("c1", "c2")]
    assert read(found_.files["_setup/c1/organization-setting.yaml"].decode()) == read("""
networkSettings: {networkReachability: {n1: n2}}
""")


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("1m30s", "90s"), ("250ms", "0.25s"), ("1h", "3600s"), ("1.5s", "1.5s"), ("100s", "100s")],
)
def test_times_are_in_seconds_as_protobuf_has_them(duration: str, expected: str) -> None:
    assert seconds(duration) == expected
