"""Where commands print: the one way to the terminal, the log or the pipe."""

from __future__ import annotations

import io
import sys

import click

from meshgen.diagnostics.printing import printable_lines


def prepare_streams() -> None:
    """Have what the encoding of a stream lacks (`LANG=C`) shown escaped, and not raise."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, *, err: bool = False) -> None:
    """Prints `text` for people, a line or several, whatever came from outside in it made safe."""
    click.echo(printable_lines(text.removesuffix("\n")), err=err)


def document(text: str) -> None:
    """Prints a text that is to be read by a program to standard output: as it is, in UTF-8."""
    click.echo(text.encode(), nl=False)


def refuse(error: click.ClickException) -> None:
    """Prints what click has to say about a wrong use, arguments included."""
    said = io.StringIO()
    error.show(said)
    say(said.getvalue(), err=True)
