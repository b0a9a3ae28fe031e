"""One file of `rendered/` for each format; `UPDATE=1 pytest tests/diagnostics` writes them anew, for review."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from meshgen.diagnostics import Diagnostic, Span
from meshgen.diagnostics.render import FORMATS, MACHINE_FORMATS, render, summary
from meshgen.diagnostics.render.full import cells
from tests.diagnostics.shared import DIAGNOSTICS, SOURCES

RENDERED = Path(__file__).parent / "rendered"


@pytest.mark.parametrize("form", FORMATS)
def test_the_shared_findings_look_as_recorded(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshgen.diagnostics.render.sarif.__version__", "1.2.3")
    monkeypatch.setattr("meshgen.diagnostics.render.sarif.page", lambda code: f"page of {code}")
    monkeypatch.setattr("meshgen.diagnostics.render.sarif.title", lambda code: f"title of {code}")
    text = render(DIAGNOSTICS, SOURCES, form)
    file = RENDERED / f"{form}.txt"
    if os.environ.get("UPDATE"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_findings_and_repeats_do_not_matter(form: str) -> None:
    assert render([*reversed(DIAGNOSTICS), *DIAGNOSTICS], SOURCES, form) == render(DIAGNOSTICS, SOURCES, form)


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - MACHINE_FORMATS))
def test_formats_of_lines_are_empty_without_findings(form: str) -> None:
    assert render([], {}, form) == ""


@pytest.mark.parametrize("form", sorted(MACHINE_FORMATS - {"junit"}))
def test_formats_of_json_are_one_document_with_and_without_findings(form: str) -> None:
    documents: list[Any] = [json.loads(render(found, SOURCES, form)) for found in ([], DIAGNOSTICS)]
    assert type(documents[0]) is type(documents[1])


def test_junit_counts_what_it_lists() -> None:
    root = ET.fromstring(render(DIAGNOSTICS, SOURCES, "junit"))  # noqa: S314 - our own text
    assert root.attrib["tests"] == str(len(root.findall(".//testcase"))) == "6"
    assert root.attrib["failures"] == str(len(root.findall(".//failure"))) == "3"


def test_junit_without_findings_is_a_case_that_passes() -> None:
    root = ET.fromstring(render([], {}, "junit"))  # noqa: S314 - our own text
    assert (len(root.findall(".//testcase")), len(root.findall(".//failure"))) == (1, 0)


@pytest.mark.parametrize("form", ["gitlab", "sarif"])
def test_fingerprints_are_unique_and_stay_when_lines_move(form: str) -> None:
    def fingerprints(line: int) -> list[str]:
        found = [
            Diagnostic("MG110", "warning", "same", Span("f.yaml", line, column, line, column + 1)) for column in (1, 5)
        ]
        report: Any = json.loads(render(found, {}, form))
        if form == "gitlab":
            return [item["fingerprint"] for item in report]
        return [item["partialFingerprints"]["meshgen/v1"] for item in report["runs"][0]["results"]]

    assert fingerprints(1) == fingerprints(30)
    assert len(set(fingerprints(1))) == 2


def test_github_shows_errors_first() -> None:
    first = render(DIAGNOSTICS, SOURCES, "github").splitlines()
    assert [line.split()[0] for line in first] == ["::error"] * 3 + ["::warning"] * 2 + ["::notice"]


def test_full_has_colours_only_when_asked() -> None:
    assert "\x1b[" not in render(DIAGNOSTICS, SOURCES, "full")
    assert "\x1b[31m" in render(DIAGNOSTICS[1:2], SOURCES, "full", color=True)


def test_full_shows_a_part_of_a_long_line() -> None:
    source = {"f": "a" * 5000 + "needle" + "b" * 5000}
    lines = render([Diagnostic("MG005", "error", "x", Span("f", 1, 5001, 1, 5007))], source, "full").splitlines()
    shown, marks = lines[3][4:], lines[4][4:]
    assert shown[marks.index("^") : marks.rindex("^") + 1] == "needle"
    assert len(lines[3]) < 200


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("\t", 4), ("😀", 2), ("", 0)])
def test_cells_of_a_terminal(text: str, width: int) -> None:
    assert cells(text) == width


def test_the_summary_counts() -> None:
    assert summary(DIAGNOSTICS) == "3 errors, 2 warnings, 1 hint"
    assert summary([]) == "no findings"
