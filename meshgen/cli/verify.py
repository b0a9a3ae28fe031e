"""`meshgen verify`: the running mesh against the plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshgen.cli import completing
from meshgen.cli.options import fleet_argument, kubeconfig_options, reporting_options, seconds_option
from meshgen.cli.output import say
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.diagnostics.render import MACHINE_FORMATS

if TYPE_CHECKING:
    from meshgen.cli.options import Reporting


@click.command()
@fleet_argument
@click.option(
    "--cluster",
    required=True,
    metavar="NAME",
    shell_complete=completing.clusters,
    help="Cluster of the fleet to compare.",
)
@kubeconfig_options
@click.option(
    "--config-dump",
    "config_dumps",
    multiple=True,
    metavar="FILE",
    help="What a proxy of the cluster knows (repeatable; `-`: standard input).",
)
@click.option(
    "--istiod-dump",
    "istiod_dumps",
    multiple=True,
    metavar="FILE",
    help="istiod's answer to /debug/configz or /debug/syncz (repeatable).",
)
@click.option("--no-api", is_flag=True, help="Ask no API server: compare with the files only.")
@click.option("--no-dial", is_flag=True, help="Connect to no gateway.")
@seconds_option(5, "How long an address of a gateway may take to answer.")
@reporting_options
def verify(
    *,
    fleet: str,
    cluster: str,
    context: str,
    kubeconfig: str,
    config_dumps: tuple[str, ...],
    istiod_dumps: tuple[str, ...],
    no_api: bool,
    no_dial: bool,
    timeout: float,
    reporting: Reporting,
) -> None:
    """Compare a running cluster with what FLEET says about it: why does it not reach?

    The objects in the cluster, whether istiod takes them, and who answers at the gateways that its calls lead to. With
    a config dump, what that proxy knows, too: hosts, endpoints, their order, shares. Nothing is changed.

    \b
      istioctl proxy-config all deploy/productpage -n bookinfo -o json |
        meshgen verify --cluster cluster-1 --config-dump -

    The rights that it needs, and what each finding means: docs/howto/why-does-it-not-reach.md.
    """  # noqa: D301 - \b is click's
    from meshgen.live import Access
    from meshgen.pipeline import plan_fleet
    from meshgen.running.command import Request, verify_cluster

    if no_api and no_dial and not (config_dumps or istiod_dumps):
        raise click.UsageError("nothing is left to compare: name a dump, or leave out `--no-api` or `--no-dial`.")
    compilation = plan_fleet(Path(fleet), frozenset({cluster}))
    checked = compilation.checked
    if checked.calls is not None and cluster not in (
        known := [each.name for each in checked.calls.relations.fleet.clusters]
    ):
        hint = did_you_mean(near(cluster, known)) or f"It has {', '.join(f'`{name}`' for name in known)}."
        raise click.UsageError(f"the fleet has no cluster `{cluster}`. {hint}")
    if compilation.plan is None or checked.calls is None:
        reporting.finish(compilation.diagnostics, checked.sources)
    access = None if no_api else Access(cluster, context, kubeconfig)
    outcome = verify_cluster(
        Request(cluster, access, not no_dial, config_dumps, istiod_dumps, timeout), compilation.plan, checked.calls
    )
    if outcome.findings or reporting.form in MACHINE_FORMATS:
        reporting.show(outcome.findings, checked.sources, to_stdout=True)
    elif not reporting.quiet:
        say(f"{cluster}: {outcome.summary}")
    raise click.exceptions.Exit(1 if reporting.fails(outcome.findings) else 0)
