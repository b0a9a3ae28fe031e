"""`meshgen show`: the fleet as a table."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli import completing
from meshgen.cli.options import fleet_argument, reporting_options
from meshgen.cli.output import document, say

if TYPE_CHECKING:
    from meshgen.calls.model import State
    from meshgen.cli.options import Reporting
    from meshgen.views.matrix import Form


@click.command()
@fleet_argument
@click.option(
    "--as",
    "shape",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="Form of the table.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST",
    shell_complete=completing.hosts,
    help="Show this host only (repeatable); `*` stands at the end.",
)
@click.option(
    "--cluster",
    "clusters",
    multiple=True,
    metavar="NAME",
    shell_complete=completing.clusters,
    help="Show this cluster only (repeatable); `*` stands at the end.",
)
@click.option(
    "--only",
    type=click.Choice(["local", "failover", "remote", "unreachable"]),
    help="Show hosts that a cluster reaches so.",
)
@reporting_options
def show(
    fleet: str,
    shape: Form,
    hosts: tuple[str, ...],
    clusters: tuple[str, ...],
    only: State | None,
    reporting: Reporting,
) -> None:
    """Show how each cluster reaches each exposed service of FLEET; `*` marks a cluster that exposes it.

    Below that: whom DNS names for each published host, and whom its entry points call.

    On a terminal that is too narrow for the table it is a list.
    """
    from meshgen.pipeline import plan_fleet
    from meshgen.views.matrix import Wanted, matrix, unknown_clusters

    compilation = plan_fleet(Path(fleet))
    if compilation.plan is None or compilation.calls is None:
        reporting.finish(compilation.diagnostics, compilation.checked.sources)
    if unknown := unknown_clusters(compilation.calls, clusters):
        reporting.finish(unknown, compilation.checked.sources)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    published = compilation.checked.published
    text = matrix(compilation.calls, shape, Wanted(hosts, clusters, only), width, published)
    (document if shape == "json" else say)(text)
    raise click.exceptions.Exit(1 if reporting.fails(compilation.diagnostics) else 0)
