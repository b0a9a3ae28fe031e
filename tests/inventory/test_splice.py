from __future__ import annotations

from typing import Any

import pytest

from meshgen.edits.scalar import text as scalar
from meshgen.inventory.file import InventoryFile, next_text, read_inventory
from meshgen.load.nodes import plain_value
from meshgen.load.parse import parse

HEAD = "apiVersion: meshgen.io/v1\nkind: Inventory\nmetadata: {name: c}\n"
OLD = (
    "# the first cluster\n"
    + HEAD
    + """spec:
  # who else is here
  namespaces: [{name: shop}]  # just one

  services:
  # the shop's front
  - name: a  # keep
    namespace: shop
    ports: [{name: http, port: 80}]  # plain
    # until Friday
    state: leaving
    # end of a

  # not used
  - name: b
    namespace: shop
  # the back
  - name: c
    namespace: shop
  gateways:
  - {name: gw, namespace: shop, addresses: [198.51.100.1]}  # by the network team
# the end
"""
)


def opened(text: str) -> InventoryFile:
    found, findings = read_inventory(text, "c.yaml", "c")
    assert findings == []
    assert found is not None
    return found


def changed(text: str, spec: dict[str, Any]) -> str:
    return next_text(opened(text), text, "c", spec)


def test_without_a_change_no_byte_changes() -> None:
    assert changed(OLD, opened(OLD).spec) == OLD


def test_only_lines_of_what_changed_change() -> None:
    spec = opened(OLD).spec
    spec["services"][0]["ports"][0]["port"] = 81
    spec["gateways"][0]["addresses"] = ["198.51.100.2"]
    assert changed(OLD, spec) == OLD.replace("port: 80", "port: 81").replace("100.1]", "100.2]")


def test_items_come_and_go_and_the_comments_of_others_stay() -> None:
    spec = opened(OLD).spec
    spec["services"] = [
        spec["services"][0],
        {"name": "bb", "namespace": "shop", "selector": {"app": "bb"}},
        spec["services"][2],
    ]
    removed = "  # not used\n  - name: b\n    namespace: shop\n"
    added = "  - name: bb\n    namespace: shop\n    selector: {app: bb}\n"
    assert changed(OLD, spec) == OLD.replace(removed, added)


def test_a_list_in_braces_is_written_out_below_its_comment() -> None:
    spec = opened(OLD).spec
    spec["namespaces"].append({"name": "till"})
    before = "  namespaces: [{name: shop}]  # just one\n"
    after = "  # just one\n  namespaces:\n  - {name: shop}\n  - {name: till}\n"
    assert changed(OLD, spec) == OLD.replace(before, after)


def test_a_list_that_is_new_stands_at_its_place() -> None:
    spec = opened(OLD).spec
    spec["istio"] = {"version": "1.30", "dnsCapture": True}
    spec["sidecars"] = [{"name": "s", "namespace": "shop"}]
    istio = '  istio:\n    version: "1.30"\n    dnsCapture: true\n'
    sidecars = "  sidecars:\n  - name: s\n    namespace: shop\n"
    assert changed(OLD, spec) == OLD.replace("  # who else", f"{istio}  # who else").replace(
        "# the end", f"{sidecars}# the end"
    )


def test_fields_come_and_go_and_comments_stay_with_the_item() -> None:
    spec = opened(OLD).spec
    del spec["services"][0]["state"]
    spec["services"][0]["selector"] = {"app": "a"}
    text = changed(OLD, spec)
    assert "  # until Friday\n" in text
    assert "    # end of a\n" in text
    assert "  - name: a  # keep\n" in text
    assert opened(text).spec == {**spec}


def test_items_are_sorted_with_their_comments() -> None:
    old = HEAD + "spec:\n  namespaces:\n  # second\n  - name: b\n  # first\n  - name: a\n"
    spec = {"namespaces": [{"name": "a"}, {"name": "b"}]}
    assert changed(old, spec) == HEAD + "spec:\n  namespaces:\n  # first\n  - name: a\n  # second\n  - name: b\n"


@pytest.mark.parametrize(
    "old",
    [
        HEAD,
        HEAD + "spec: {}  # nothing yet\n",
        HEAD + "spec:\n  services: []  # none\n",
        HEAD + "spec: {namespaces: [{name: a}]}\n",
        HEAD + "spec:\n    services:\n      -\n        # of a\n        name: a\n        namespace: shop\n",
        HEAD + 'spec:\n  services:\n  - {name: a,\n     namespace: shop, # where\n     labels: {"x": "a.b"}}\n',
        HEAD.replace("\n", "\r\n") + "spec:\r\n  namespaces:\r\n  - name: z  # last\r\n",
        "{apiVersion: meshgen.io/v1, kind: Inventory, # kept\n metadata: {name: c}}\n",
        "---\n" + HEAD + "spec:\n  services:\n  - name: b\n    namespace: shop\n...\n",
        "spec:\n  namespaces:\n  - name: b # x\n" + HEAD,
        HEAD + "spec:\n  namespaces:\n    - name: b",
    ],
)
def test_every_layout_reads_back_and_loses_no_comment(old: str) -> None:
    spec = {
        "namespaces": [{"name": "shop"}],
        "services": [{"name": "a", "namespace": "shop", "ports": [{"port": 80}]}],
    }
    text = changed(old, spec)
    assert opened(text).spec == spec
    removed = {"# x", "# last"}  # of items that went
    assert {part for part in ("# nothing yet", "# none", "# of a", "# where", "# kept") if part in old} <= {
        part for part in ("# nothing yet", "# none", "# of a", "# where", "# kept") if part in text
    }
    assert all(comment not in text for comment in removed)
    assert changed(text, spec) == text


def test_line_ends_stay_as_they_are() -> None:
    old = (HEAD + "spec:\n  namespaces:\n  - name: a\n").replace("\n", "\r\n")
    assert changed(old, {"namespaces": [{"name": "b"}]}) == old.replace("- name: a", "- {name: b}")


def test_comments_of_an_empty_file_stay() -> None:
    assert next_text(None, "# to be filled\n", "c", {}) == "# to be filled\n" + HEAD


@pytest.mark.parametrize(
    "value", ["on", "y", "No", "1.30", "0x10", "12:30", "", "~", "null", "a b", '"', "\u2028", "*"]
)
def test_strings_that_could_be_something_else_are_quoted(value: str) -> None:
    assert scalar(value)[0] == '"'
    ((node, _),) = parse(f"a: {scalar(value)}\n", "f").documents
    assert plain_value(node) == {"a": value}


@pytest.mark.parametrize("value", ["details", "a-b.c", "v1", "1.29.2", "198.51.100.1", "istio.io/rev", "ClusterIP"])
def test_other_strings_are_plain(value: str) -> None:
    assert scalar(value) == value


@pytest.mark.parametrize("ending", ["\r", "\x85", "\u2028"])
def test_line_breaks_of_old_systems_become_those_of_today(ending: str) -> None:
    text = OLD.replace("\n", ending)
    old, found = read_inventory(text, "f", "c")
    assert found == []
    assert old is not None
    new = next_text(old, text, "c", {**old.spec, "istio": {"ambient": True}})
    again, _ = read_inventory(new, "f", "c")
    assert again is not None
    assert again.spec == {**old.spec, "istio": {"ambient": True}}
    assert "# until Friday\n" in new
