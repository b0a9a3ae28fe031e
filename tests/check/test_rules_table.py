"""`docs/rules.md` names every fact that decides a fleet, and agrees with the tables of codes and rules."""

from __future__ import annotations

import inspect
import pkgutil
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshgen.check import rules
from meshgen.check.table import RULES, TOPICS, all_codes

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"MG[0-9]{3}")
SEVERITIES = ("error", "warning", "hint")
UNDECIDED = (
    "always emitted",
    "never emitted",
    "not emitted",
    "holds by language",
    "nobody can know it from a fleet",
    "in the language",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of one of the tables: the first cells, what decides it, severities and codes."""

    section: str
    fact: str
    decided_by: str
    severity: str
    code: str


def _rows() -> list[Row]:
    rows: list[Row] = []
    section = ""
    for line in (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) > 3 and cells[-1] != "code" and section != "All codes":
            rows.append(Row(section, " | ".join(cells[:-3]), *cells[-3:]))
    return rows


SEVERITY = {each.code: each.severity for each in all_codes()}
ROWS = _rows()
DECIDED = [row for row in ROWS if row.code != "—"]
LEFT = [row for row in ROWS if row.code == "—"]


@pytest.mark.parametrize("row", DECIDED, ids=[row.fact[:60] for row in DECIDED])
def test_a_line_with_a_code_has_the_severities_of_the_tables(row: Row) -> None:
    found = CODE.findall(row.code)
    assert ", ".join(found) == row.code
    assert set(found) <= set(SEVERITY)
    assert row.severity == ", ".join(sorted({SEVERITY[code] for code in found}, key=SEVERITIES.index))


@pytest.mark.parametrize("row", LEFT, ids=[row.fact[:60] for row in LEFT])
def test_a_line_without_a_code_says_why(row: Row) -> None:
    assert row.severity == "—"
    assert any(reason in row.decided_by for reason in UNDECIDED)


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_a_rule_stands_in_the_table(code: str) -> None:
    assert any(code in CODE.findall(row.code) for row in ROWS)


def test_a_code_is_of_one_rule() -> None:
    found = [rule.code for rule in RULES]
    assert found == sorted(set(found))


def test_every_module_of_rules_is_a_topic() -> None:
    modules = {name for _, name, _ in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}.")}
    assert {topic.__name__ for topic in TOPICS} == modules


@pytest.mark.parametrize("topic", TOPICS, ids=[topic.__name__.rpartition(".")[2] for topic in TOPICS])
def test_every_function_of_a_topic_that_takes_the_context_is_in_its_table(topic: ModuleType) -> None:
    public = {
        function
        for name, function in inspect.getmembers(topic, inspect.isfunction)
        if not name.startswith("_") and function.__module__ == topic.__name__
    }
    assert {rule.find for rule in topic.RULES} == public


def test_every_limit_of_tetrate_is_named_once() -> None:
    limits = [row.fact.split(" | ")[0] for row in ROWS if row.section == "Limits of Tetrate"]
    assert limits == [f"L{number}" for number in range(1, 19)]


def test_no_line_is_open() -> None:
    assert [row.fact for row in ROWS if "?" in (row.severity, row.code)] == []


def test_a_fact_stands_once() -> None:
    facts = [(row.section, row.fact) for row in ROWS]
    assert len(facts) == len(set(facts))
