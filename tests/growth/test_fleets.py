"""What a fleet costs grows with it: four times as long a list takes about four times as long, whichever list it is.

Suggestions, which are only advice, are bounded instead. Measured in CPU time of this process.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from meshgen.diagnostics.near import afresh, near
from meshgen.pipeline import compile_fleet
from tests.growth.fleets import LARGE, LISTS, SMALL, fleet, letters
from tests.growth.timed import timed

if TYPE_CHECKING:
    from pathlib import Path

MOST = 9.0
"""How many times as long the larger fleet may take: linear is 4, quadratic 16."""
AT_ONCE = 0.3
"""Seconds that are too short to compare."""


def cost(text: str, directory: Path) -> float:
    """Seconds that a compile takes."""
    file = directory / "fleet.yaml"
    file.write_text(text)
    return timed(partial(compile_fleet, file))[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_four_times_as_long_takes_about_four_times_as_long(name: str, tmp_path: Path) -> None:
    cost(LISTS[name](2), tmp_path)  # modules and schemas are read once
    large = cost(LISTS[name](LARGE), tmp_path)
    if large > AT_ONCE:
        small = min(cost(LISTS[name](SMALL), tmp_path) for _ in range(2))
        large = min(large, cost(LISTS[name](LARGE), tmp_path))
        assert large < MOST * small


def test_suggestions_end_where_a_great_many_names_are_wrong() -> None:
    known = [f"web-{letters(number)}" for number in range(2_000)]
    afresh()
    start = time.process_time()
    found = [near(f"wep-{letters(number)}", known) for number in range(2_000)]
    assert time.process_time() - start < 10
    assert found[0] == [known[0]]
    assert found[-1] == []
    afresh()
    assert near("wep-aaaa", known) == ["web-aaaa"]


def test_text_that_looks_like_an_old_number_is_read_at_once(tmp_path: Path) -> None:
    text = fleet().replace('"r"', "1" + "_" * 20_000 + "x")
    assert cost(text, tmp_path) < 2
