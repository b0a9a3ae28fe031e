"""The one place where a run ends: every exception becomes an exit code and words for people."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

import click

from meshgen import interrupts
from meshgen.cli import streams
from meshgen.cli.group import cli
from meshgen.cli.output import prepare_streams, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

FINE, FINDINGS, BROKEN = 0, 1, 2
_PIPE_CLOSED = 141
_COMPLETION = "_MESHGEN_COMPLETE"
"""Set by the script of `meshgen completion` when it asks for completions."""


def guarded(arguments: Sequence[str] | None) -> int:
    """Runs the command line and returns its exit code."""
    # Looking for pydantic's plugins would read the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    prepare_streams()
    gc.disable()  # a run makes no garbage worth the time of looking for it
    try:
        code = _ended(list(sys.argv[1:] if arguments is None else arguments))
        streams.silence()
    finally:
        if arguments is None:
            gc.freeze()  # the process ends: the interpreter would look at everything once more
        else:
            gc.enable()
    return code


def _ended(arguments: list[str]) -> int:
    """The exit code of a run, whatever ended it."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as error:
        return _disk(error)
    except BaseException as error:  # noqa: BLE001 - the last line of defence
        # Libraries in other languages turn an interrupt into errors of their own, some of them no `Exception`.
        return _interrupted() if interrupts.came() else _unexpected(error, arguments)
    return code


def _run(arguments: list[str]) -> int:
    try:
        if _COMPLETION in os.environ:
            from click.shell_completion import shell_complete

            return shell_complete(cli, {}, "meshgen", _COMPLETION, os.environ[_COMPLETION])
        with cli.make_context("meshgen", arguments) as context:
            cli.invoke(context)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        refuse(error)
        return BROKEN
    except click.Abort:
        return _interrupted()
    return FINE


def _interrupted() -> int:
    streams.say(interrupts.SAID)
    return interrupts.code()


def _disk(error: OSError) -> int:
    reason = error.strerror or str(error)
    place = f" `{error.filename}`" if error.filename else ""
    _tell("MG901", f"cannot read or write{place}: {reason[:1].lower()}{reason[1:]}", "Make room or change the rights.")
    return BROKEN


def _unexpected(error: BaseException, arguments: list[str]) -> int:
    from meshgen.cli.crash import write_report

    report = write_report(error, arguments)
    advice = f"Open an issue with the report `{report}`." if report else "Open an issue with the command and this text."
    _tell("MG900", f"internal error: {type(error).__name__}: {' '.join(str(error).split())}", advice)
    return BROKEN


def _tell(code: str, message: str, advice: str) -> None:
    from meshgen.cli.options import use_color
    from meshgen.diagnostics import diagnose
    from meshgen.diagnostics.render import render

    found = diagnose(code, message, help=advice)
    with contextlib.suppress(OSError):
        click.echo(render([found], {}, "full", color=use_color(sys.stderr)), err=True, nl=False, color=True)
