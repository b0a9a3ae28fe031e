from __future__ import annotations

import json

from lab.figures import Figures
from lab.load import Report, Request


def _report(*clusters: str) -> Report:
    requests = [
        Request("key", sent, 0.1, 200 if cluster else 503, json.dumps({"cluster": cluster}))
        for sent, cluster in enumerate(clusters)
    ]
    return Report(requests)


def _table(figures: Figures) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in figures.markdown().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_a_report_becomes_a_row_of_its_scenario() -> None:
    figures = Figures("1.32")
    figures.add("lab/scenarios/test_3_failover.py::test_it_dies", "proxy killed", _report("c1", "", "c2"))
    assert "## test_3_failover" in figures.markdown()
    assert _table(figures) == [["it dies", "proxy killed", "3", "c1 1, c2 1", "1", "2.00 s"]]


def test_other_figures_stand_beside_what_they_are() -> None:
    figures = Figures("1.32")
    figures.add("test_8_kinds.py::test_kinds[a|b]", "connections", 12)
    assert "kinds[a\\|b]" in figures.markdown()
    assert "connections: 12" in figures.markdown()


def test_a_scenario_that_failed_shows_nothing() -> None:
    figures = Figures("1.32")
    figures.add("test_3_failover.py::test_it_dies", "proxy killed", _report("c1"))
    figures.forget("test_3_failover.py::test_it_dies")
    assert _table(figures) == []


def test_files_that_did_not_run_keep_their_figures() -> None:
    first, second = Figures("1.31"), Figures("1.32")
    for figures, name, number in ((first, "test_a", 1), (first, "test_b", 2), (second, "test_a", 3)):
        figures.add(f"{name}.py::test_it", "number", number)
    page = second.markdown(first.markdown())
    assert page == second.markdown(page)
    assert [line for line in page.splitlines() if line.startswith(("##", "Istio", "| it"))] == [
        "## test_a",
        "Istio 1.32",
        "| it         | number: 3 |        |               |        |               |",
        "## test_b",
        "Istio 1.31",
        "| it         | number: 2 |        |               |        |               |",
    ]
