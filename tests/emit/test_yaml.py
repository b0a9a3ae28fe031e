"""The YAML writer: what it writes is read back alike by YAML 1.1 and 1.2 readers."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from meshgen.emit.yaml import HEADER, document

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
WORDS = st.sampled_from(
    [
        "y",
        "No",
        "ON",
        "off",
        "true",
        "null",
        "~",
        "",
        "12:30",
        "0x1",
        "1e3",
        "1_000",
        "010",
        ".5",
        "-1",
        "+1",
        "=",
        "<<",
        "2001-01-01",
        "a: b",
        "a #b",
        "*",
        "&a",
        "!x",
        "- a",
        "? a",
        "a:",
        ".inf",
        "nan",
        "1.2.3.4",
        "10s",
        "@a",
        "`a",
        "%a",
    ]
)
LINES = st.lists(st.text("ab: #-|", max_size=6), max_size=4).map(lambda lines: "".join(f"{x}\n" for x in lines))
SCALARS = TEXT | WORDS | LINES | st.integers() | st.booleans()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | WORDS, inner, max_size=4), max_leaves=20
)
BODIES = st.dictionaries(TEXT | WORDS, VALUES, min_size=1, max_size=5)


def read(text: bytes, version: tuple[int, int]) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    return yaml.load(io.BytesIO(text))


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
@given(body=BODIES)
def test_every_body_is_read_back_as_it_was(version: tuple[int, int], body: dict[str, Any]) -> None:
    assert read(document(body), version) == body


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("details", "details"),
        ("details.bookinfo.svc.cluster.local", "details.bookinfo.svc.cluster.local"),
        ("spiffe://cluster.local/ns/a/sa/b", "spiffe://cluster.local/ns/a/sa/b"),
        ("18.135.167.198", "18.135.167.198"),
        ("10s", "10s"),
        ("2001:db8::1", '"2001:db8::1"'),
        ("no", '"no"'),
        ("on", '"on"'),
        ("Y", '"Y"'),
        ("12:30", '"12:30"'),
        ("0x1", '"0x1"'),
        ("1.30", '"1.30"'),
        ("*", '"*"'),
        ("", '""'),
        ("two\nlines", '"two\\nlines"'),
        (True, "true"),
        (15443, "15443"),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_a_scalar_is_quoted_only_where_a_reader_could_mistake_it(value: Any, written: str) -> None:
    assert document({"key": value}).decode() == f"{HEADER}key: {written}\n"


def test_lists_and_mappings_are_written_in_block_style() -> None:
    body = {
        "kind": "X",
        "spec": {"ports": [{"name": "http", "labels": {"a": "b"}}, {"name": "tls"}], "hosts": ["h", ["i", "j"]]},
    }
    assert document(body).decode() == HEADER + (
        "kind: X\n"
        "spec:\n"
        "  ports:\n"
        "  - name: http\n"
        "    labels:\n"
        "      a: b\n"
        "  - name: tls\n"
        "  hosts:\n"
        "  - h\n"
        "  - - i\n"
        "    - j\n"
    )


def test_data_that_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match="not plain data"):
        document({"key": 1.5})
