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
    from meshgen.revisions import Fleets
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

    All fleets are compiled by this meshgen, so that only the change of the fleet shows. A fleet with errors is compared
    as far as it can be read, and said to have them; that alone does not change the exit code.
    """
    from meshgen.review import Side, review
    from meshgen.revisions import Fleets, default_revision
    from meshgen.views.review import render

    path = Path(fleet)
    fleets = Fleets(path)
    new, broken = _on_disk(fleets, path, reporting) if after is None else _checked(fleets, after, reporting)
    old = _of_commit(fleets, before or default_revision(os.environ), "--from", reporting)
    revisions: list[Side] = []
    if since is not None:
        chain = fleets.since(since, after or "HEAD", "--since")
        if not isinstance(chain, list):
            reporting.finish([chain], {})
        revisions = [*(Side(name, meaning) for name, meaning in chain), new]
    shown = review(old, new, revisions, broken=broken)
    (document if shape == "json" else say)(render(shown, shape, split=split))
    if broken:
        say(f"{new.name} has errors, so this is not built; `meshgen validate` shows them", err=True)
    raise click.exceptions.Exit(1 if exit_code and shown else 0)


def _of_commit(fleets: Fleets, revision: str, option: str, reporting: Reporting) -> Side:
    """The fleet of a commit; ends the command where that cannot be told."""
    from meshgen.diagnostics import Diagnostic
    from meshgen.review import Side

    meaning = fleets.at(revision, option)
    if isinstance(meaning, Diagnostic):
        reporting.finish([meaning], {})
    return Side(revision, meaning)


def _checked(fleets: Fleets, revision: str, reporting: Reporting) -> tuple[Side, bool]:
    """The fleet of a commit that is to be built, and whether it has errors."""
    from meshgen.pipeline import check_calls

    side = _of_commit(fleets, revision, "--to", reporting)
    return side, check_calls(side.meaning.calls, {}).failed


def _on_disk(fleets: Fleets, path: Path, reporting: Reporting) -> tuple[Side, bool]:
    """The fleet on disk, and whether it has errors; ends the command where it cannot be read."""
    from meshgen.pipeline import check_fleet
    from meshgen.review import Side
    from meshgen.revisions.compile import Derived, Meaning

    checked = check_fleet(path)
    if checked.calls is None or checked.planned is None:
        reporting.finish(checked.diagnostics, checked.sources)
    derived = Derived(checked.calls, checked.published, checked.planned)
    meaning = Meaning(checked.calls.relations, derived)
    fleets.now(meaning, checked.sources)
    return Side(WORKING_TREE, meaning), checked.failed
