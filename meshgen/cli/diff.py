"""`meshgen diff`: what a change of the fleet does, for a reviewer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli.options import fleet_argument, reporting_options
from meshgen.cli.output import document, say

if TYPE_CHECKING:
    from meshgen.cli.options import Reporting
    from meshgen.views.review import Form

WORKING_TREE = "the working tree"


@click.command()
@fleet_argument
@click.option(
    "--from",
    "before",
    metavar="REV",
    help="Commit to compare with [default: the branch that a pull request goes to, else HEAD].",
)
@click.option("--to", "after", metavar="REV", help="Commit to compare [default: the working tree].")
@click.option(
    "--as",
    "shape",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Form: for a terminal, for a comment (at most 60,000 characters), for machines.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 where anything differs.")
@reporting_options
def diff(
    fleet: str,
    before: str | None,
    after: str | None,
    shape: Form,
    exit_code: bool,  # noqa: FBT001 - an option
    reporting: Reporting,
) -> None:
    """Show what a change of FLEET does: who calls what where, then which objects differ, then how.

    Both fleets are compiled by this meshgen, so that only the change of the fleet shows.
    """
    from meshgen.diagnostics import Diagnostic
    from meshgen.pipeline import check_fleet
    from meshgen.review import Side, review
    from meshgen.revisions import default_revision, fleet_at
    from meshgen.revisions.compile import Meaning
    from meshgen.views.review import render

    path = Path(fleet)
    found: list[Diagnostic] = []
    sides: list[Side] = []
    revision = before or default_revision(os.environ)
    for option, name in (("--from", revision), ("--to", after)):
        if name is None:
            checked = check_fleet(path)
            if checked.calls is None or checked.draft is None:
                reporting.finish(checked.diagnostics, checked.sources)
            sides.append(Side(WORKING_TREE, Meaning(checked.calls.relations, (checked.calls, checked.draft))))
            continue
        meaning = fleet_at(path, name, option)
        if isinstance(meaning, Diagnostic):
            found.append(meaning)
        else:
            sides.append(Side(name, meaning))
    if found:
        reporting.finish(found, {})
    shown = review(sides[0], sides[1])
    (document if shape == "json" else say)(render(shown, shape))
    raise click.exceptions.Exit(1 if exit_code and shown else 0)
