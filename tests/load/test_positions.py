"""Spans: 1-based, in code points, the end exclusive, block ends trimmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.load.parse import parse
from meshgen.load.scalars import core_value, old_reading

if TYPE_CHECKING:
    from meshgen.load import Node
    from meshgen.load.nodes import Scalar


def root(text: str) -> Node:
    parsed = parse(text, "f")
    assert parsed.diagnostics == []
    return parsed.documents[0][0]


@pytest.mark.parametrize(
    ("text", "path", "span"),
    [
        ("a: b\n", ["a"], (1, 4, 1, 5)),
        ("漢字: 😀b\n", ["漢字"], (1, 5, 1, 7)),
        ("a:\n  b: c\n\n# comment\nd: e\n", ["a"], (2, 3, 2, 7)),
        ("a:\n- x\n- {y: z}\n\n", ["a"], (2, 1, 3, 9)),
        ("a: [x,\n  y]\n", ["a"], (1, 4, 2, 5)),
        ("a: [x,\n  y]\n", ["a", 1], (2, 3, 2, 4)),
        ("a: |\n  text\n  more\n\nb: c\n", ["a"], (1, 4, 3, 7)),
        ("a: 'x'\r\nb: y\r\n", ["b"], (2, 4, 2, 5)),
        ("a: &x {b: c}\nd: *x\n", ["d"], (2, 4, 2, 6)),
        ("a: &x {b: c}\nd: *x\n", ["d", "b"], (1, 11, 1, 12)),
        ("a: {b: \n}\n", ["a", "b"], (1, 5, 1, 6)),
    ],
)
def test_the_span_of_a_value(text: str, path: list[str | int], span: tuple[int, int, int, int]) -> None:
    assert root(text).find(path).span[1:] == span


def test_the_span_of_a_key() -> None:
    assert root("a: b\ncd: e\n").key_span("cd")[1:] == (2, 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("~", None), ("Null", None), ("", None), ("nULL", "nULL"),
        ("true", True), ("False", False), ("yes", "yes"), ("on", "on"), ("off", "off"),
        ("12", 12), ("-1", -1), ("+1", 1), ("007", 7), ("0o17", 15), ("0xfF", 255), ("0b1", "0b1"), ("1_000", "1_000"),
        ("1.30", 1.3), (".5", 0.5), ("1e3", 1000.0), ("-.inf", float("-inf")), ("1.2.3", "1.2.3"), ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"), ("-", "-"), (".", "."), ("+", "+"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, value: Scalar) -> None:
    found = core_value(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("on", "boolean"), ("Y", "boolean"), ("No", "boolean"), ("oN", None),
        ("2024-01-01", "date"), ("2024-1-1T00:00:00Z", "date"), ("12:30", "number"), ("1_000", "number"),
        ("0b1", "number"), ("10.1.0.0/16", None), ("18.135.167.198", None), ("fd00::1", None), ("a_b", None),
    ],
)  # fmt: skip
def test_what_yaml_1_1_reads_instead(text: str, read: str | None) -> None:
    assert old_reading(text) == read


def test_documents_after_a_broken_one_keep_their_lines() -> None:
    parsed = parse("a: 1\n---\nb: [\n---\nc: 3\n", "f")
    assert [node.span.line for node, _ in parsed.documents] == [1, 5]
    assert [str(found.span) for found in parsed.diagnostics] == ["f:4:1"]


def test_a_file_of_broken_documents_ends() -> None:
    assert len(parse("--- [\n" * 10_000, "f").diagnostics) == 20
