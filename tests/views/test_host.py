"""What `explain` says about a host: who has it, who reaches it from where, and why."""

from __future__ import annotations

import pytest

from meshgen.cli import main
from meshgen.views.host import host, known_hosts, resolve
from tests.fleets import HAS, LACKS, THIRD, Compiled, compiled

WEB = "web.shop.svc.cluster.local"


def about(found: Compiled, name: str) -> str | None:
    return host(found.calls, found.plan, name)


@pytest.mark.parametrize(
    ("texts", "cell", "reason"),
    [
        ((HAS,), "local, else c2 *", "`c1` has the Service, so callers stay local"),
        ((LACKS,), "remote: c2", "no Service of that name here"),
        (
            (LACKS, ("kind: Inventory\nmetadata: {name: c2}\nspec:\n  namespaces: [{name: shop}]\n  services: "
             "[{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}]\n")),
            "not reachable",
            "not from `c2`: gateway `shop/ew` of `c2` has no known address yet",
        ),
        (
            (LACKS, ("kind: Workspace\nmetadata: {name: shop}\nspec: {namespaceSelector: {names: ['*/shop']}, "
             "eastWestGateway: {name: ew, namespace: shop}, state: draining}\n")),
            "not reachable",
            "not from `c2`: workspace `shop` is draining",
        ),
        (
            (LACKS, ("kind: Workspace\nmetadata: {name: shop}\nspec: {namespaceSelector: {names: ['*/shop']}, "
             "eastWestGateway: {name: ew, namespace: shop, draining: {names: [c2]}}}\n")),
            "not reachable",
            "not from `c2`: gateway `shop/ew` is draining there",
        ),
        (
            (LACKS, ("kind: Workspace\nmetadata: {name: shop}\nspec: {namespaceSelector: {names: ['*/shop']}, "
             "eastWestGateway: {name: ew, namespace: shop}, consumers: {names: [c2]}}\n")),
            "not reachable",
            "not from `c2`: `c1` is not among the consumers",
        ),
        (
            (HAS, ("kind: Workspace\nmetadata: {name: shop}\nspec: {namespaceSelector: {names: ['*/shop']}, "
             "eastWestGateway: {name: ew, namespace: shop}, failover: {enabled: false}}\n")),
            "local *",
            "failover is off",
        ),
        (
            (HAS, ("kind: Workspace\nmetadata: {name: shop}\nspec: {namespaceSelector: {names: ['c2/shop']}, "
             "eastWestGateway: {name: ew, namespace: shop}}\n")),
            "local",
            "its Service is not in workspace `shop` and keeps the name",
        ),
    ],
    ids=["failover", "remote", "no address", "draining", "gateway draining", "no consumer", "failover off", "namesake"],
)  # fmt: skip
def test_how_c1_reaches_the_host_and_why(texts: tuple[str, ...], cell: str, reason: str) -> None:
    lines = (about(compiled(*texts), WEB) or "").splitlines()
    start = lines.index(f"c1: {cell}")
    assert f"  because {reason}" in lines[start:]


def test_all_about_one_host() -> None:
    assert (
        about(compiled(HAS, THIRD), WEB)
        == """\
web.shop.svc.cluster.local
  in c1, exposed through gateway `shop/ew`
  in c2, exposed through gateway `shop/ew`

c1: local, else c2 *
  because `c1` has the Service, so callers stay local
  retries: a VirtualService
  WorkloadEntry `shop/k-web-ccb77c8ef55e44ace7d63145e9de8493`
    192.0.2.1:15443 in c2, us
  WorkloadEntry `shop/k-web-ccb77c8ef55e44ace7d63145e9de8493-2`
    192.0.2.2:15443 in c2, us

c2: local, else c1 *
  because `c2` has the Service, so callers stay local
  retries: a VirtualService
  WorkloadEntry `shop/k-web-0b38b3bc245ce300789b98a7954dc35c`
    198.51.100.1:15443 in c1, eu

c3: remote: c2, else c1
  because no Service of that name here
  because `c1` serves it through gateway `shop/ew`
  because `c2` serves it through gateway `shop/ew`
  retries: a VirtualService
  ServiceEntry `web.shop.svc.cluster.local`, 240.241.68.148
    198.51.100.1:15443 in c1, eu
    192.0.2.1:15443 in c2, us
    192.0.2.2:15443 in c2, us

* exposes it to the other clusters
"""
    )


def test_an_unknown_host_is_nobody() -> None:
    assert about(compiled(HAS), "db.shop.svc.cluster.local") is None
    assert list(known_hosts(compiled(HAS).calls)) == [WEB]


@pytest.mark.parametrize("text", ["web", "web.shop", "web.shop.svc", WEB])
def test_a_host_is_meant_by_its_first_parts(text: str) -> None:
    assert resolve(compiled(HAS).calls, text) == [WEB]


SHOP = "namespaceSelector: {names: ['*/shop']}, eastWestGateway: {name: ew, namespace: shop}"


def unexposed(workspace: str, service: str = "ports: [{name: http, port: 80}]") -> list[str]:
    """What is said about a Service of `c2` that is not exposed, without its name."""
    found = compiled(
        LACKS,
        f"kind: Workspace\nmetadata: {{name: shop}}\nspec: {{{workspace}}}\n",
        f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}
  - {{name: db, namespace: shop, selector: {{app: db}}, {service}}}
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.1]}}]
""",
    )
    name, *lines = (about(found, "db.shop.svc.cluster.local") or "").splitlines()
    assert name == "db.shop.svc.cluster.local"
    return lines


@pytest.mark.parametrize(
    ("workspace", "service", "why"),
    [
        (f"{SHOP}, exposedServices: [{WEB}]", "", "`exposedServices` of workspace `shop` does not name it"),
        (f"{SHOP}, unexposedServices: [db.shop.svc.cluster.local]", "",
         "`unexposedServices` of workspace `shop` names it"),
        (SHOP, "clusterIP: None", "it is headless"),
        (SHOP, "injected: false, ports: [{name: db, port: 1}]", "it has pods without sidecars"),
        (SHOP, "ports: [{name: dns, port: 53, protocol: UDP}]", "it has UDP ports only"),
        ("namespaceSelector: {names: ['*/shop']}", "", "workspace `shop` has no east-west gateway"),
        ("namespaceSelector: {names: ['c1/shop']}, eastWestGateway: {name: ew, namespace: shop}", "",
         "no workspace spans namespace `shop`"),
        (f"{SHOP[:-1]}, clusters: {{names: [c1]}}}}", "",
         "gateway `shop/ew` of workspace `shop` is not in this cluster"),
    ],
)  # fmt: skip
def test_why_a_service_is_not_exposed_and_who_reaches_it(workspace: str, service: str, why: str) -> None:
    assert unexposed(workspace, service or "ports: [{name: http, port: 80}]") == [
        f"  in c2, not exposed: {why}",
        "",
        "c1: not reachable",
        "  because no Service of that name here",
        "  because no cluster exposes it",
        "",
        "c2: local",
        "  because `c2` has the Service, so callers stay local",
        "  because no cluster exposes it",
    ]


def test_ports_that_pass_no_gateway_are_named() -> None:
    mixed = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - name: web
    namespace: shop
    selector: {app: web}
    ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1]}]
"""
    line = "  in c2, exposed through gateway `shop/ew`, without UDP 53: only TCP passes a gateway"
    assert line in (about(compiled(LACKS, mixed), WEB) or "").splitlines()


def test_one_consumer_only() -> None:
    found = compiled(HAS, THIRD)
    lines = (host(found.calls, found.plan, WEB, "c3") or "").splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [WEB, "c3: remote: c2, else c1"]


def test_explain_a_host(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", WEB, "--fleet", path]) == 0
    assert capsys.readouterr().out.startswith(f"{WEB}\n  in c2, exposed through gateway `shop/ew`\n\nc1: remote: c2\n")


def test_explain_a_host_that_is_nearly_right(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "webb.shop.svc.cluster.local", "--fleet", path]) == 2
    assert WEB in capsys.readouterr().err


def test_explain_a_published_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "bookinfo.example.com", "--fleet", "examples/edge/fleet", "--from", "frankfurt"]) == 0
    assert (
        capsys.readouterr().out
        == """\
bookinfo.example.com
  published by workspace `my-workspace`
  DNS names dublin-edge, frankfurt

frankfurt: edge gateway `edge/edge-gateway`
  at 203.0.113.1, 203.0.113.2
  /api/v1/reviews/*: dublin-1 62.5 %, frankfurt 37.5 %
  all: dublin-1 50 %, dublin-2 20 %, frankfurt 30 %

/api/v1/reviews/* of `reviews.bookinfo.svc.cluster.local`
  not in dublin-2: it has no such Service

all of `productpage.bookinfo.svc.cluster.local`
  wherever the workspace has it
"""
    )


def test_explain_a_published_host_that_is_nearly_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "bookinfo.exampel.com", "--fleet", "examples/edge/fleet"]) == 2
    assert "`bookinfo.example.com`" in capsys.readouterr().err
