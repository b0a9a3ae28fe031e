"""`meshgen explain`: what a code means, what made a file, who reaches a host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli import completing
from meshgen.cli.options import reporting_options
from meshgen.cli.output import say
from meshgen.diagnostics.near import did_you_mean, near, near_host
from meshgen.pages import codes, page

if TYPE_CHECKING:
    from meshgen.cli.options import Reporting

_FILE = re.compile(r"(?P<path>.*\.(?:ya?ml|json))(?::(?P<line>[0-9]{1,9}))?")
_CODE = re.compile(r"MG[0-9]+", re.IGNORECASE)
_SHOWN = 5


@click.command()
@click.argument("subject", metavar="CODE|FILE[:LINE]|HOST", shell_complete=completing.subjects)
@click.option("--fleet", default="fleet", show_default=True, type=click.Path(), help="The fleet, for a file or a host.")
@click.option(
    "--from",
    "consumer",
    metavar="CLUSTER",
    shell_complete=completing.clusters,
    help="How this cluster reaches a host, and no other.",
)
@reporting_options
def explain(subject: str, fleet: str, consumer: str | None, reporting: Reporting) -> None:
    """Explain a finding's CODE, why an output FILE says what it says, or how each cluster reaches a HOST and why.

    A HOST is any Service of an inventory, by its full name or by the first parts of it: `reviews`, `reviews.bookinfo`;
    or a published host or the name of a health check, where CLUSTER is one in which users enter.
    """
    if _CODE.fullmatch(subject):
        say(_page(subject.upper()))
    elif match := _FILE.fullmatch(subject):
        _explain_file(match["path"], int(match["line"]) if match["line"] else None, fleet, reporting)
    else:
        _explain_host(subject, consumer, fleet, reporting)


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
    say(text)


def _explain_host(text: str, consumer: str | None, fleet: str, reporting: Reporting) -> None:
    """Of a fleet with errors it explains what would be, too, as far as the fleet can be read."""
    from meshgen.pipeline import check_fleet
    from meshgen.views.host import host, known_hosts, resolve
    from meshgen.views.probe import probe
    from meshgen.views.published_host import published_host

    checked = check_fleet(Path(fleet))
    if checked.calls is None or checked.draft is None:
        reporting.finish(checked.diagnostics, checked.sources)
    if consumer is not None and consumer not in checked.calls.consumers:
        hint = did_you_mean(near(consumer, checked.calls.consumers)) or "`meshgen show` lists all clusters."
        raise click.UsageError(f"the fleet has no cluster `{consumer}`. {hint}")
    meant = resolve(checked.calls, text)
    users = next((published for published in checked.published if published.host == text), None)
    asked = next((item for item in checked.asked if item.host == text), None)
    shown = None
    if users is not None:
        _entered(text, consumer, [gateway.cluster for gateway in users.entry_points])
        shown = published_host(users, consumer)
    elif asked is not None:
        _entered(text, consumer, [gateway.cluster for gateway, _, _ in asked.asked_at])
        shown = probe(asked, checked.calls.relations.fleet.spec.cluster_domain, consumer)
    elif len(meant) == 1:
        shown = host(checked.calls, checked.draft, meant[0], consumer)
    if shown is None:
        known = known_hosts(checked.calls)
        known |= dict.fromkeys([*(item.host for item in checked.published), *(item.host for item in checked.asked)])
        if len(meant) > 1:
            raise click.UsageError(
                f"`{text}` is several Services: {', '.join(f'`{name}`' for name in meant[:_SHOWN])}."
            )
        similar = near_host(text, known) if "." in text else near(text, {name.partition(".")[0] for name in known})
        hint = did_you_mean(similar) or "`meshgen show` lists all exposed hosts."
        raise click.UsageError(f"`{text}` is no code, output file, published host or Service of an inventory. {hint}")
    say(shown)
    if checked.failed:
        say("the fleet has errors, so this is not built; `meshgen validate` shows them", err=True)


def _entered(host: str, cluster: str | None, clusters: list[str]) -> None:
    """Raise unless users enter in this cluster; None: wherever they do."""
    if cluster is not None and cluster not in clusters:
        where = ", ".join(f"`{name}`" for name in clusters) or "no cluster"
        raise click.UsageError(f"users enter for `{host}` in {where}, not in `{cluster}`.")
