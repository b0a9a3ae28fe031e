"""Credential plugins: what the library runs for a token, and what it says of one that fails."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def failures_of_plugins() -> Iterator[list[str]]:
    """What the library logs as errors meanwhile: that is all it does about a plugin that fails (kube_config.py)."""
    found: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    ear = Ear(logging.ERROR)
    root = logging.getLogger()
    root.addHandler(ear)
    try:
        yield found
    finally:
        root.removeHandler(ear)
