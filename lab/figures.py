"""The figures of runs as a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath

from tabulate import tabulate

from lab.load import Report

_HEADERS = ("scenario", "what", "sent", "answered by", "lost", "longest gap")
_HEAD = """# Figures

Of the last run of each file of scenarios; `make lab-full FIGURES=lab/figures.md` runs all and writes this page.
"""


@dataclass
class Figures:
    """What the scenarios of a run have shown, in their order; a scenario that ran again replaces what it showed."""

    istio_version: str
    _shown: dict[str, dict[str, object]] = field(default_factory=dict)

    def add(self, scenario: str, what: str, figures: object) -> None:
        """Keep a figure of a scenario, named by its pytest node."""
        self._shown.setdefault(scenario, {})[what] = figures

    def forget(self, scenario: str) -> None:
        """Drop what a scenario has shown: it runs again, or did not end."""
        self._shown.pop(scenario, None)

    def markdown(self, before: str = "") -> str:
        """One table a file of scenarios; files that did not run keep what the page said `before`."""
        tables: dict[str, list[list[str]]] = {}
        for scenario, shown in self._shown.items():
            file, _, name = scenario.partition("::")
            rows = tables.setdefault(PurePath(file).stem, [])
            rows += [[_readable(name), *_cells(what, figures)] for what, figures in shown.items()]
        sections = _sections(before) | {
            file: f"Istio {self.istio_version}\n\n{_table(rows)}" for file, rows in tables.items()
        }
        parts = [f"\n## {file}\n\n{text}\n" for file, text in sorted(sections.items())]
        return _HEAD + "".join(parts)


def _sections(page: str) -> dict[str, str]:
    """Split a page that `markdown` made into the texts of its files."""
    _, *sections = page.split("\n## ")
    return {file: text.strip() for file, _, text in (section.partition("\n") for section in sections)}


def _table(rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return tabulate(cells, _HEADERS, tablefmt="github", disable_numparse=True)


def _readable(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _cells(what: str, figures: object) -> list[str]:
    if not isinstance(figures, Report):
        return [f"{what}: {figures}", "", "", "", ""]
    answered = ", ".join(f"{name or '?'} {number:,}" for name, number in figures.by_cluster.items())
    return [what, f"{figures.sent:,}", answered or "none", f"{len(figures.lost):,}", f"{figures.longest_gap:.2f} s"]
