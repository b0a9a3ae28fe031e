"""Signals that end a run (SIGINT, SIGTERM, SIGHUP): at once, or where something begun has to be taken back first.

A `KeyboardInterrupt` can arise between any two instructions, in the middle of an import too. So a run raises none where
nothing is left to do: its process ends. Without `install`, as in a program that uses meshgen, Python's own rules stand.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SAID = "Interrupted."
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class _State:
    """`came`: the first signal. `undone`, `held`: in how many of these blocks the run is."""

    came = 0
    undone = 0
    held = 0


def install() -> None:
    """From here on signals end this process with `code()`. What was ignored stays ignored (nohup)."""
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda arrived, _: _arrived(arrived))


def came() -> bool:
    """Whether a signal arrived."""
    return bool(_State.came)


def code() -> int:
    """The exit code of a run that was interrupted: 128 and the number of the signal, as shells count."""
    return 128 + (_State.came or signal.SIGINT)


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """In the body a signal raises `KeyboardInterrupt`: what was begun is taken back on the way out."""
    _State.undone += 1
    try:
        yield
    finally:
        _State.undone -= 1


@contextlib.contextmanager
def held() -> Iterator[None]:
    """In the body signals wait; one that came ends the run after it, as `undone` says."""
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
        check()


def check() -> None:
    """Let a signal that waits take effect, unless it has to wait further."""
    if _State.came and not _State.held:
        _end()


def wanted() -> None:
    """Raise `KeyboardInterrupt` where a signal waits: between two steps of a block that holds them."""
    if _State.came:
        raise KeyboardInterrupt


def _arrived(number: int) -> None:
    _State.came = _State.came or number
    check()


def _end() -> None:
    if _State.undone:
        raise KeyboardInterrupt
    with contextlib.suppress(OSError):
        os.write(2, f"{SAID}\n".encode())
    os._exit(code())
