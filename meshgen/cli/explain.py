"""`meshgen explain`: what a code means, what made a file, who reaches a host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli.options import reporting_options
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.pages import codes, page

if TYPE_CHECKING:
    from meshgen.cli.options import Reporting

_FILE = re.compile(r"(?P<path>.*\.ya?ml)(?::(?P<line>[0-9]{1,9}))?")
_CODE = re.compile(r"MG[0-9]+", re.IGNORECASE)


@click.command()
@click.argument("subject", metavar="CODE|FILE[:LINE]|HOST")
@click.option("--fleet", default="fleet", show_default=True, help="The fleet, for a file or a host.")
@reporting_options
def explain(subject: str, fleet: str, reporting: Reporting) -> None:
    """Explain a finding's CODE, why an output FILE says what it says, or how each cluster reaches a HOST and why."""
    if _CODE.fullmatch(subject):
        click.echo(_page(subject.upper()), nl=False)
    elif match := _FILE.fullmatch(subject):
        _explain_file(match["path"], int(match["line"]) if match["line"] else None, fleet, reporting)
    else:
        _explain_host(subject, fleet, reporting)


def _page(code: str) -> str:
    text = page(code)
    if text is None:
        hint = did_you_mean(near(code, codes())) or f"Codes go from `{codes()[0]}` to `{codes()[-1]}`."
        raise click.UsageError(f"no such code: `{code}`. {hint}")
    return text


def _explain_file(path: str, line: int | None, fleet: str, reporting: Reporting) -> None:
    from meshgen.pipeline import plan_fleet
    from meshgen.views import file

    compilation = plan_fleet(Path(fleet))
    if compilation.plan is None or compilation.calls is None:
        reporting.finish(compilation.diagnostics, compilation.checked.sources)
    found = file.find(compilation.plan, path)
    if found is None:
        raise click.UsageError(f"`{path}` is no file that fleet `{fleet}` makes; name one below the output directory.")
    try:
        text = file.file(found, compilation.calls, compilation.checked.sources, line)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    click.echo(text, nl=False)


def _explain_host(name: str, fleet: str, reporting: Reporting) -> None:
    from meshgen.pipeline import plan_fleet
    from meshgen.views.host import host, hosts

    compilation = plan_fleet(Path(fleet))
    if compilation.plan is None or compilation.calls is None:
        reporting.finish(compilation.diagnostics, compilation.checked.sources)
    text = host(compilation.calls, compilation.plan, name)
    if text is None:
        known = hosts(compilation.calls)
        shortened = [full for full in known if full.startswith(f"{name}.")]
        hint = did_you_mean(shortened[:3] or near(name, known)) or "`meshgen show` lists all hosts."
        raise click.UsageError(f"`{name}` is no code, output file or exposed host. {hint}")
    click.echo(text, nl=False)
