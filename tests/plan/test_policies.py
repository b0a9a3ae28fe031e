"""Priorities and outlier detection (design §3, DestinationRule; reference: Istio §1.8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.plan.policies import _all_but_one
from tests.fleets import HAS, LACKS, compiled, read

THREE = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: REGION, network: n3}
---
kind: Inventory
metadata: {name: c3}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [203.0.113.1]}]
"""
IN_EU, IN_US = THREE.replace("REGION", "eu"), THREE.replace("REGION", "us")


def failover(text: str) -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  failover: {{{text}}}
"""


def addresses(text: str) -> str:
    return f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}], serviceAccounts: [web]}}
  gateways: [{{name: ew, namespace: shop, addresses: {text}}}]
"""


def test_the_rule_beside_a_local_copy_in_full() -> None:
    assert compiled(HAS).body("DestinationRule", cluster="c1") == read("""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: meshgen-web
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "2", meshgen.io/source: workspace/shop}
spec:
  host: web.shop.svc.cluster.local
  trafficPolicy:
    connectionPool: {tcp: {connectTimeout: 2s, tcpKeepalive: {time: 10s, interval: 5s, probes: 3}}}
    loadBalancer:
      localityLbSetting:
        enabled: true
        failoverPriority: [topology.kubernetes.io/region, topology.istio.io/network]
    outlierDetection:
      baseEjectionTime: 30s
      consecutive5xxErrors: 0
      consecutiveGatewayErrors: 5
      interval: 5s
      maxEjectionPercent: 100
""")


def with_port(base: str, port: str, version: str = "1.31") -> str:
    return base.replace("{name: http, port: 80}", port).replace("n1}", f"n1, istio: {{version: '{version}'}}}}")


PINGS = {"http2KeepAlive": {"interval": "2s", "timeout": "2s"}}


@pytest.mark.parametrize(
    ("version", "port", "http"),
    [
        ("1.31", "{name: grpc, port: 80}", PINGS),
        ("1.31", "{name: http2, port: 80}", PINGS),
        ("1.32.1", "{name: main, port: 80, appProtocol: kubernetes.io/h2c}", PINGS),
        ("1.31", "{name: http, port: 80}, {name: grpc, port: 81}", PINGS),
        ("1.31", "{name: http, port: 80}", None),
        ("1.31", "{name: tcp, port: 80}", None),
        ("1.30.9", "{name: grpc, port: 80}", None),
    ],
)
def test_http2_connections_to_other_clusters_are_pinged_where_istio_can(
    version: str, port: str, http: dict[str, object] | None
) -> None:
    found = compiled(with_port(LACKS, port, version)).spec("DestinationRule", cluster="c1")
    assert found["trafficPolicy"]["connectionPool"].get("http") == http


def test_a_stub_is_pinged_like_any_host_without_a_local_copy() -> None:
    fleet = with_port(LACKS, "{name: grpc, port: 80}").replace(
        "{version: '1.31'}", "{version: '1.31', dnsCapture: false}"
    )
    found = compiled(fleet).spec("DestinationRule", cluster="c1")
    assert found["trafficPolicy"]["connectionPool"]["http"] == PINGS


def test_a_stub_is_not_pinged_while_pods_of_its_own_arrive() -> None:
    port = "{name: grpc, port: 80}"
    arriving = with_port(HAS, port).replace("'1.31'}", "'1.31', dnsCapture: false}")
    arriving = arriving.replace(
        "serviceAccounts: [web]}\n  gateways: [{name: ew, namespace: shop, addresses: [198",
        "serviceAccounts: [web], state: arriving}\n  gateways: [{name: ew, namespace: shop, addresses: [198",
    )
    assert "state: arriving" in arriving
    found = compiled(arriving).specs("DestinationRule", cluster="c1").values()
    assert ["http" in spec["trafficPolicy"]["connectionPool"] for spec in found] == [False]


def test_no_sidecar_pings_its_own_application() -> None:
    """The rule of a host applies to the connections between its pods' sidecars and applications, too."""
    found = compiled(with_port(HAS, "{name: grpc, port: 80}")).spec("DestinationRule", cluster="c1")
    assert "http" not in found["trafficPolicy"]["connectionPool"]


def test_a_remote_host_with_one_address_has_no_outlier_detection() -> None:
    assert compiled(LACKS, addresses("[192.0.2.1]")).spec("DestinationRule") == read("""
host: web.shop.svc.cluster.local
exportTo: ["*"]
trafficPolicy:
  connectionPool: {tcp: {connectTimeout: 2s, tcpKeepalive: {time: 10s, interval: 5s, probes: 3}}}
""")


@pytest.mark.parametrize(
    ("several", "percent"),
    [
        ("[192.0.2.1, 192.0.2.2]", 50),
        ("[192.0.2.1, 192.0.2.2, 192.0.2.3]", 67),
        ("[192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4]", 75),
    ],
)
def test_of_several_addresses_of_one_source_one_stays_in(several: str, percent: int) -> None:
    assert compiled(LACKS, addresses(several)).spec("DestinationRule") == read(f"""
host: web.shop.svc.cluster.local
exportTo: ["*"]
trafficPolicy:
  connectionPool: {{tcp: {{connectTimeout: 2s, tcpKeepalive: {{time: 10s, interval: 5s, probes: 3}}}}}}
  outlierDetection:
    baseEjectionTime: 30s
    consecutive5xxErrors: 0
    consecutiveGatewayErrors: 5
    interval: 5s
    maxEjectionPercent: {percent}
""")


def ejected(endpoints: int, percent: int) -> int:
    """How many endpoints Envoy lets out: one more as long as the share, that one included, is within the limit."""
    return endpoints * percent // 100


@given(endpoints=st.integers(2, 5000))
def test_envoy_never_ejects_the_last_endpoint(endpoints: int) -> None:
    assert ejected(endpoints, _all_but_one(endpoints)) < endpoints


@given(endpoints=st.integers(2, 100))
def test_envoy_may_eject_all_endpoints_but_one(endpoints: int) -> None:
    assert ejected(endpoints, _all_but_one(endpoints)) == endpoints - 1


def rule(*texts: str) -> tuple[list[str], int | None]:
    """Priorities and share of the rule in c1."""
    policy = compiled(*texts).spec("DestinationRule", cluster="c1")["trafficPolicy"]
    order = policy.get("loadBalancer", {}).get("localityLbSetting", {}).get("failoverPriority", [])
    return order, policy.get("outlierDetection", {}).get("maxEjectionPercent")


REGION_NETWORK = ["topology.kubernetes.io/region", "topology.istio.io/network"]


def test_two_sources_in_one_region_are_one_level() -> None:
    assert rule(LACKS, IN_US) == ([], 67)


def test_a_source_in_the_own_region_and_one_elsewhere_are_two_levels() -> None:
    assert rule(LACKS, IN_EU) == (REGION_NETWORK, 100)


def test_a_local_copy_and_remote_ones_are_levels() -> None:
    assert rule(HAS, IN_US) == (REGION_NETWORK, 100)
    assert rule(HAS, addresses("[192.0.2.1]")) == (REGION_NETWORK, 100)


def test_zones_count_only_with_zone_aware() -> None:
    assert rule(HAS, failover("zoneAware: true")) == ([*REGION_NETWORK, "topology.kubernetes.io/zone"], 100)


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("consecutiveGatewayErrors: 1", {"consecutiveGatewayErrors": 1}),
        ("consecutive5xxErrors: 7", {"consecutive5xxErrors": 7}),
        ("interval: 1s, baseEjectionTime: 1m", {"interval": "1s", "baseEjectionTime": "1m"}),
        ("maxEjectionPercent: 40", {"maxEjectionPercent": 40}),
        ("minHealthPercent: 10", {"minHealthPercent": 10}),
        (
            "splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3",
            {"splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 3},
        ),
    ],
)
def test_declared_fields_replace_the_defaults_one_by_one(declared: str, written: dict[str, object]) -> None:
    found = compiled(HAS, failover(f"outlierDetection: {{{declared}}}")).spec("DestinationRule", cluster="c1")
    assert (
        found["trafficPolicy"]["outlierDetection"]
        == {
            "baseEjectionTime": "30s",
            "consecutive5xxErrors": 0,
            "consecutiveGatewayErrors": 5,
            "interval": "5s",
            "maxEjectionPercent": 100,
        }
        | written
    )


def test_the_services_own_fields_win_over_the_workspaces_and_leave_the_others() -> None:
    found = compiled(HAS, """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  failover: {outlierDetection: {interval: 1s, baseEjectionTime: 9s}, zoneAware: true}
  exposedServices:
  - {host: web.shop.svc.cluster.local, failover: {outlierDetection: {interval: 2s}}}
""").spec("DestinationRule", cluster="c1")["trafficPolicy"]  # fmt: skip
    assert found["outlierDetection"]["interval"] == "2s"
    assert found["outlierDetection"]["baseEjectionTime"] == "9s"
    assert len(found["loadBalancer"]["localityLbSetting"]["failoverPriority"]) == 3


def team(rules: str) -> str:
    return f"""
kind: Inventory
metadata: {{name: c1}}
spec:
  namespaces: [{{name: shop}}, {{name: front}}]
  services:
  - {{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}], serviceAccounts: [web]}}
  gateways: [{{name: ew, namespace: shop, addresses: [198.51.100.1]}}]
  destinationRules: [{rules}]
"""


LOCAL_FIRST = "outlierDetection: {interval: 1s}, failoverPriority: [topology.istio.io/network]"
OURS, THEIRS = ["shop/meshgen-web"], list[str]()


@pytest.mark.parametrize(
    ("theirs", "rules"),
    [
        ("{name: web, namespace: shop, host: web, subsets: [v1]}", OURS),
        ("{name: web, namespace: shop, host: web}", OURS),
        (f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}}}", THEIRS),
        (f"{{name: web, namespace: shop, host: web.shop.svc.cluster.local, {LOCAL_FIRST}}}", THEIRS),
        (f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}, tlsMode: ISTIO_MUTUAL}}", THEIRS),
        (f"{{name: web, namespace: shop, host: web, portLevelSettings: [{{port: 80, {LOCAL_FIRST}}}]}}", THEIRS),
        (f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}, portLevelSettings: [{{port: 443}}]}}", THEIRS),
        (f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}, exportTo: ['*']}}", THEIRS),
        (f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}, exportTo: [.]}}", OURS),
        (f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}, exportTo: [shop, front]}}", OURS),
        ("{name: all, namespace: shop, host: '*.shop.svc.cluster.local', trafficPolicy: true}", OURS),
        ("{name: web, namespace: front, host: web.shop.svc.cluster.local, trafficPolicy: true}", OURS),
        ("{name: web, namespace: shop, host: web, workloadSelector: {app: x}, trafficPolicy: true}", OURS),
        ("{name: other, namespace: shop, host: other, trafficPolicy: true}", OURS),
    ],
    ids=[
        "only subsets", "empty", "local first", "full name", "mesh TLS", "its port", "another port",
        "for all", "for its namespace", "for some namespaces", "wildcard", "other namespace", "some clients",
        "other host",
    ],
)  # fmt: skip
def test_a_teams_rule_that_leaves_failover_alone_keeps_the_entries(theirs: str, rules: list[str]) -> None:
    found = compiled(HAS, team(theirs))
    assert found.names("DestinationRule", cluster="c1") == rules
    assert len(found.names("WorkloadEntry", cluster="c1")) == 2


@pytest.mark.parametrize(
    ("exports", "ours"),
    [
        ([""], None),
        (["exportTo: ['*']"], ["*"]),
        (["exportTo: ['*']", "exportTo: ['*']"], ["*"]),
        (["exportTo: ['*']", ""], None),
        (["exportTo: [.]"], None),
    ],
)
def test_our_rule_is_exported_by_name_where_all_of_the_teams_are(exports: list[str], ours: list[str] | None) -> None:
    """Istio merges rules only if they are exported alike, and takes `*` for another export than none."""
    rules = [f"{{name: web-{n}, namespace: shop, host: web, subsets: [v1], {x}}}" for n, x in enumerate(exports)]
    found = compiled(HAS, team(", ".join(rules))).spec("DestinationRule", cluster="c1")
    assert found.get("exportTo") == ours


@pytest.mark.parametrize(
    "policy",
    [
        "trafficPolicy: true",
        "outlierDetection: {interval: 1s}",
        "failoverPriority: [topology.istio.io/network]",
        "outlierDetection: {interval: 1s}, failoverPriority: [topology.kubernetes.io/region]",
        f"{LOCAL_FIRST}, tlsMode: DISABLE",
        "trafficPolicy: true, exportTo: [.]",
        f"{LOCAL_FIRST}, portLevelSettings: [{{port: 80}}]",
        f"{LOCAL_FIRST}, portLevelSettings: [{{port: 80, {LOCAL_FIRST}, tlsMode: DISABLE}}]",
        f"portLevelSettings: [{{port: 443, {LOCAL_FIRST}}}]",
    ],
)
def test_a_teams_rule_without_failover_is_an_error_that_names_the_block_to_add(policy: str) -> None:
    found = compiled(HAS, team(f"{{name: web, namespace: shop, host: web, {policy}}}"))
    (error,) = [diagnostic for diagnostic in found.diagnostics if diagnostic.severity == "error"]
    assert error.code in ("MG358", "MG360")
    assert error.help


DETECTION = (
    "outlierDetection: {maxEjectionPercent: 100, consecutive5xxErrors: 0, consecutiveGatewayErrors: 5, interval: 5s, "
    "baseEjectionTime: 30s}"
)
ORDER = (
    "loadBalancer: {localityLbSetting: {enabled: true, "
    "failoverPriority: [topology.kubernetes.io/region, topology.istio.io/network]}}"
)

ADDED = "`outlierDetection` and `failoverPriority` as ours have"
PORT_80 = "port 80 in its `portLevelSettings`"
ORDERED = f"`{{{ORDER}}}`"


def advice(rules: str) -> str:
    """The help of the only error about teams' rules in c1, whose Service has ports 80 and 90."""
    two = "ports: [{name: http, port: 80}, {name: admin, port: 90}]"
    found = compiled(HAS, team(rules).replace("ports: [{name: http, port: 80}]", two))
    (error,) = [diagnostic for diagnostic in found.diagnostics if diagnostic.code in ("MG358", "MG360")]
    return error.help


@pytest.mark.parametrize(
    ("policy", "help_"),
    [
        ("trafficPolicy: true", f"Add to its `trafficPolicy`: `{{{DETECTION}, {ORDER}}}`"),
        (
            f"{LOCAL_FIRST}, portLevelSettings: [{{port: 90}}]",
            f"Add to the entry of port 90 in its `portLevelSettings`: `{{{DETECTION}, {ORDER}}}`",
        ),
        (
            "outlierDetection: {interval: 1s}, portLevelSettings: [{port: 90, outlierDetection: {interval: 1s}}]",
            f"Add to its `trafficPolicy`: {ORDERED}, to the entry of port 90 in its `portLevelSettings`: {ORDERED}",
        ),
    ],
    ids=["the rule's own", "a port's", "both"],
)
def test_the_help_names_the_block_and_its_place(policy: str, help_: str) -> None:
    found = advice(f"{{name: web, namespace: shop, host: web, {policy}}}")
    assert found == f"{help_}, then import the inventory again."


def test_the_help_names_the_place_of_a_tls_mode() -> None:
    port = f"portLevelSettings: [{{port: 90, {LOCAL_FIRST}, tlsMode: SIMPLE}}]"
    assert advice(f"{{name: web, namespace: shop, host: web, {LOCAL_FIRST}, {port}}}") == (
        "Remove `tls` from the entry of port 90 in its `portLevelSettings`, or set ISTIO_MUTUAL."
    )


@pytest.mark.parametrize(
    ("policy", "remedy"),
    [
        ("trafficPolicy: true", f"add {ADDED} to its `trafficPolicy`"),
        (f"{LOCAL_FIRST}, portLevelSettings: [{{port: 80}}]", f"add {ADDED} to the entry of {PORT_80}"),
        (f"{LOCAL_FIRST}, tlsMode: SIMPLE", "take `tls` out of its `trafficPolicy`"),
        (f"{LOCAL_FIRST}, workloadSelector: {{app: x}}", "remove its `workloadSelector`"),
        (
            "trafficPolicy: true, workloadSelector: {app: x}",
            f"add {ADDED} to its `trafficPolicy` and remove its `workloadSelector`",
        ),
    ],
    ids=["a policy", "a port", "TLS", "a selector", "a policy and a selector"],
)
def test_the_help_for_a_rule_of_clients_names_all_that_is_wrong(policy: str, remedy: str) -> None:
    found = compiled(HAS, team(f"{{name: web, namespace: front, host: web.shop.svc.cluster.local, {policy}}}"))
    (warning,) = [diagnostic for diagnostic in found.diagnostics if diagnostic.code == "MG362"]
    assert warning.help == f"Narrow its host, or {remedy}."


def test_of_two_rules_for_a_host_the_worst_decides() -> None:
    found = compiled(HAS, team(
        f"{{name: a, namespace: shop, host: web, {LOCAL_FIRST}}}, "
        "{name: b, namespace: shop, host: web, trafficPolicy: true}"
    ))  # fmt: skip
    assert "MG358" in [diagnostic.code for diagnostic in found.diagnostics if diagnostic.severity == "error"]
