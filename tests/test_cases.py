"""Runs `tests/cases/MGnnn.yaml`: each case is a fleet and exactly the findings of that code that it gives."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from meshgen.load.parse import parse
from meshgen.pipeline import check_fleet

CASES = Path(__file__).parent / "cases"
KEYS = {"name", "base", "remove", "fleet", "file_base64", "fires"}
SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of a case file: a fleet, and what it makes the code of the file say."""

    code: str
    name: str
    fires: list[str]
    fleet: bytes
    base: str = ""
    remove: list[str] = field(default_factory=list)

    def files(self) -> dict[str, bytes]:
        """`fleet.yaml` and, with a base, `base.yaml` without the documents that the case has itself."""
        if not self.base:
            return {"fleet.yaml": self.fleet}
        own = set(_names(self.fleet.decode())) | set(self.remove)
        return {"fleet.yaml": self.fleet, "base.yaml": _without(_base(self.base), own).encode()}


def _names(text: str) -> list[str]:
    """`Kind/name` of every document."""
    return [
        f"{node.find(['kind']).value}/{node.find(['metadata', 'name']).value}" for node, _ in parse(text, "").documents
    ]


def _pieces(text: str) -> list[tuple[str, list[str]]]:
    """Each document and each line between two, with the names of what stands in it."""
    pieces: list[tuple[str, list[str]]] = []
    start = 0
    for match in SEPARATOR.finditer(text):
        pieces += [(document := text[start : match.start()], _names(document)), (match.group(), [])]
        start = match.end()
    return [*pieces, (text[start:], _names(text[start:]))]


@cache
def _base(name: str) -> list[tuple[str, list[str]]]:
    return _pieces((CASES / "base" / f"{name}.yaml").read_text(encoding="utf-8"))


def _without(pieces: list[tuple[str, list[str]]], names: set[str]) -> str:
    """The text again, with blank lines for the documents `names`, so that the others stay where they are."""
    return "".join("\n" * piece.count("\n") if names & set(own) else piece for piece, own in pieces)


def read_cases(path: Path) -> list[Case]:
    """The cases of one file; an entry with an unknown or a missing key is an error of the test itself."""
    entries: list[dict[str, Any]] = YAML(typ="safe").load(path)
    cases = []
    for entry in entries:
        assert set(entry) <= KEYS, f"{path}: unknown keys {set(entry) - KEYS}"
        assert ("fleet" in entry) != ("file_base64" in entry), f"{path}: {entry['name']}: one of fleet and file_base64"
        content = entry["fleet"].encode() if "fleet" in entry else base64.b64decode(entry["file_base64"], validate=True)
        cases.append(
            Case(path.stem, entry["name"], entry["fires"], content, entry.get("base", ""), entry.get("remove", []))
        )
    return cases


ALL_CASES = [case for path in sorted(CASES.glob("MG*.yaml")) for case in read_cases(path)]


@pytest.mark.parametrize("case", ALL_CASES, ids=[f"{case.code}: {case.name}" for case in ALL_CASES])
def test_the_code_fires_exactly_where_the_case_says(case: Case, tmp_path: Path) -> None:
    for name, content in case.files().items():
        (tmp_path / name).write_bytes(content)
    found = []
    for diagnostic in check_fleet(tmp_path).diagnostics:
        if diagnostic.code == case.code:
            place = str(diagnostic.span).removeprefix(f"{tmp_path.as_posix()}/") + " " if diagnostic.span else ""
            found.append(f"{place}{diagnostic.severity}: {diagnostic.message}")
    assert found == case.fires


def test_a_base_keeps_its_lines_when_a_document_is_left_out() -> None:
    text = "kind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}\n"
    assert _without(_pieces(text), {"A/a"}) == "\n\n---\nkind: B\nmetadata: {name: b}\n"
