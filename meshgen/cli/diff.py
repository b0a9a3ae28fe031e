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
    from meshgen.review import Side
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
    "--since",
    metavar="REV",
    help="The oldest commit that a cluster may still run, for the order of syncs [default: that of --from].",
)
@click.option("--split", is_flag=True, help="Show the steps into which a change goes that is not safe in any order.")
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
    since: str | None,
    split: bool,  # noqa: FBT001 - an option
    shape: Form,
    exit_code: bool,  # noqa: FBT001 - an option
    reporting: Reporting,
) -> None:
    """Show what a change of FLEET does: who calls what where, whether the order of syncs matters, which objects differ.

    All fleets are compiled by this meshgen, so that only the change of the fleet shows.
    """
    from meshgen.review import Side, review
    from meshgen.revisions import default_revision, fleets_since
    from meshgen.views.review import render

    path = Path(fleet)
    old = _side(path, before or default_revision(os.environ), "--from", reporting)
    new = _side(path, after, "--to", reporting)
    revisions: list[Side] = []
    if since is not None:
        found = fleets_since(path, since, after or "HEAD", "--since")
        if not isinstance(found, list):
            reporting.finish([found], {})
        revisions = [*(Side(name, meaning) for name, meaning in found), new]
    shown = review(old, new, revisions)
    (document if shape == "json" else say)(render(shown, shape, split=split))
    raise click.exceptions.Exit(1 if exit_code and shown else 0)


def _side(path: Path, revision: str | None, option: str, reporting: Reporting) -> Side:
    """The fleet of a commit, or that on disk; ends the command where it cannot be read."""
    from meshgen.diagnostics import Diagnostic
    from meshgen.pipeline import check_fleet
    from meshgen.review import Side
    from meshgen.revisions import fleet_at
    from meshgen.revisions.compile import Meaning

    if revision is not None:
        meaning = fleet_at(path, revision, option)
        if isinstance(meaning, Diagnostic):
            reporting.finish([meaning], {})
        return Side(revision, meaning)
    checked = check_fleet(path)
    if checked.calls is None or checked.draft is None:
        reporting.finish(checked.diagnostics, checked.sources)
    return Side(WORKING_TREE, Meaning(checked.calls.relations, (checked.calls, checked.draft)))
