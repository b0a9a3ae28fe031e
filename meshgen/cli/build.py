"""`meshgen build`: write the manifests of every cluster."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from meshgen.cli import completing
from meshgen.cli.options import fleet_argument, kubeconform_option, reporting_options
from meshgen.cli.output import say

if TYPE_CHECKING:
    from meshgen.build import Report
    from meshgen.cli.options import Reporting
    from meshgen.diagnostics import Diagnostic
    from meshgen.verify.kubeconform import Mode

_OF_OUTPUT = "MG5"
"""Codes from here on are about the output (design §6)."""
_QUIET_SECONDS = 1.0
"""A build that takes no longer shows no progress bar."""


@click.command()
@fleet_argument
@click.option("-o", "--output", default="output", show_default=True, help="Directory of the output tree.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the output differs from the fleet.")
@click.option("--overwrite-edits", is_flag=True, help="Overwrite and delete files of meshgen's that were edited.")
@click.option("--allow-withdrawal", is_flag=True, help="Withdraw what still has consumers, and what they have last.")
@click.option(
    "--against",
    multiple=True,
    metavar="REV",
    help="Commit whose fleet is what the clusters run, repeatable; by itself the last one that changed the output.",
)
@click.option(
    "--since",
    metavar="REV",
    help="The oldest commit that a cluster may still run: the fleet of each one from there on counts, too.",
)
@click.option(
    "--cluster",
    "clusters",
    multiple=True,
    metavar="NAME",
    shell_complete=completing.clusters,
    help="Write this cluster only (repeatable).",
)
@kubeconform_option
@reporting_options
def build(
    fleet: str,
    output: str,
    against: tuple[str, ...],
    since: str | None,
    clusters: tuple[str, ...],
    kubeconform: Mode,
    reporting: Reporting,
    **flags: bool,
) -> None:
    """Compile FLEET, a directory or one file, into one directory of manifests for each cluster.

    Nothing is written unless every check passes, and no file that meshgen did not write is touched.
    """
    from meshgen.build import Options, drift_of
    from meshgen.build import build as run
    from meshgen.diagnostics.render import TEXT_FORMATS, summary
    from meshgen.tree import TreeError, is_environment

    options = Options(
        check=flags["check"],
        overwrite_edits=flags["overwrite_edits"],
        allow_withdrawal=flags["allow_withdrawal"],
        against=against,
        since=since,
        clusters=clusters,
        kubeconform=kubeconform,
        fail_on=reporting.fail_on,
    )
    try:
        with _Progress(shown=not reporting.quiet) as progress:
            report = run(Path(fleet), Path(output), options, progress.step)
    except TreeError as error:
        reporting.show(error.diagnostics, {}, to_stdout=True)
        raise click.exceptions.Exit(2 if error.is_environment else 1) from None
    failed = reporting.fails(report.diagnostics)
    drift = drift_of(report) if options.check and not failed else None
    listed = drift is not None and reporting.form in TEXT_FORMATS
    found = [*report.diagnostics, drift] if drift is not None and not listed else report.diagnostics
    known = [] if failed or reporting.asked else _known(report)
    reporting.show([each for each in found if each not in known], report.sources, to_stdout=True, count=False)
    if not failed and not reporting.quiet:
        told = f"; {summary(known)}: see `meshgen validate`" if known else ""
        say(f"{_summary(report, check=options.check)}{told}", err=True)
    if listed:
        _show_drift(report)
    if is_environment(report.diagnostics):
        raise click.exceptions.Exit(2)
    raise click.exceptions.Exit(1 if failed or drift else 0)


def _known(report: Report) -> list[Diagnostic]:
    """The findings that a build which changes nothing need not say again: those about the fleet, not about the tree."""
    if report.comparison is None or not report.comparison.in_sync:
        return []
    return [found for found in report.diagnostics if found.code < _OF_OUTPUT]


def _summary(report: Report, *, check: bool) -> str:
    """One line: clusters, objects, and whether kubeconform saw them."""
    comparison = report.comparison
    if comparison is None:
        return ""
    written = _objects(comparison.added, comparison.changed)
    unchanged = sum(number for top, number in comparison.unchanged.items() if not top.startswith("_"))
    verb = "to write" if check else "written"
    gone = "to remove" if check else "removed"
    text = (
        f"{_count(report.clusters, 'cluster')}: {_count(written, 'object')} {verb}, {unchanged} unchanged, "
        f"{_objects(comparison.removed)} {gone}"
    )
    if report.conformity is None:
        return f"{text}; kubeconform did not run"
    if report.conformity.total:
        return f"{text}; kubeconform: {report.conformity.valid} valid"
    return text


def _objects(*paths: tuple[str, ...]) -> int:
    """How many files hold objects: those of `_setup` are for people."""
    return sum(not path.startswith("_") for some in paths for path in some)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _show_drift(report: Report) -> None:
    """What a build would change, one path a line, on standard output."""
    comparison = report.comparison
    if comparison is None:
        return
    for sign, paths in (("+", comparison.added), ("~", comparison.changed), ("-", comparison.removed)):
        for path in paths:
            say(f"{sign} {path}")
    for change in comparison.old_form:
        say(f"{'-' if change.removed else '~'} {change.path}")
    if comparison.pending:
        say("an earlier build did not end; the next one finishes it", err=True)
    say("output is not what the fleet says; run `meshgen build` and commit the result", err=True)


class _Progress:
    """A progress bar from one second on, on a terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._start = time.monotonic()
        self._closing = contextlib.ExitStack()
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def step(self, done: int, total: int) -> None:
        """`done` of `total` objects are in place."""
        if self._bar is None:
            if not self._shown or time.monotonic() - self._start < _QUIET_SECONDS:
                return
            stream = sys.stderr
            if not stream.isatty():
                return
            bar = click.progressbar(length=total, label="writing", file=stream)
            self._bar = self._closing.enter_context(bar)
        self._bar.update(done - self._bar.pos)
