"""No input, however broken, raises: garbage, and a real fleet with pieces changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshgen.diagnostics.render import FORMATS, render
from tests.load.support import typed

BASE = (Path(__file__).parent.parent / "cases" / "base" / "bookinfo.yaml").read_bytes()
PIECES = [
    b"\t", b"*", b"&a ", b"*a", b"<<: *a", b"- ", b"? ", b": ", b"{", b"}", b"[", b"]", b"'", b'"', b"|\n", b">-\n",
    b"---\n", b"...\n", b"%YAML 2.0\n", b"!!int ", b"!x ", b"\xff", b"\xef\xbb\xbf", b"\x00", b"\r", b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"~", b"on", b"1e999", b".nan", b"9" * 5000, b"0x",
    b"[" * 70, b"name", b"spec", b"null", b"\n", b"  ", b"\xf0\x9f\x98\x80", b"#",
]  # fmt: skip

edits = st.lists(
    st.tuples(st.integers(0, len(BASE)), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=4)),
    max_size=4,
)


def mutate(changes: list[tuple[int, int, bytes]]) -> bytes:
    content = BASE
    for position, length, piece in changes:
        content = content[:position] + piece + content[position + length :]
    return content


def check(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        fleet, diagnostics = typed(Path(directory), content)
    errors = [found for found in diagnostics if found.severity == "error"]
    assert (fleet is None) == bool(errors)
    sources = {found.span.file: content.decode(errors="replace") for found in diagnostics if found.span}
    for form in FORMATS:
        render(diagnostics, sources, form).encode()


@given(edits)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_changed_fleet_never_raises(changes: list[tuple[int, int, bytes]]) -> None:
    check(mutate(changes))


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=40).map(b"".join))
@settings(max_examples=50, deadline=None)
def test_garbage_never_raises(content: bytes) -> None:
    check(content)


@pytest.mark.slow
@given(edits)
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_many_changed_fleets_never_raise(changes: list[tuple[int, int, bytes]]) -> None:
    check(mutate(changes))


@pytest.mark.slow
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=80).map(b"".join))
@settings(max_examples=5_000, deadline=None)
def test_much_garbage_never_raises(content: bytes) -> None:
    check(content)
