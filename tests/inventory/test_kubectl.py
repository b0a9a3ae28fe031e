from __future__ import annotations

from typing import Any

import pytest

from meshgen.inventory.fields import plain
from meshgen.inventory.kubectl import kubectl_value
from meshgen.load.parse import parse

# Answers of sigs.k8s.io/yaml v1.6.0, YAMLToJSON of "a: <text>".
ANSWERS: dict[str, Any] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], True),
    **dict.fromkeys(["n", "N", "no", "off", "OFF", "false"], False),
    **dict.fromkeys(["~", "null", "Null", "NULL"]),
    **{
        text: text
        for text in [
            "yEs",
            "tRUE",
            "nULL",
            "12:30",
            "1:2:3",
            "2020-01-01",
            "0x",
            "0b2",
            "_1",
            "=",
            "Infinity",
            "1e400",
            "0b",
            "0o",
            "0o8",
        ]
    },
    "2020-01-01T00:00:00Z": "2020-01-01T00:00:00Z",
    "1": 1,
    "+1": 1,
    "-1": -1,
    "0x1F": 31,
    "0X1f": 31,
    "-0x1": -1,
    "0b11": 3,
    "0B1": 1,
    "-0b11": -3,
    "0o17": 15,
    "0O7": 7,
    "-0o7": -7,
    "017": 15,
    "08": 8,
    "09.5": 9.5,
    "1_000": 1000,
    "1__0": 10,
    "1_": 1,
    "1_0.5": 10.5,
    ".5": 0.5,
    "+.5": 0.5,
    "5.": 5,
    "1e3": 1000,
    "1E+3": 1000,
    "-1.5e-3": -0.0015,
    "18446744073709551615": 18446744073709551615,
}


@pytest.mark.parametrize("text", ANSWERS)
def test_plain_scalars_are_what_kubectl_reads(text: str) -> None:
    found = kubectl_value(text)
    assert found == ANSWERS[text]
    assert isinstance(found, bool) == isinstance(ANSWERS[text], bool)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\n", {"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 3}}),
        ("{<<: [{a: 1}, {a: 2, c: 3}], b: on}\n", {"a": 1, "b": True, "c": 3}),
        ("base: &b {<<: {a: 1}}\nz: {<<: *b}\n", {"base": {"a": 1}, "z": {"a": 1}}),
        ("<<: 3\n", {"<<": 3}),
        ('{"a":\n\t1}\n', {"a": 1}),
    ],
)
def test_merge_keys_and_aliases_are_resolved(text: str, value: Any) -> None:
    (node, _), *_ = parse(text, "f.yaml", merge_keys=True).documents
    assert plain(node) == value


def test_tags_that_kubectl_ignores_are_no_finding() -> None:
    parsed = parse("a: !local x\nb: !!binary aGk=\nc: !other {d: 1}\n", "f", merge_keys=True)
    assert (parsed.diagnostics, [plain(node) for node, _ in parsed.documents]) == (
        [],
        [{"a": "x", "b": "aGk=", "c": {"d": 1}}],
    )
