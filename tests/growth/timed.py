"""How long something takes."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of this process that some work takes, without collecting garbage; and what it gives."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        given = work()
        return time.process_time() - start, given
    finally:
        gc.enable()
