"""Something breaks under load, and is mended."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.load import Load, Report
    from lab.scenarios.conftest import Show


@dataclass(frozen=True)
class Outcome:
    """What users saw of a fault: `struck`, `mended`: when, in `time.time()`."""

    reports: dict[str, Report]
    struck: tuple[float, float]
    mended: float

    @property
    def dead(self) -> dict[str, Report]:
        """What was sent while it was dead, without the first moments."""
        return {name: report.between(self.struck[1] + 3, self.mended) for name, report in self.reports.items()}

    def show(self, show: Show, what: str) -> None:
        for name, report in self.reports.items():
            show(f"{what}, {name}", report)


def strike(
    loads: Mapping[str, Load],
    fault: Callable[[], object],
    mend: Callable[[], object],
    *,
    dead: float = 10,
    back: float = 0,
) -> Outcome:
    """Break something under load and mend it, so many seconds after each other."""
    with contextlib.ExitStack() as stack:
        for load in loads.values():
            stack.enter_context(load).wait_until_begun()
        time.sleep(3)
        start = time.time()
        fault()
        struck = (start, time.time())
        time.sleep(dead)
        mended = time.time()
        mend()
        time.sleep(back)
    return Outcome({name: load.report for name, load in loads.items()}, struck, mended)
