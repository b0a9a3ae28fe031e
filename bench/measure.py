"""What a command costs, and how costs grow."""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from statistics import linear_regression, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took, with the processes that it waited for."""

    cpu: float
    """Seconds, of user and system: other work on the machine disturbs them less than the time on the clock."""
    wall: float
    memory: float
    """The most that one of its processes held at once, in MB."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.memory, other.memory))


def cost(*command: str) -> Cost:
    """Runs `command` and measures it. Raises CalledProcessError, with what it said, where it fails."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            print(said.read().decode(errors="replace")[-4000:])
            raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1000)


def ratio(costs: Iterable[Cost], others: Iterable[Cost]) -> float:
    """The median of how many times the CPU of `others` those of `costs` took, pair by pair of one moment."""
    return median(one.cpu / other.cpu for one, other in zip(costs, others, strict=True))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power of the size with which costs grow: the slope of the least squares line through their logarithms."""
    return linear_regression([math.log(size) for size in sizes], [math.log(each) for each in costs]).slope


def verdict(*, kept: bool) -> str:
    return "kept" if kept else "MISSED"


def machine() -> str:
    """What may explain figures: processors, and how much was waiting for them."""
    return f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
