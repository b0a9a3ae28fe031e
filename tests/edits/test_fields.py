"""One field or item goes in, and comes out without a trace; no other character changes."""

from __future__ import annotations

import pytest

from meshgen.edits.fields import replaced, says, with_field, with_item, without_field, without_item
from meshgen.edits.layout import CannotSpliceError
from meshgen.load.nodes import Node, plain_value
from meshgen.load.parse import parse


def root(text: str) -> Node:
    parsed = parse(text, "f.yaml")
    assert parsed.diagnostics == []
    return parsed.documents[0][0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a: 1", "a: 1\nz: [x]"),
        ("a: 1  # one\n\n# end\n", "a: 1  # one\nz: [x]\n\n# end\n"),
        ("a: 1\r\nb:\r\n- c\r\n", "a: 1\r\nb:\r\n- c\r\nz: [x]\r\n"),
        ("a:\n  b: |\n    text\n\n    more\n# end\n", "a:\n  b: |\n    text\n\n    more\nz: [x]\n# end\n"),
        ("{a: 1}", "{a: 1, z: [x]}"),
        ("{a: 1,  b: {c: d} , # why\n}\n", "{a: 1,  b: {c: d}, z: [x] , # why\n}\n"),
        ("{}", "{z: [x]}"),
    ],
)
def test_a_field_at_the_end_and_back(old: str, new: str) -> None:
    before = root(old)
    assert with_field(old, before, "z", "[x]", len(before.entries or {})) == new
    said = plain_value(before)
    assert isinstance(said, dict)
    assert says(new, [{**said, "z": ["x"]}])
    assert without_field(new, root(new), "z") == old


def test_a_field_in_another_place() -> None:
    old = "a: 1\n# of b\nb: 2\n"
    assert with_field(old, root(old), "z", "0", 1) == "a: 1\nz: 0\n# of b\nb: 2\n"
    assert with_field("{a: 1, b: 2}", root("{a: 1, b: 2}"), "z", "0", 0) == "{z: 0, a: 1, b: 2}"


def test_a_field_of_lines() -> None:
    assert with_field("a: 1\n", root("a: 1\n"), "z", "\n  b: 2", 1) == "a: 1\nz:\n  b: 2\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[]", "[x]"),
        ("[ a, b ]  # two\n", "[ a, b, x ]  # two\n"),
        ("-   a\n-   b  # the last\n", "-   a\n-   b  # the last\n- x\n"),
        ("- {a: b}", "- {a: b}\n- x"),
        ("k:\n  - a\n\n", "k:\n  - a\n  - x\n\n"),
    ],
)
def test_an_item_at_the_end_and_back(old: str, new: str) -> None:
    def sequence(text: str) -> Node:
        found = root(text)
        return found.find(["k"]) if found.entries else found

    assert with_item(old, sequence(old), "x") == new
    assert without_item(new, sequence(new), len(sequence(new).items or ()) - 1) == old


@pytest.mark.parametrize(
    ("old", "key", "new"),
    [
        ("a: 1\nb:   # why\n  c: d  # and how\n# of e\ne: 2\n", "b", "a: 1\n# why\n# and how\n# of e\ne: 2\n"),
        ("{b: 1, a: 2}", "b", "{a: 2}"),
        ("{b: 1}", "b", "{}"),
    ],
)
def test_comments_of_what_goes_stay(old: str, key: str, new: str) -> None:
    assert without_field(old, root(old), key) == new


@pytest.mark.parametrize(
    ("old", "path", "new"),
    [("a: 'x'  # why\n", ["a"], "a: y  # why\n"), ("{a: {b: c}, d: e}", ["a"], "{a: y, d: e}")],
)
def test_a_value_is_replaced(old: str, path: list[str], new: str) -> None:
    assert replaced(old, root(old).find(path), "y") == new


@pytest.mark.parametrize(
    "call",
    [
        lambda: without_field("- a: 1\n  b: 2\n", (root("- a: 1\n  b: 2\n").items or [])[0], "a"),
        lambda: without_field("k:\n  a: 1\n", root("k:\n  a: 1\n").find(["k"]), "a"),
        lambda: without_item("- a\n", root("- a\n"), 0),
        lambda: replaced("a:\n  b: 1\n", root("a:\n  b: 1\n").find(["a"]), "x"),
        lambda: with_field("a: 1\rb: 2\r", root("a: 1\rb: 2\r"), "z", "0", 2),
    ],
    ids=["behind the dash", "the only field", "the only item", "a block", "line breaks of old systems"],
)
def test_layouts_that_cannot_be_followed(call: object) -> None:
    assert callable(call)
    with pytest.raises(CannotSpliceError):
        call()


def test_a_text_that_says_something_else_is_noticed() -> None:
    text = "a: &x\n  k: [1]\nb: *x\n"
    assert not says(with_item(text, root(text).find(["a", "k"]), "2"), [{"a": {"k": [1, 2]}, "b": {"k": [1]}}])
