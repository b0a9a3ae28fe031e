"""What `show` and `explain` say about a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from meshgen.cli import main
from meshgen.views import file
from meshgen.views.host import host, known_hosts, resolve
from meshgen.views.matrix import Wanted, matrix
from tests.fleets import HAS, LACKS, THIRD, Compiled, compiled, fleet

if TYPE_CHECKING:
    from pathlib import Path

WEB = "web.shop.svc.cluster.local"


def test_the_table() -> None:
    assert matrix(compiled(HAS, THIRD).calls, "table") == """\
host                        c1                c2                c3
--------------------------  ----------------  ----------------  -------------------
web.shop.svc.cluster.local  local, else c2 *  local, else c1 *  remote: c2, else c1
"""  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (Wanted(clusters=("c1", "c3")), """\
host                        c1                c3
--------------------------  ----------------  -------------------
web.shop.svc.cluster.local  local, else c2 *  remote: c2, else c1
"""),
        (Wanted(hosts=("web",), clusters=("c3",), only="remote"), """\
host                        c3
--------------------------  -------------------
web.shop.svc.cluster.local  remote: c2, else c1
"""),
        (Wanted(hosts=("w*",), clusters=("c3*",)), """\
host                        c3
--------------------------  -------------------
web.shop.svc.cluster.local  remote: c2, else c1
"""),
        (Wanted(only="unreachable"), "no exposed service is like that\n"),
        (Wanted(hosts=("api",)), "no exposed service is like that\n"),
    ],
)  # fmt: skip
def test_a_part_of_the_table(wanted: Wanted, shown: str) -> None:
    assert matrix(compiled(HAS, THIRD).calls, "table", wanted) == shown


FRONT = """
kind: PublishedHost
metadata: {name: shop}
spec:
  host: shop.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {name: in, namespace: shop}
  entryPoints: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}
---
kind: Gateway
metadata: {name: in}
spec: {namespace: shop, role: ingress}
"""


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (Wanted(hosts=("shop",)), """\
host              DNS names         from c1      from c2
----------------  ----------------  -----------  -----------
shop.example.com  c1 70 %, c2 30 %  c1, else c2  c2, else c1
"""),
        (Wanted(clusters=("c2",)), """\
host                        c2
--------------------------  ----------------
web.shop.svc.cluster.local  local, else c1 *

host              DNS names         from c2
----------------  ----------------  -----------
shop.example.com  c1 70 %, c2 30 %  c2, else c1
"""),
        (Wanted(only="remote"), "no exposed service is like that\n"),
    ],
)  # fmt: skip
def test_published_hosts_stand_below_the_table(wanted: Wanted, shown: str) -> None:
    found = compiled(
        HAS.replace("gateways: [", "gateways: [{name: in, namespace: shop, addresses: [192.0.2.1]}, "), FRONT
    )
    assert matrix(found.calls, "table", wanted, published=found.compilation.checked.published) == shown


def test_json_has_only_the_pairs_that_are_asked_for() -> None:
    items = json.loads(matrix(compiled(HAS, THIRD).calls, "json", Wanted(only="remote")))
    assert [(item["cluster"], item["state"]) for item in items] == [("c3", "remote")]


def test_a_narrow_terminal_gets_short_names_and_a_narrower_one_a_list() -> None:
    calls = compiled(HAS, THIRD).calls
    assert matrix(calls, "table", width=70) == """\
host      c1                c2                c3
--------  ----------------  ----------------  -------------------
web.shop  local, else c2 *  local, else c1 *  remote: c2, else c1
"""  # fmt: skip
    assert matrix(calls, "table", width=40) == """\
web.shop
  c1  local, else c2 *
  c2  local, else c1 *
  c3  remote: c2, else c1
"""  # fmt: skip


def test_below_the_table_stands_what_it_does_not_show() -> None:
    inventory = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - name: web
    namespace: shop
    selector: {app: web}
    ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]
  - {name: log, namespace: shop, selector: {app: log}, ports: [{name: log, port: 514, protocol: UDP}]}
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1]}]
"""
    assert matrix(compiled(LACKS, inventory).calls, "table").splitlines()[3:] == [
        "",
        "web.shop.svc.cluster.local: UDP 53 in its own clusters only",
        "1 Service is not exposed; `meshgen explain log.shop.svc.cluster.local` says why",
    ]


def test_settings_of_meshes_stand_below_the_table() -> None:
    odd = "{rootNamespace: mesh-root, enableAutoMtls: false, defaultServiceExportTo: [.]}"
    inventory = LACKS[LACKS.index("kind: Inventory") :].split("---")[0].replace("spec:\n", f"spec:\n  istio: {odd}\n")
    assert matrix(compiled(LACKS, inventory).calls, "table").splitlines()[3:] == [
        "",
        "mesh of c1: root namespace mesh-root; no automatic mutual TLS; Services not exported to all by default",
    ]


def test_the_table_in_markdown() -> None:
    assert matrix(compiled(LACKS).calls, "markdown") == """\
| host                       | c1         | c2      |
|:---------------------------|:-----------|:--------|
| web.shop.svc.cluster.local | remote: c2 | local * |
"""  # fmt: skip


def test_the_table_as_json_has_one_item_for_each_host_and_cluster() -> None:
    assert json.loads(matrix(compiled(LACKS).calls, "json")) == [
        {
            "host": WEB,
            "cluster": "c1",
            "state": "remote",
            "sources": ["c2"],
            "levels": [[{"cluster": "c2"}]],
            "exposes": False,
            "withoutPorts": [],
            "retries": "virtualService",
            "reasons": ["no Service of that name here", "`c2` serves it through gateway `shop/ew`"],
        },
        {
            "host": WEB,
            "cluster": "c2",
            "state": "local",
            "sources": [],
            "levels": [[{"cluster": "c2"}]],
            "exposes": True,
            "withoutPorts": [],
            "retries": "none",
            "reasons": ["`c2` has the Service, so callers stay local", "no other cluster exposes it"],
        },
    ]


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


def about(found: Compiled, name: str) -> str | None:
    return host(found.calls, found.plan, name)


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


def explained(found: Compiled, path: str, line: int | None = None) -> list[str]:
    artifact = file.find(found.plan, path)
    assert artifact is not None
    assert found.compilation.calls is not None
    return file.file(artifact, found.compilation.calls, found.compilation.checked.sources, line).splitlines()


ENTRY = "c1/meshgen-multicluster/serviceentry.networking.istio.io_web.shop.svc.cluster.local.yaml"


def test_which_input_made_a_file() -> None:
    lines = explained(compiled(LACKS), ENTRY)
    assert lines[:3] == [
        f"ServiceEntry {WEB}, namespace meshgen-multicluster, cluster c1",
        "stage: entries",
        "source: workspace/shop",
    ]
    assert any("name: web" in line for line in lines[4:])
    assert any("192.0.2.1" in line for line in lines[4:])


def test_every_line_says_what_it_comes_from() -> None:
    lines = explained(compiled(LACKS), ENTRY)
    start = lines.index("28 |   - address: 192.0.2.1")
    assert [line.strip().rpartition("/")[2] for line in lines[start : start + 8]] == [
        "28 |   - address: 192.0.2.1",
        "= an address of the source's gateway, by its place in the list",
        "fleet.yaml:27:54  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]",
        "29 |     network: meshgen-c2.shop.ew",
        "= a made-up network for each remote gateway, unlike every real one (design §3)",
        "30 |     locality: us",
        "= region of the source, and its zone where it has one only",
        "fleet.yaml:6:70  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]",
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, ["1 | # Code generated by meshgen; DO NOT EDIT.", "  = tells meshgen's files from others"]),
        (3, ["3 | kind: ServiceEntry", "   = the kind"]),
    ],
)
def test_why_one_line_says_what_it_says(line: int, text: list[str]) -> None:
    assert [said.strip() for said in explained(compiled(LACKS), ENTRY, line)] == [said.strip() for said in text]


def test_a_line_with_more_below_it_is_explained_with_that() -> None:
    whole = explained(compiled(LACKS), ENTRY)
    (ports,) = [line for line in whole if line.endswith("|   ports:")]
    lines = explained(compiled(LACKS), ENTRY, int(ports.split("|")[0]))
    shown = [line.partition("| ")[2] for line in lines if "|" in line]
    assert shown == ["  ports:", "  - number: 80", "    name: http", "    protocol: HTTP"]


def test_a_file_has_no_more_lines_than_it_has(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "c2/shop/service_ew.yaml:999", "--fleet", path]) == 2
    assert "`c2/shop/service_ew.yaml` has 2" in capsys.readouterr().err


def test_a_field_that_somebody_wrote_shows_the_place_and_one_that_nobody_wrote_the_default() -> None:
    asked = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  failover: {outlierDetection: {interval: 7s}}
"""
    lines = explained(compiled(HAS, asked), "c1/shop/destinationrule.networking.istio.io_meshgen-web.yaml")
    interval = lines.index(next(line for line in lines if line.endswith("interval: 7s")))
    assert lines[interval + 1].strip() == "= when an endpoint counts as failed"
    assert lines[interval + 2].strip().endswith("failover: {outlierDetection: {interval: 7s}}")
    ejection = lines.index(next(line for line in lines if line.endswith("baseEjectionTime: 30s")))
    assert lines[ejection + 1].strip() == "= when an endpoint counts as failed; by default 30s (ADR 7)"


@pytest.mark.parametrize("before", ["", "output/", "/somewhere/else/output/", "./output/"])
def test_a_file_is_found_with_directories_before_it(before: str) -> None:
    found = compiled(LACKS).plan
    assert file.find(found, f"{before}c2/shop/service_ew.yaml") is not None
    assert file.find(found, f"{before}c2/shop/service_other.yaml") is None


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "fleet.yaml").write_text(fleet(LACKS))
    return str(tmp_path / "fleet.yaml")


def test_show_prints_the_table_and_nothing_else(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", path, "--as", "json"]) == 0
    out, err = capsys.readouterr()
    assert [item["cluster"] for item in json.loads(out)] == ["c1", "c2"]
    assert err == ""


def test_show_of_a_broken_fleet_prints_the_errors_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fleet.yaml").write_text("kind: Fleet\n")
    assert main(["show", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error" in err


def test_explain_a_host(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", WEB, "--fleet", path]) == 0
    assert capsys.readouterr().out.startswith(f"{WEB}\n  in c2, exposed through gateway `shop/ew`\n\nc1: remote: c2\n")


def test_explain_a_file(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "output/c2/shop/service_ew.yaml", "--fleet", path]) == 0
    assert capsys.readouterr().out.startswith("Service ew, namespace shop, cluster c2\nstage: gateways\n")


def test_explain_a_host_that_is_nearly_right(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "webb.shop.svc.cluster.local", "--fleet", path]) == 2
    assert WEB in capsys.readouterr().err


def test_explain_the_policy_of_a_mesh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  failover: {retries: {mode: meshConfig}}
"""
    (tmp_path / "fleet.yaml").write_text(fleet(HAS, asked))
    assert main(["explain", "output/_setup/c1/mesh-config.yaml", "--fleet", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "mesh-config.yaml of cluster c1; not synced, for people to put there\n"
        "\n"
        "asked for by web.shop.svc.cluster.local\n"
        "\n"
        "2 | defaultHttpRetryPolicy:\n"
    )


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
