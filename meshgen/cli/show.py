"""`meshgen show`: the fleet as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli.options import fleet_argument, reporting_options

if TYPE_CHECKING:
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
@reporting_options
def show(fleet: str, shape: Form, reporting: Reporting) -> None:
    """Show how each cluster reaches each exposed service of FLEET; `*` marks a cluster that exposes it."""
    from meshgen.pipeline import plan_fleet
    from meshgen.views.matrix import matrix

    compilation = plan_fleet(Path(fleet))
    if compilation.plan is None or compilation.calls is None:
        reporting.finish(compilation.diagnostics, compilation.checked.sources)
    click.echo(matrix(compilation.calls, shape), nl=False)
    raise click.exceptions.Exit(1 if reporting.fails(compilation.diagnostics) else 0)
