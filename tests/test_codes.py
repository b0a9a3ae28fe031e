"""Every code of the product has a line in one table, a page, and cases that show it fire and stay silent."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from meshgen.check.table import all_codes
from meshgen.pages import codes, page
from tests.test_cases import ALL_CASES

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "meshgen" / "diagnostics" / "codes.py"
MAKERS = {"diagnostics/codes.py", "check/table.py"}
"""The modules that give a finding its severity, each from a table."""
CODE = re.compile(r"MG[0-9]{3}")
TEST = re.compile(r"def test_(MG[0-9]{3})_(fires|silent)_")
HEADINGS = ("## What", "## Why", "## Example", "## Fix")


def _used() -> set[str]:
    """Codes that stand as whole string literals in the product, but for the table of those that are not rules."""
    return {
        node.value
        for path in (ROOT / "meshgen").rglob("*.py")
        if path != TABLE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def _shown() -> set[tuple[str, str]]:
    """(code, "fires" or "silent") for every case and test function."""
    shown = {(case.code, "fires" if case.fires else "silent") for case in ALL_CASES}
    for path in (ROOT / "tests").rglob("test_*.py"):
        shown |= set(TEST.findall(path.read_text(encoding="utf-8")))
    return shown


def _makes_diagnostics(path: Path) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Diagnostic"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


USED = sorted(_used())
SHOWN = _shown()


@pytest.mark.parametrize("code", USED)
def test_a_used_code_has_a_page(code: str) -> None:
    assert page(code) is not None


@pytest.mark.parametrize("code", USED)
@pytest.mark.parametrize("behaviour", ["fires", "silent"])
def test_a_used_code_has_a_case_that(code: str, behaviour: str) -> None:
    assert (code, behaviour) in SHOWN


def test_every_used_code_has_one_line_in_one_table() -> None:
    assert [each.code for each in all_codes()] == USED


def test_severities_are_given_by_the_tables_only() -> None:
    package = ROOT / "meshgen"
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if _makes_diagnostics(path)}
    assert found - {"tree/findings.py"} == MAKERS


@pytest.mark.parametrize("code", codes())
def test_a_page_belongs_to_a_used_code(code: str) -> None:
    assert code in USED


@pytest.mark.parametrize("code", codes())
def test_a_page_has_title_severity_and_all_headings(code: str) -> None:
    lines = (page(code) or "").splitlines()
    assert re.fullmatch(rf"# {code}: \S.*[^.]", lines[0])
    assert re.fullmatch(r"Severity: (error|warning|hint), since [0-9]+\.[0-9]+", lines[2])
    assert [line for line in lines if line.startswith("## ")] == list(HEADINGS)
    assert any(line.startswith("```") for line in lines)
