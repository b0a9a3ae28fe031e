"""Published hosts on Tetrate's platforms (reference: Tetrate §1.1-1.4, §3.1; ADR 40)."""

from __future__ import annotations

from textwrap import indent

import pytest

from meshgen.analysis.names import at_tetrate, server
from meshgen.language.base import seconds
from tests.fleets import Compiled, compiled, read

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
    return {"route": {"clusterDestination": {"clusters": [{"name": name} for name in names]}}}


def service(name: str, port: int) -> dict[str, object]:
    return {"route": {"serviceDestination": {"host": f"shop/{name}.shop.svc.cluster.local", "port": port}}}


BOTH = pytest.mark.parametrize("platform", ["tsb", "tse"])


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


@BOTH
def test_a_group_in_full_has_the_gateways_of_a_workspace_in_one_cluster(platform: str) -> None:
    groups = found(f"{EDGE}\n{WEB}", platform).manifests("Group")
    assert [(group.cluster, group.namespace, group.body["spec"]["namespaceSelector"]) for group in groups] == [
        ("c1", "edge", {"names": ["e1/edge"]}),
        ("c1", "xcp-multicluster", {"names": ["c1/shop"]}),
        ("c1", "xcp-multicluster", {"names": ["c2/shop"]}),
    ]
    assert groups[0].body == read("""
apiVersion: gateway.tsb.tetrate.io/v2
kind: Group
metadata:
  name: edge-gateways-e1-d1099004
  namespace: edge
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "2"
    meshgen.io/source: gateway/edge-gateway
    tsb.tetrate.io/organization: acme
    tsb.tetrate.io/tenant: dev
    tsb.tetrate.io/workspace: edge-gateways
spec:
  namespaceSelector: {names: [e1/edge]}
  configMode: BRIDGED
""")


def test_a_namespace_of_gateways_that_no_workspace_spans_gets_one() -> None:
    workspaces = found(f"{EDGE}\n{WEB}").specs("Workspace")
    assert workspaces == {
        "edge-gateways": {"namespaceSelector": {"names": ["e1/edge"]}},
        "shop": {"namespaceSelector": {"names": ["*/shop"]}},
    }


def test_an_edge_in_a_namespace_of_a_workspace_is_in_that() -> None:
    more = """
kind: Workspace
metadata: {name: doors}
spec: {namespaceSelector: {names: ["e*/edge"]}}
"""
    found = compiled(fleet(), published(f"{EDGE}\n{WEB}"), more)
    assert [
        group.body["metadata"]["annotations"]["tsb.tetrate.io/workspace"] for group in found.manifests("Group")
    ] == [
        "doors",
        "shop",
        "shop",
    ]


def test_the_workspace_of_gateways_evades_one_of_its_name() -> None:
    more = """
kind: Workspace
metadata: {name: edge-gateways}
spec: {namespaceSelector: {names: ["*/other"]}}
"""
    found = compiled(fleet(), published(f"{EDGE}\n{WEB}"), more)
    assert found.names("Workspace") == [
        "edge/edge-gateways-dd34b2dc",
        "xcp-multicluster/edge-gateways",
        "xcp-multicluster/shop",
    ]


@pytest.mark.parametrize(
    ("platform", "gateway", "cluster", "kind", "spec"),
    [
        ("tsb", "edge-gateway", "e1", "Gateway", "{type: INGRESS, kubeSpec: {service: {type: LoadBalancer}}}"),
        ("tse", "edge-gateway", "e1", "Tier1Gateway", "{kubeSpec: {service: {type: LoadBalancer}}}"),
        (
            "tsb",
            "ingress-gateway",
            "c2",
            "Gateway",
            """
type: UNIFIED
kubeSpec:
  deployment: {env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}
  service: {type: LoadBalancer}
proxyConfigOverride: "gatewayTopology: {numTrustedProxies: 1}"
""",
        ),
        (
            "tse",
            "ingress-gateway",
            "c2",
            "IngressGateway",
            """
kubeSpec:
  deployment: {env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}
  service: {type: LoadBalancer}
proxyConfigOverride: "gatewayTopology: {numTrustedProxies: 1}"
""",
        ),
    ],
)
def test_the_operator_runs_them(platform: str, gateway: str, cluster: str, kind: str, spec: str) -> None:
    found_ = found(f"{EDGE}\n{WEB}", platform)
    assert found_.body(f"{kind}.install.tetrate.io", cluster=cluster, name=gateway)["spec"] == read(spec)


def test_an_ingress_without_an_edge_has_no_network_view_and_no_group_of_edges() -> None:
    found_ = found(WEB)
    assert found_.spec("Gateway.install.tetrate.io", cluster="c2")["kubeSpec"] == {"service": {"type": "LoadBalancer"}}
    assert [group.body["spec"]["namespaceSelector"]["names"] for group in found_.manifests("Group")] == [
        ["c1/shop"],
        ["c2/shop"],
    ]
    assert found_.names("Workspace") == ["xcp-multicluster/shop"]


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


TLS = "tls: {credentialName: shop-cert, redirect: true}"
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


WEIGHTS = "traffic: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}"


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


def test_all_hosts_of_a_gateway_are_in_one_object_sorted_by_name() -> None:
    found_ = compiled(fleet(), published(f"{EDGE}\n{WEB}"), published(f"{EDGE}\n{WEB}", "blog"))
    edge, *_ = found_.specs("Gateway.gateway.tsb.tetrate.io").values()
    assert [server["hostname"] for server in edge["http"]] == ["blog.example.com", "shop.example.com"]


def test_a_gateway_that_leads_to_clusters_and_to_services_is_an_error() -> None:
    text = published(f"{EDGE}\n{WEB}").replace("ingress-gateway, namespace: shop", "edge-gateway, namespace: edge")
    assert compiled(fleet(), text).errors == [
        "MG211 `ingressGateway` of published host `shop` is `edge-gateway`, a gateway of role `edge`"
    ]


def test_the_organization_has_to_let_the_edge_reach_the_networks_behind_it() -> None:
    files = found(f"{EDGE}\n{WEB}").files
    assert read(files["_setup/c1/organization-setting.yaml"].decode()) == read("""
networkSettings: {networkReachability: {edge: "n1,n2"}}
""")


def test_without_an_edge_the_organization_has_nothing_to_say() -> None:
    assert "_setup/c1/organization-setting.yaml" not in found(WEB).files


def test_a_draining_cluster_leaves_the_edge_and_goes_on_itself() -> None:
    found_ = found(f"{EDGE}\n{WEB}\ndraining: {{names: [c2]}}")
    assert rules(found_, "edge-gateway", "e1") == [clusters("c1")]
    assert rules(found_, "ingress-gateway", "c2") == [service("web", 80)]


CHECK = "healthCheck: {host: health.example.com, path: /web}"
CANARY = "canary: {host: canary.example.com, image: example.com/canary}"


def hosts(found: Compiled) -> dict[str, dict[str, object]]:
    """Gateway and cluster → host → where its only rule leads to; without redirects."""
    specs = found.specs("Gateway.gateway.tsb.tetrate.io")
    return {
        name.rpartition("-")[0]: {
            server["hostname"]: server["routing"]["rules"][0]
            for server in spec["http"]
            if "redirect" not in server["routing"]["rules"][0]
        }
        for name, spec in specs.items()
    }


def test_the_probe_of_an_edge_is_about_its_region_and_that_of_a_cluster_about_this_alone() -> None:
    led = hosts(found(f"{EDGE}\n{TLS}\n{WEB}\n{WEIGHTS}\n{CHECK}"))
    assert led["edge-gateway-e1"] == {
        "shop.example.com": read(
            "route: {clusterDestination: {clusters: [{name: c1, weight: 70}, {name: c2, weight: 30}]}}"
        ),
        "health.example.com": clusters("c1"),
        "health-c1.example.com": clusters("c1"),
        "health-c2.example.com": clusters("c2"),
    }
    assert led["ingress-gateway-c2"] == {
        "shop.example.com": service("web", 80),
        "health-c2.example.com": service("web", 80),
    }


def test_probes_come_by_tls_where_users_do() -> None:
    edge, ingress, _ = found(f"{EDGE}\n{TLS}\n{WEB}\n{CHECK}").specs("Gateway.gateway.tsb.tetrate.io").values()
    asked = [[s for s in spec["http"] if s["hostname"] == "health.example.com"] for spec in (edge, ingress)]
    assert [[(server["port"], server.get("tls")) for server in servers] for servers in asked] == [
        [(443, {"mode": "SIMPLE", "secretName": "shop-cert"})],
        [(80, None)],
    ]


def test_the_canary_is_published_through_every_entry_point() -> None:
    text = fleet().replace("  workspaces:\n", f"  {CANARY}\n  workspaces:\n")
    led = hosts(compiled(text, published(f"{EDGE}\n{WEB}")))
    answers = read("""
route: {serviceDestination: {host: meshgen-canary/canary.meshgen-canary.svc.cluster.local, port: 80}}
""")
    assert led["edge-gateway-e1"]["canary.example.com"] == clusters("c1")
    assert led["ingress-gateway-c1"]["canary.example.com"] == answers


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


def test_an_unmanaged_gateway_is_chosen_by_its_own_labels_and_nobody_installs_it() -> None:
    text = fleet().replace(
        "{name: edge-gateway, namespace: edge, role: edge}",
        "{name: edge-gateway, namespace: edge, role: edge, managed: false, selector: {app: front}}",
    )
    found_ = compiled(text, published(f"{EDGE}\n{WEB}"))
    edge, *_ = found_.specs("Gateway.gateway.tsb.tetrate.io").values()
    assert edge["workloadSelector"] == {"namespace": "edge", "labels": {"app": "front"}}
    assert found_.names("Gateway.install.tetrate.io", cluster="e1") == []


def test_fleets_that_publish_nothing_have_neither_groups_nor_servers() -> None:
    assert {"Group", "Tier1Gateway"} & compiled(fleet()).kinds == set()


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("1m30s", "90s"), ("250ms", "0.25s"), ("1h", "3600s"), ("1.5s", "1.5s"), ("100s", "100s")],
)
def test_times_are_in_seconds_as_protobuf_has_them(duration: str, expected: str) -> None:
    assert seconds(duration) == expected


def test_names_tell_apart_what_they_are_made_of_and_leave_room_for_those_that_tetrate_makes() -> None:
    assert at_tetrate("a-b", "c") != at_tetrate("a", "b-c")
    assert at_tetrate("edge-gateway", "EU_1.west") == "edge-gateway-eu-1-west-4ef0c668"
    assert len(at_tetrate("a" * 63, "b" * 63)) == 50


@pytest.mark.parametrize(
    ("published_host", "expected"),
    [("shop", "shop"), ("shop.example.com", "shop-example-com-951623a2"), ("a" * 51, f"{'a' * 41}-bfc5fe0e")],
)
def test_a_server_has_the_name_of_its_host_if_that_is_a_short_label(published_host: str, expected: str) -> None:
    assert server(published_host) == expected
