"""Scenarios that CI runs on any machine: a list of pytest's names, whole files or single scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST = Path(__file__).parent / "scenarios" / "must.txt"


def read_list(file: Path = LIST) -> list[str]:
    """The names in a list: one a line, `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


@dataclass
class MustRun:
    """A pytest plugin that runs the scenarios of a list and no others; the session fails if one of them did not run.

    A name that is no scenario's ends the session before it begins: a renamed scenario is not left out in silence.
    """

    names: Sequence[str]
    _due: dict[str, None] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if unknown := [name for name in self.names if not any(_is(item, name) for item in items)]:
            raise pytest.UsageError(f"scenarios that must run are not there: {', '.join(unknown)}")
        self._due = {item.nodeid: None for item in items if any(_is(item, name) for name in self.names)}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self._due])
        items[:] = [item for item in items if item.nodeid in self._due]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self._due.pop(report.nodeid, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._due and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._due:
            terminalreporter.section("must run, and did not", red=True)
            for name in self._due:
                terminalreporter.line(name)


def _is(item: pytest.Item, name: str) -> bool:
    own = f"{item.path.name}::{item.nodeid.partition('::')[2]}"
    return own == name or own.startswith((f"{name}::", f"{name}["))
