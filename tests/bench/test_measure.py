"""What the benchmarks make of their figures."""

import subprocess
import sys

import pytest

from bench.measure import Cost, cost, exponent, ratio


@pytest.mark.parametrize(("power", "factor"), [(1, 3), (2, 3), (0.5, 0.01)])
def test_exponent_is_the_power_that_costs_grow_with(power: float, factor: float) -> None:
    sizes = [10_000, 30_000, 100_000]
    assert exponent(sizes, [factor * size**power for size in sizes]) == pytest.approx(power)


def test_ratio_compares_what_ran_at_one_moment() -> None:
    ours = [Cost(2, 0, 0), Cost(40, 0, 0), Cost(6, 0, 0)]
    theirs = [Cost(1, 0, 0), Cost(10, 0, 0), Cost(3, 0, 0)]
    assert ratio(ours, theirs) == 2


def test_cost_counts_the_processes_that_a_command_waits_for() -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    found = cost(sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])")
    assert found.cpu >= 0.3
    assert found.wall > 0
    assert found.memory > 1


def test_a_command_that_fails_costs_nothing_but_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        cost(sys.executable, "-c", "raise SystemExit(3)")
