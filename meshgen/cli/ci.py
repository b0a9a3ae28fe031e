"""`meshgen ci`: what a pipeline does for a change, in one command that all forges call."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from meshgen.cli.options import fleet_argument, kubeconform_option, reporting_options
from meshgen.cli.output import say

if TYPE_CHECKING:
    from meshgen.build import Options, Report
    from meshgen.ci.forge import Change, Forge
    from meshgen.cli.options import Reporting
    from meshgen.diagnostics import Diagnostic
    from meshgen.verify.kubeconform import Mode

Ending = Literal["check", "commit"]
MESSAGE = "Build the output of the fleet"
"""What the commit of a pipeline says."""


@click.command()
@fleet_argument
@click.option("-o", "--output", default="output", show_default=True, help="Directory of the output tree.")
@click.option(
    "--mode",
    type=click.Choice(["check", "commit"]),
    default="check",
    show_default=True,
    help="Where the output is not what the fleet says: fail, or build, commit and push to the branch.",
)
@click.option("--comment/--no-comment", default=True, help="Whether the pull request is told what it changes.")
@click.option("--allow-withdrawal", is_flag=True, help="Withdraw what still has consumers, and what they have last.")
@kubeconform_option
@reporting_options
def ci(
    fleet: str,
    output: str,
    mode: Ending,
    comment: bool,  # noqa: FBT001 - an option
    allow_withdrawal: bool,  # noqa: FBT001 - an option
    kubeconform: Mode,
    reporting: Reporting,
) -> None:
    """Validate FLEET, compare the output, tell the pull request what changes, and fail or commit.

    For pipelines of GitHub and GitLab, whose variables say what they run for; elsewhere `build --check`.
    """
    from meshgen.build import Options, drift_of
    from meshgen.ci.forges import forge_of
    from meshgen.diagnostics.codes import diagnose

    forge = forge_of(os.environ)
    danger = None if forge is None else forge.danger()
    if danger is not None:
        advice = "Run it on `pull_request`, or in a pipeline of the fork: nothing of a stranger then meets a secret."
        reporting.finish([diagnose("MG734", f"nothing runs here: {danger}", help=advice)], {}, to_stdout=True)
    options = Options(check=True, allow_withdrawal=allow_withdrawal, kubeconform=kubeconform, fail_on=reporting.fail_on)
    report = _built(fleet, output, options, reporting)
    found = list(report.diagnostics)
    change = None if forge is None else forge.change()
    drift = None if reporting.fails(found) else drift_of(report)
    commit = ""
    if drift is not None and mode == "commit" and forge is not None:
        commit, problems = _commit(fleet, output, options, forge, reporting)
        found += [*problems, drift] if not commit else []
    elif drift is not None:
        found.append(drift)
    if forge is not None and change is not None:
        found += _tell(fleet, output, forge, change, failed=reporting.fails(found), comment=comment)
    if forge is not None:
        forge.tell(drift=str(drift is not None).lower(), commit=commit)
    reporting.finish(found, report.sources, to_stdout=True)


def _built(fleet: str, output: str, options: Options, reporting: Reporting) -> Report:
    """What a build finds, or writes; ends the command where the tree cannot be written."""
    from meshgen.build import build
    from meshgen.tree import TreeError, is_environment

    try:
        report = build(Path(fleet), Path(output), options)
    except TreeError as error:
        reporting.show(error.diagnostics, {}, to_stdout=True)
        raise click.exceptions.Exit(2 if error.is_environment else 1) from None
    if is_environment(report.diagnostics):
        reporting.show(report.diagnostics, report.sources, to_stdout=True)
        raise click.exceptions.Exit(2)
    return report


def _commit(
    fleet: str, output: str, options: Options, forge: Forge, reporting: Reporting
) -> tuple[str, list[Diagnostic]]:
    """Builds, commits and pushes; the id of the commit, or why there is none."""
    from dataclasses import replace

    from meshgen.diagnostics.codes import diagnose
    from meshgen.git import GitError
    from meshgen.git.writing import Writing

    change, branch = forge.change(), forge.branch()
    if change is not None and change.foreign:
        advice = "Run `meshgen build` in the fork and push, or merge into a branch of this repository first."
        return "", [diagnose("MG737", "the branch is a fork's, to which this pipeline may not push", help=advice)]
    if not branch:
        return "", [diagnose("MG736", "no branch is built here, so there is none to push to", help="Build a branch.")]
    writing = Writing(Path(fleet) if Path(fleet).is_dir() else Path(fleet).absolute().parent, forge.pushing())
    try:
        head = writing.head()
        if change is not None and change.commit != head:
            advice = "Have the workflow check out the last commit of the branch: see docs/ci.md."
            text = f"`{head[:12]}` is checked out, and not `{change.commit[:12]}`, the last commit of `{branch}`"
            return "", [diagnose("MG736", text, help=advice)]
        report = _built(fleet, output, replace(options, check=False), reporting)
        if reporting.fails(report.diagnostics):
            return "", list(report.diagnostics)
        writing = Writing(Path(output), forge.pushing())
        commit = writing.commit(MESSAGE, forge.author())
        if commit is None:
            advice = "Have Git take the output: an ignored directory cannot be committed."
            return "", [diagnose("MG736", "Git sees nothing to commit in what was built", help=advice)]
        writing.push(branch)
    except GitError as error:
        advice = "Give the pipeline the right to push to the branch; where somebody pushed meanwhile, run it again."
        return "", [diagnose("MG736", f"the output was built, but not committed to `{branch}`: {error}", help=advice)]
    say(f"committed {commit[:12]} to {branch}", err=True)
    return commit, []


def _tell(
    fleet: str,
    output: str,
    forge: Forge,
    change: Change,
    *,
    failed: bool,
    comment: bool,
) -> list[Diagnostic]:
    """Shows the review where the forge has a place for it; what keeps it from there is a warning."""
    from meshgen.ci.forge import ForgeError
    from meshgen.diagnostics.codes import diagnose

    # One comment for each fleet of a repository; a hash, since names of directories may end the mark.
    mark = f"<!-- meshgen {hashlib.sha256(os.fsencode(f'{fleet}:{output}')).hexdigest()[:16]} -->"
    text = _review(fleet)
    if failed:
        text = f"**This change does not pass**; the findings of the job say why.\n\n{text}"
    text = f"{mark}\n{text}"
    with contextlib.suppress(OSError):
        forge.summarise(text)
    if not comment or change.foreign:
        return []
    try:
        forge.comment(change, mark, text)
    except ForgeError as error:
        advice = (
            "Let the job write to pull requests (docs/ci.md), or pass `--no-comment`; the job's summary has it, too."
        )
        return [diagnose("MG735", f"no comment was written: {error}", help=advice)]
    return []


def _review(fleet: str) -> str:
    """What `meshgen diff` says of the change, as Markdown."""
    from meshgen.cli.diff import diff

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = diff.main(["--as", "markdown", "--", fleet], prog_name="meshgen diff", standalone_mode=False)
    return printed.getvalue() if not code else "What changes cannot be told: the log of the job says why.\n"
