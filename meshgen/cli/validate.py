"""`meshgen validate`: check a fleet without building it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli.options import fleet_argument, reporting_options

if TYPE_CHECKING:
    from meshgen.cli.options import Reporting


@click.command()
@fleet_argument
@reporting_options
def validate(fleet: str, reporting: Reporting) -> None:
    """Check FLEET, a directory or one file, and show every problem at once."""
    from meshgen.pipeline import check_fleet

    checked = check_fleet(Path(fleet))
    reporting.finish(checked.diagnostics, checked.sources, to_stdout=True)
