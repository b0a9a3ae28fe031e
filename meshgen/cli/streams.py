"""The standard streams of the process, whatever it was started with."""

from __future__ import annotations

import contextlib
import os
import sys

_FLAGS = (os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)
"""Reading and writing results fails where a stream is closed, as it does for other programs; findings are dropped."""


def stand() -> None:
    """Open what the caller closed (`>&-`): else the next file that is opened gets its number, and what is printed."""
    for number, (name, flags) in enumerate(zip(("stdin", "stdout", "stderr"), _FLAGS, strict=True)):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)  # noqa: FBT003 - as it is called
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays open


def say(text: str) -> None:
    """A line for people, where there is somebody to read it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def silence() -> None:
    """Give the interpreter something to flush into when it ends: the reader is gone, or the device full."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
