"""Retries make failover lossless and run nothing twice that Istio would not (design §3, Retries)."""

from __future__ import annotations

import re
from typing import Any

import pytest

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
  - {name: web, namespace: shop, selector: {app: web}, ports: PORTS, serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [203.0.113.1]}]
"""


def third(region: str, ports: str = "[{name: http, port: 80}]") -> str:
    return THREE.replace("REGION", region).replace("PORTS", ports)


def local(ports: str = "[{name: http, port: 80}]", *, istio: str = "{}", others: str = "") -> str:
    """c1 has the service, with these ports."""
    return f"""
kind: Inventory
metadata: {{name: c1}}
spec:
  istio: {istio}
  namespaces: [{{name: shop}}, {{name: front}}]
  services: [{{name: web, namespace: shop, selector: {{app: web}}, ports: {ports}, serviceAccounts: [web]}}]
  gateways: [{{name: ew, namespace: shop, addresses: [198.51.100.1]}}]
  {others}
"""


def remote(ports: str) -> str:
    return f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services: [{{name: web, namespace: shop, selector: {{app: web}}, ports: {ports}, serviceAccounts: [web]}}]
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}}]
"""


def failover(text: str) -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  failover: {{{text}}}
"""


def routes(*texts: str) -> list[dict[str, Any]]:
    """The routes of c1."""
    return [r for spec in compiled(*texts).specs("VirtualService", cluster="c1").values() for r in spec["http"]]


def test_the_virtual_service_in_full() -> None:
    assert compiled(HAS).body("VirtualService", cluster="c1") == read("""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: meshgen-web
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "4", meshgen.io/source: workspace/shop}
spec:
  hosts: [web.shop.svc.cluster.local]
  http:
  - name: safe-80
    match: [{port: 80, method: {regex: GET|HEAD|OPTIONS}}]
    route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}]
    retries:
      attempts: 3
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled,reset,503
      retryRemoteLocalities: true
  - name: other-80
    match: [{port: 80}]
    route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}]
    retries:
      attempts: 3
      retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled
      retryRemoteLocalities: true
""")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "GETS", "get"])
def test_a_request_that_may_have_been_processed_is_sent_again_only_as_istio_does(method: str) -> None:
    ports = "[{name: http, port: 80}, {name: grpc, port: 90}, {name: http2, port: 91}]"
    found = routes(HAS, local(ports), remote(ports))
    taken = [route for route in found if _takes(route, method)]
    assert len(taken) == 3
    for route in taken:
        assert _conditions(route) == {"reset-before-request"} | ISTIO


ISTIO = {"connect-failure", "refused-stream", "unavailable", "cancelled"}
"""What Istio retries where nobody says how (pilot/pkg/networking/core/route/retry/retry.go)."""


def _conditions(route: dict[str, Any]) -> set[str]:
    return set(route["retries"]["retryOn"].split(","))


def _takes(route: dict[str, Any], method: str) -> bool:
    (match,) = route["match"]
    return re.fullmatch(match.get("method", {"regex": ".*"})["regex"], method) is not None


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_safe_request_is_sent_again_after_a_503_or_a_reset(method: str) -> None:
    first = next(route for route in routes(HAS) if _takes(route, method))
    assert {"503", "reset"} < set(first["retries"]["retryOn"].split(","))


def test_every_route_may_go_to_another_locality() -> None:
    assert all(route["retries"]["retryRemoteLocalities"] is True for route in routes(HAS))


@pytest.mark.parametrize(
    ("declared", "attempts"),
    [
        ("retries: {}", 3),
        ("zoneAware: true", 4),
        ("retries: {attempts: 7}", 7),
        ("zoneAware: true, retries: {attempts: 9}", 9),
    ],
)
def test_attempts_are_at_least_two_for_each_level_before_the_first_remote_one(declared: str, attempts: int) -> None:
    assert {route["retries"]["attempts"] for route in routes(HAS, failover(declared))} == {attempts}


@pytest.mark.parametrize(
    ("texts", "attempts"),
    [
        ((HAS,), 3),
        ((HAS, third("us")), 3),
        ((HAS, third("eu")), 4),
        ((HAS, third("eu"), failover("zoneAware: true")), 6),
        ((LACKS, third("eu")), 3),
    ],
    ids=["local, us", "local, us", "local, eu, us", "zone, local, eu, us", "eu, us"],
)
def test_attempts_reach_the_last_level(texts: tuple[str, ...], attempts: int) -> None:
    assert {route["retries"]["attempts"] for route in routes(*texts)} == {attempts}


def test_a_timeout_of_one_try_is_passed_on() -> None:
    assert {r["retries"]["perTryTimeout"] for r in routes(HAS, failover("retries: {perTryTimeout: 2s}"))} == {"2s"}


EVERY = (
    "[{name: http, port: 80}, {name: web, port: 81}, {name: http2, port: 82}, {name: grpc, port: 83}, "
    "{name: grpc-web, port: 84}]"
)


@pytest.mark.parametrize("idempotent", ["safeMethods", "all"])
def test_no_request_of_any_protocol_is_retried_less_than_by_istio(idempotent: str) -> None:
    found = routes(HAS, local(EVERY), remote(EVERY), failover(f"retries: {{idempotent: {idempotent}}}"))
    assert {route["match"][0]["port"] for route in found} == {80, 81, 82, 83, 84}
    for route in found:
        assert _conditions(route) >= ISTIO
        assert route["retries"]["attempts"] >= 2


GRPC = "[{name: grpc, port: 90}]"
UNSEEN = "connect-failure,refused-stream,reset-before-request"


def matches(text: str, ports: str) -> list[tuple[str, list[dict[str, Any]], str]]:
    """Name, matches without the port, and conditions of the routes of c1 with these `retries`."""
    return [
        (
            route["name"],
            [{key: value for key, value in match.items() if key != "port"} for match in route["match"]],
            route["retries"]["retryOn"],
        )
        for route in routes(HAS, local(ports), remote(ports), failover(f"retries: {{{text}}}"))
    ]


@pytest.mark.parametrize(
    ("text", "ports", "expected"),
    [
        ("", GRPC, [("other-90", [{}], f"{UNSEEN},unavailable,cancelled")]),
        ("idempotent: all", GRPC, [("safe-90", [{}], f"{UNSEEN},unavailable,cancelled,reset,503")]),
        ("idempotent: none", GRPC, [("other-90", [{}], UNSEEN)]),
        ("idempotent: none", "[{name: http, port: 80}]", [("other-80", [{}], UNSEEN)]),
        (
            "idempotentRequests: [/shop.Cart/GetCart, /shop.Search/*]",
            GRPC,
            [
                (
                    "safe-90",
                    [{"uri": {"exact": "/shop.Cart/GetCart"}}, {"uri": {"prefix": "/shop.Search/"}}],
                    f"{UNSEEN},unavailable,cancelled,reset,503",
                ),
                ("other-90", [{}], f"{UNSEEN},unavailable,cancelled"),
            ],
        ),
        (
            "idempotentRequests: [PUT /carts/*]",
            "[{name: http, port: 80}]",
            [
                (
                    "safe-80",
                    [
                        {"method": {"regex": "GET|HEAD|OPTIONS"}},
                        {"method": {"exact": "PUT"}, "uri": {"prefix": "/carts/"}},
                    ],
                    f"{UNSEEN},unavailable,cancelled,reset,503",
                ),
                ("other-80", [{}], f"{UNSEEN},unavailable,cancelled"),
            ],
        ),
        (
            "idempotent: none, idempotentRequests: [/search]",
            "[{name: http, port: 80}]",
            [
                ("safe-80", [{"uri": {"exact": "/search"}}], f"{UNSEEN},unavailable,cancelled,reset,503"),
                ("other-80", [{}], UNSEEN),
            ],
        ),
    ],
    ids=["gRPC", "all", "none, gRPC", "none", "calls by gRPC", "a path and a method", "only what is listed"],
)
def test_the_owner_says_what_may_run_twice(
    text: str, ports: str, expected: list[tuple[str, list[dict[str, Any]], str]]
) -> None:
    assert matches(text, ports) == expected


def test_every_port_that_may_be_http_has_its_routes_and_no_other_port() -> None:
    ports = "[{name: http, port: 80}, {name: grpc, port: 90}, {name: tcp-db, port: 91}, {name: https, port: 443}]"
    found = routes(HAS, local(ports), remote(ports))
    assert [route["name"] for route in found] == ["safe-80", "other-80", "other-90"]


def test_a_port_whose_protocol_istio_guesses_has_routes_and_costs_its_neighbours_none() -> None:
    ports = "[{name: http, port: 80}, {name: web, port: 90}, {name: db, port: 3306}]"
    found = compiled(HAS, local(ports), remote(ports))
    names = [route["name"] for route in found.spec("VirtualService", cluster="c1")["http"]]
    assert names == ["safe-80", "other-80", "safe-90", "other-90"]
    (hint,) = [diagnostic for diagnostic in found.diagnostics if diagnostic.code == "MG364"]
    assert "web.shop.svc.cluster.local:90`" in hint.message
    assert hint.severity == "hint"


def test_a_service_without_http_gets_no_virtual_service_whoever_asks() -> None:
    ports = "[{name: tcp, port: 80}]"
    asked = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices:
  - {host: web.shop.svc.cluster.local, failover: {retries: {mode: virtualService}}}
"""
    assert routes(HAS, local(ports), remote(ports)) == []
    assert "MG366" in compiled(HAS, local(ports), remote(ports), asked).codes


def test_a_remote_host_behind_one_address_gets_none() -> None:
    one = LACKS.replace("[192.0.2.1, 192.0.2.2]", "[192.0.2.1]")
    assert one != LACKS
    assert routes(one) == []


def test_a_remote_host_behind_several_addresses_gets_routes_in_one_level_too() -> None:
    assert [r["name"] for r in routes(LACKS)] == ["safe-80", "other-80"]
    assert [r["name"] for r in routes(LACKS, third("us"))] == ["safe-80", "other-80"]


def test_a_remote_host_with_two_levels_gets_one_beside_its_service_entry() -> None:
    (body,) = [m.body for m in compiled(LACKS, third("eu")).manifests("VirtualService", cluster="c1")]
    assert body["metadata"]["name"] == "web.shop.svc.cluster.local"
    assert body["metadata"]["namespace"] == "meshgen-multicluster"
    assert body["spec"]["exportTo"] == ["*"]


def test_a_remote_host_has_routes_only_for_ports_that_all_sources_have() -> None:
    more = "[{name: http, port: 80}, {name: http-admin, port: 81}]"
    assert [r["name"] for r in routes(LACKS, remote(more), third("eu"))] == ["safe-80", "other-80"]


def test_a_remote_host_whose_http_port_not_all_sources_have_gets_none() -> None:
    found = compiled(
        LACKS, remote("[{name: http, port: 80}, {name: tcp-db, port: 90}]"), third("eu", "[{name: tcp-db, port: 90}]")
    )
    assert found.names("VirtualService", cluster="c1") == []


def test_a_port_that_not_all_sources_have_does_not_keep_the_routes_away() -> None:
    found = routes(LACKS, remote("[{name: http, port: 80}, {name: other, port: 90}]"), third("eu"))
    assert [route["name"] for route in found] == ["safe-80", "other-80"]


TEAMS = {
    "VirtualService": "{name: web, namespace: shop, hosts: [web]}",
    "for the mesh and a gateway": "{name: web, namespace: shop, hosts: [web], gateways: [mesh, front]}",
    "of another namespace": "{name: web, namespace: front, hosts: [web.shop.svc.cluster.local]}",
    "wildcard": "{name: web, namespace: front, hosts: ['*.shop.svc.cluster.local']}",
    "HTTPRoute": "{name: web, namespace: shop, hosts: [web.shop.svc.cluster.local], kind: HTTPRoute}",
    "GRPCRoute": "{name: web, namespace: shop, hosts: [web.shop.svc.cluster.local], kind: GRPCRoute}",
}


@pytest.mark.parametrize("theirs", TEAMS)
def test_a_mesh_bound_route_of_the_team_wins_and_a_warning_has_the_block_to_add(theirs: str) -> None:
    found = compiled(HAS, local(others=f"virtualServices: [{TEAMS[theirs]}]"))
    assert found.names("VirtualService", cluster="c1") == []
    (warning,) = [diagnostic for diagnostic in found.diagnostics if diagnostic.code == "MG363"]
    # A route of the Gateway API has no field for it, so there the mesh has to retry.
    assert ("mode: meshConfig" if "Route" in theirs else "retryRemoteLocalities") in (warning.help or "")


@pytest.mark.parametrize(
    "theirs",
    ["{name: web, namespace: shop, hosts: [web], gateways: [front]}", "{name: x, namespace: shop, hosts: [other]}"],
    ids=["for a gateway only", "for another host"],
)
def test_other_routes_of_the_team_leave_ours(theirs: str) -> None:
    assert routes(HAS, local(others=f"virtualServices: [{theirs}]")) != []


MESH = "{retryRemoteLocalities: true}"


@pytest.mark.parametrize(
    ("mode", "istio", "routed", "snippet"),
    [
        ("auto", "{}", True, False),
        ("auto", MESH, False, True),
        ("virtualService", "{}", True, False),
        ("virtualService", MESH, True, False),
        ("meshConfig", "{}", False, True),
        ("meshConfig", MESH, False, True),
        ("off", "{}", False, False),
        ("off", MESH, False, False),
    ],
)
def test_who_retries(mode: str, istio: str, *, routed: bool, snippet: bool) -> None:
    found = compiled(HAS, local(istio=istio), failover(f"retries: {{mode: {mode}}}"))
    assert bool(found.names("VirtualService", cluster="c1")) == routed
    assert ("_setup/c1/mesh-config.yaml" in found.files) == snippet


def test_the_snippet_for_the_mesh_config() -> None:
    found = compiled(HAS, failover("retries: {mode: meshConfig}, zoneAware: true"))
    assert read(found.files["_setup/c1/mesh-config.yaml"].decode()) == read("""
defaultHttpRetryPolicy:
  attempts: 4
  retryOn: connect-failure,refused-stream,reset-before-request,unavailable,cancelled
  retryRemoteLocalities: true
""")


def test_the_snippet_has_the_most_attempts_that_a_host_asks_for() -> None:
    found = compiled(HAS, third("us"), """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices:
  - {host: web.shop.svc.cluster.local, failover: {retries: {mode: meshConfig, attempts: 8}}}
""")  # fmt: skip
    assert read(found.files["_setup/c1/mesh-config.yaml"].decode())["defaultHttpRetryPolicy"]["attempts"] == 8


def test_retries_that_are_as_good_as_they_can_be_are_no_finding() -> None:
    assert [found.code for found in compiled(HAS).diagnostics if "retr" in found.message] == []
