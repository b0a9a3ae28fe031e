"""JSON as kubectl reads it, with the positions that the YAML parser would give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.inventory.fields import plain
from meshgen.load.json_text import read_json
from meshgen.load.nodes import plain_value
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.diagnostics import Span
    from meshgen.load.nodes import Node

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\u00e9😀", max_size=3), inner, max_size=3),
    max_leaves=8,
)


def value(text: str) -> object:
    found = read_json(text, "f")
    assert found is not None
    assert found[1] == []
    return [plain(node) for node in found[0]]


@given(st.dictionaries(st.text("ab", max_size=3), VALUES, max_size=3), st.booleans(), st.sampled_from([None, 2]))
def test_what_json_says_is_read(data: dict[str, object], ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001
    assert value(json.dumps(data, ensure_ascii=ascii_only, indent=indent)) == [data]


PIECES = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "d83d", "a", "-", "1e9", "null", " ", "\n", "\ud83d"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_the_text_reading_ends(text: str) -> None:
    for start in ("", "{", "[", '{"a":'):
        found = read_json(start + text, "f")
        assert found is None or len(found[0]) + len(found[1]) > 0


def spans(node: Node) -> Iterator[Span]:
    yield node.span
    for key, inner in (node.entries or {}).values():
        yield key
        yield from spans(inner)
    for inner in node.items or []:
        yield from spans(inner)


def test_places_are_those_of_yaml() -> None:
    text = '{\r\n  "a": {"b": [1, "x\u2028y"]},\n  "c": "y", "d": null }\n'
    found = read_json(text, "f")
    assert found is not None
    assert list(spans(found[0][0])) == list(spans(parse(text, "f").documents[0][0]))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (r'{"a": "\ud83d\ude00"}', [{"a": "😀"}]),
        (r'{"a": "\ud83d"}', [{"a": "\ufffd"}]),
        ('{"' + "k" * 2000 + '": 1}', [{"k" * 2000: 1}]),
        ('{"a": 1}\n{"a": 2}', [{"a": 1}, {"a": 2}]),
        ('{"a": "yes", "b": "1"}', [{"a": "yes", "b": "1"}]),
        ("[" * 150 + "]" * 150, None),
    ],
)
def test_what_yaml_refuses_of_it_is_read(text: str, values: object) -> None:
    assert values is None or value(text) == values
    assert read_json(text, "f") is not None


@pytest.mark.parametrize("text", ["", "a: b", "{a: 1}", '{"a": 1,}', '{"a" 1}', "[1 2]", '{"a": 01}', '{"a": 1', "{,}"])
def test_what_is_not_json_is_left_to_yaml(text: str) -> None:
    assert read_json(text, "f") is None


def test_a_key_that_stands_twice_is_said() -> None:
    found = read_json('{"a": 1, "a": 2}', "f")
    assert found is not None
    assert [(finding.code, str(finding.span)) for finding in found[1]] == [("MG008", "f:1:10")]


@pytest.mark.parametrize("depth", [200, 201, 10_000])
def test_depth_costs_no_stack_and_what_is_too_deep_is_left_out(depth: int) -> None:
    found = read_json('{"a":' * depth + "1" + "}" * depth, "f")
    assert found is not None
    levels, node = 0, found[0][0]
    while node.entries:
        levels, node = levels + 1, node.entries["a"][1]
    assert (levels, found[1]) == (min(depth, 200), [])


def test_yaml_of_a_manifest_that_is_too_deep_is_left_out_too() -> None:
    text = "kind: A\nspec: " + "[" * 90 + "x" + "]" * 90 + "\nafter: 1\n"
    assert [found.code for found in parse(text, "f").diagnostics] == ["MG012"]
    parsed = parse(text, "f", cut=True)
    assert parsed.diagnostics == []
    assert list(parsed.documents[0][0].entries or {}) == ["kind", "spec", "after"]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: {image: nginx:1.25}\n", {"a": {"image": "nginx:1.25"}}),
        ("a: [--url=http://x, fd00::/8]\n", {"a": ["--url=http://x", "fd00::/8"]}),
        ('a: {"b":1, "c":d:e}\n', {"a": {"b": 1, "c": "d:e"}}),
        ("a: {b: 'x:y', c: x:y} # n:o\nd: &e {g: h:i}\n", {"a": {"b": "x:y", "c": "x:y"}, "d": {"g": "h:i"}}),
    ],
)
def test_a_colon_inside_a_text_in_flow_style_is_read(text: str, data: object) -> None:
    parsed = parse(text, "f")
    assert (parsed.diagnostics, [plain_value(node) for node, _ in parsed.documents]) == ([], [data])


def test_documents_before_one_with_a_colon_are_read_once() -> None:
    parsed = parse("a: [1\n---\nb: 2\n---\nc: {d: e:f}\n", "f")
    assert [plain_value(node) for node, _ in parsed.documents] == [{"b": 2}, {"c": {"d": "e:f"}}]
    assert [found.code for found in parsed.diagnostics] == ["MG005"]
