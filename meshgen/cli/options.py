"""Options that several commands share, each a decorator."""

from __future__ import annotations

import functools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NoReturn

import click

from meshgen.diagnostics.render import FORMATS, TEXT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from meshgen.diagnostics import Diagnostic
    from meshgen.verify.kubeconform import Mode


@dataclass(frozen=True, slots=True)
class Reporting:
    """How the findings of a command are shown, and from which severity on they fail it."""

    form: str = "full"
    fail_on: Literal["error", "warning"] = "error"
    quiet: bool = False
    asked: bool = False
    """Whether the form was asked for, rather than chosen for the place where the command runs."""

    def show(
        self,
        diagnostics: Iterable[Diagnostic],
        sources: Mapping[str, str],
        *,
        to_stdout: bool = False,
        count: bool = True,
    ) -> None:
        """Prints the findings: to standard output where they are what the command is for.

        For people a line of counts follows; without `count` only where there is something to count.
        """
        from meshgen.diagnostics.render import render, summary
        from meshgen.owners import with_owners

        found = with_owners(diagnostics)
        if self.quiet:
            found = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
        stream = sys.stdout if to_stdout else sys.stderr
        color = use_color(stream)
        shown = render(found, sources, self.form, color=color)
        if self.form in TEXT_FORMATS and not self.quiet and (found or count):
            shown += f"\n{summary(found)}\n" if found and self.form == "full" else f"{summary(found)}\n"
        click.echo(shown, file=stream, nl=False, color=color)

    def fails(self, diagnostics: Iterable[Diagnostic]) -> bool:
        """Whether the findings make the command end with exit code 1."""
        failing = {"error"} if self.fail_on == "error" else {"error", "warning"}
        return any(diagnostic.severity in failing for diagnostic in diagnostics)

    def finish(
        self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, to_stdout: bool = False
    ) -> NoReturn:
        """Shows the findings and ends the command: exit code 1 where they fail it, else 0."""
        found = list(diagnostics)
        self.show(found, sources, to_stdout=to_stdout)
        raise click.exceptions.Exit(1 if self.fails(found) else 0)


def reporting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--format`, `--fail-on` and `-q`, and hands them to the command as `reporting`."""

    @click.option(
        "--format",
        "form",
        type=click.Choice(list(FORMATS)),
        help="Format of findings [default: github in GitHub Actions, else full].",
    )
    @click.option(
        "--fail-on",
        type=click.Choice(["error", "warning"]),
        default="error",
        show_default=True,
        help="Severity from which on the exit code is 1.",
    )
    @click.option("-q", "--quiet", is_flag=True, help="Show errors only, without the counts.")
    @functools.wraps(command)
    def with_reporting(
        *args: Any, form: str | None, fail_on: Literal["error", "warning"], quiet: bool, **kwargs: Any
    ) -> Any:
        asked = form is not None or os.environ.get("GITHUB_ACTIONS") == "true"
        form = form or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "full")
        return command(*args, reporting=Reporting(form, fail_on, quiet, asked), **kwargs)

    return with_reporting


def kubeconfig_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--context` and `--kubeconfig`: who reads which cluster (`meshgen.live.Access`)."""
    for option in (
        click.option(
            "--kubeconfig",
            default="",
            metavar="FILE",
            help="The kubeconfig.  [default: KUBECONFIG, else ~/.kube/config; in a pod its service account]",
        ),
        click.option(
            "--context", default="", metavar="NAME", help="Its context.  [default: the one of the cluster's name]"
        ),
    ):
        command = option(command)
    return command


def seconds_option(default: float, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds `--timeout`, in seconds; `text` is its help."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=default,
        show_default=True,
        metavar="SECONDS",
        help=text,
    )


def access_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--context`, `--kubeconfig` and `--timeout`: how a cluster is reached (`meshgen.live.Access`)."""
    return kubeconfig_options(seconds_option(30, "How long one request may take.")(command))


def fleet_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the argument FLEET: the directory or file of the fleet, `fleet` without it, as the text given."""
    return click.argument("fleet", default="fleet", type=click.Path())(command)


_MODES: tuple[Literal["auto", "require", "off"], ...] = ("auto", "require", "off")


def _mode(context: click.Context, parameter: click.Parameter, value: str) -> Mode:
    """One of the words, or the path of a program, which has a separator in it."""
    for mode in _MODES:
        if value == mode:
            return mode
    if not os.path.dirname(value):  # noqa: PTH120 - `./kubeconform` is a path, `kubeconform` is none
        words = ", ".join(_MODES)
        raise click.BadParameter(f"'{value}' is not one of {words}, and no path (`./{value}`).", context, parameter)
    return Path(value)


def kubeconform_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--kubeconform`, one of the words or the path of a program."""
    return click.option(
        "--kubeconform",
        callback=_mode,
        metavar="[auto|require|off|PATH]",
        default="auto",
        show_default=True,
        help="Have kubeconform check the objects: if it is on PATH, always, never, or always by the program at PATH.",
    )(command)


def use_color(stream: IO[str]) -> bool:
    """Colours: on a terminal, unless NO_COLOR is set (https://no-color.org); FORCE_COLOR asks for them anyway."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
