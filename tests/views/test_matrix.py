"""The table that `show` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from meshgen.cli import main
from meshgen.views.matrix import Wanted, matrix
from tests.fleets import HAS, LACKS, THIRD, compiled

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


def test_json_has_published_hosts_as_dns_and_each_entry_point_see_them() -> None:
    found = compiled(
        HAS.replace("gateways: [", "gateways: [{name: in, namespace: shop, addresses: [192.0.2.1]}, "), FRONT
    )
    items = json.loads(
        matrix(found.calls, "json", Wanted(hosts=("shop",)), published=found.compilation.checked.published)
    )
    assert items == [
        {
            "host": "shop.example.com",
            "publishedHost": "shop",
            "from": "DNS",
            "levels": [[{"cluster": "c1", "share": 0.7}, {"cluster": "c2", "share": 0.3}]],
        },
        {
            "host": "shop.example.com",
            "publishedHost": "shop",
            "from": "c1",
            "levels": [[{"cluster": "c1"}], [{"cluster": "c2"}]],
        },
        {
            "host": "shop.example.com",
            "publishedHost": "shop",
            "from": "c2",
            "levels": [[{"cluster": "c2"}], [{"cluster": "c1"}]],
        },
    ]


def test_json_has_only_the_pairs_that_are_asked_for() -> None:
    items = json.loads(matrix(compiled(HAS, THIRD).calls, "json", Wanted(only="remote")))
    assert [(item["cluster"], item["state"]) for item in items] == [("c3", "remote")]


def test_a_narrow_terminal_gets_short_names_and_a_narrower_one_a_list() -> None:
    calls = compiled(HAS, THIRD).calls
    assert matrix(calls, "table", width=70) == """\
host      c1                c2                c3
--------  ----------------  ----------------  -------------------
web.shop  local, else c2 *  local, else c1 *  remote: c2, else c1

* exposes it to the other clusters
"""  # fmt: skip
    assert matrix(calls, "table", width=40) == """\
web.shop
  c1  local, else c2 *
  c2  local, else c1 *
  c3  remote: c2, else c1

* exposes it to the other clusters
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
