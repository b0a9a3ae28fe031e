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

_CODE = re.compile(r"MG[0-9]+", re.IGNORECASE)


@click.command()
@click.argument("subject", metavar="CODE|FILE|HOST")
@click.option("--fleet", default="fleet", show_default=True, help="The fleet, for a file or a host.")
@reporting_options
def explain(subject: str, fleet: str, reporting: Reporting) -> None:
    """Explain a finding's CODE, the input behind an output FILE, or how each cluster reaches a HOST and why."""
    if _CODE.fullmatch(subject):
        click.echo(_page(subject.upper()), nl=False)
    elif subject.endswith((".yaml", ".yml")):
        _explain_file(subject, fleet, reporting)
    else:
        _explain_host(subject, fleet, reporting)


def _page(code: str) -> str:
    text = page(code)
    if text is None:
        hint = did_you_mean(near(code, codes())) or f"Codes go from `{codes()[0]}` to `{codes()[-1]}`."
        raise click.UsageError(f"no such code: `{code}`. {hint}")
    return text


def _explain_file(path: str, fleet: str, reporting: Reporting) -> None:
    from meshgen.pipeline import compile_fleet
    from meshgen.views import file

    compilation = compile_fleet(Path(fleet))
    if compilation.plan is None or compilation.calls is None:
        reporting.finish(compilation.diagnostics, compilation.checked.sources)
    manifest = file.find(compilation.manifests, path)
    if manifest is None and (cluster := file.mesh_config_of(compilation.files, path)) is not None:
        click.echo(file.mesh_config(compilation.calls, cluster), nl=False)
        return
    if manifest is None:
        raise click.UsageError(f"`{path}` is no file that fleet `{fleet}` makes; name one below the output directory.")
    click.echo(file.file(manifest, compilation.checked.sources), nl=False)


def _explain_host(name: str, fleet: str, reporting: Reporting) -> None:
    from meshgen.pipeline import plan_fleet
    from meshgen.views.host import host, hosts

    compilation = plan_fleet(Path(fleet))
    if compilation.plan is None or compilation.calls is None:
        reporting.finish(compilation.diagnostics, compilation.checked.sources)
    text = host(compilation.calls, compilation.plan, name)
    if text is None:
        hint = did_you_mean(near(name, hosts(compilation.calls))) or "`meshgen show` lists all hosts."
        raise click.UsageError(f"`{name}` is no code, output file or exposed host. {hint}")
    click.echo(text, nl=False)
