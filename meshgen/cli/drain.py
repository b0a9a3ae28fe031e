"""`meshgen drain` and `meshgen undrain`: take the load off a cluster, or off one item there, and give it back."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

import click

from meshgen.cli import completing
from meshgen.cli.options import reporting_options
from meshgen.cli.output import document, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.cli.options import Reporting
    from meshgen.drains.items import Sort
    from meshgen.views.drain import Form

_SORTS: tuple[Sort, ...] = ("workspace", "host", "gateway", "service")


def _arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    @click.argument("cluster", metavar="CLUSTER", shell_complete=completing.clusters)
    @click.option("--workspace", metavar="NAME", shell_complete=completing.workspaces, help="Only what this one has.")
    @click.option("--host", metavar="HOST", shell_complete=completing.published_hosts, help="Only this published host.")
    @click.option(
        "--gateway", metavar="NS/NAME", shell_complete=completing.gateways, help="Only what comes through this gateway."
    )
    @click.option("--service", metavar="HOST", shell_complete=completing.exposed, help="Only this exposed service.")
    @click.option("--fleet", default="fleet", show_default=True, metavar="DIR", help="Directory of the fleet.")
    @click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
    @click.option(
        "--as",
        "shape",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of what is said.",
    )
    @reporting_options
    @functools.wraps(command)
    def with_arguments(*args: Any, **kwargs: Any) -> Any:
        given = [(sort, kwargs.pop(sort)) for sort in _SORTS]
        chosen = [(sort, name) for sort, name in given if name is not None]
        if len(chosen) > 1:
            raise click.UsageError(f"`--{chosen[0][0]}` and `--{chosen[1][0]}` are two items: drain one at a time.")
        sort, name = chosen[0] if chosen else ("cluster", "")
        return command(*args, sort=sort, name=name, **kwargs)

    return with_arguments


@click.command()
@_arguments
@click.option("--allow-withdrawal", is_flag=True, help="Drain what consumers have last, too.")
def drain(
    cluster: str,
    sort: Sort,
    name: str,
    fleet: str,
    dry_run: bool,  # noqa: FBT001 - an option
    shape: Form,
    allow_withdrawal: bool,  # noqa: FBT001 - an option
    reporting: Reporting,
) -> None:
    """Take the load off CLUSTER, as before an upgrade: nobody new is sent there, what is under way goes on.

    One field of one file of the fleet changes: `state` of the cluster, or `draining` of the one item that an option
    names. Then the command says what the next builds change, in which order, and who carries the load.
    """
    _run(cluster, "draining", sort, name, fleet, shape, reporting, allow=allow_withdrawal, dry=dry_run)


@click.command()
@_arguments
def undrain(
    cluster: str,
    sort: Sort,
    name: str,
    fleet: str,
    dry_run: bool,  # noqa: FBT001 - an option
    shape: Form,
    reporting: Reporting,
) -> None:
    """Give CLUSTER its load back: the reverse of `meshgen drain` with the same options."""
    _run(cluster, "active", sort, name, fleet, shape, reporting, allow=False, dry=dry_run)


def _run(
    cluster: str,
    state: Literal["draining", "active"],
    sort: Sort,
    name: str,
    fleet: str,
    shape: Form,
    reporting: Reporting,
    *,
    allow: bool,
    dry: bool,
) -> None:
    from pathlib import Path

    from meshgen.drains.command import Wanted, run
    from meshgen.drains.outcome import outcome
    from meshgen.views.drain import render

    result = run(Wanted(cluster, state, Path(fleet), sort, name, allow, dry))
    if result.failed:
        reporting.finish(result.findings, result.sources)
    if result.findings:
        reporting.show(result.findings, result.sources)
    if not reporting.quiet or shape == "json":
        between = None if result.old is None or result.new is None else outcome(result.old, result.new)
        (document if shape == "json" else say)(render(result, between, shape))
    raise click.exceptions.Exit(1 if reporting.fails(result.findings) else 0)
