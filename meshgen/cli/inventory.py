"""`meshgen inventory`: the observed facts of the clusters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import click

from meshgen.cli import completing
from meshgen.cli.options import access_options, reporting_options
from meshgen.cli.output import document, say
from meshgen.diagnostics.render import MACHINE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.cli.options import Reporting
    from meshgen.inventory.command import Result


def _name(pattern: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """Checks that an option is a name: both become parts of paths and of the inventory."""

    def check(context: click.Context, parameter: click.Parameter, value: str) -> str:
        from meshgen.language.base import LONGEST_CLUSTER_NAME, RESERVED

        reserved = parameter.name == "cluster" and RESERVED.fullmatch(value)
        if len(value) > LONGEST_CLUSTER_NAME or not re.fullmatch(pattern, value) or reserved:
            raise click.BadParameter(f"`{value}` cannot be such a name.", context, parameter)
        return value

    return check


def _cluster_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--cluster",
        shell_complete=completing.clusters,
        required=True,
        metavar="NAME",
        callback=_name(r"[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?"),
        help=text,
    )


def _output_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    text = f"File to write; `-` prints the result and writes nothing.  [default: {default}]"
    return click.option("-o", "--output", metavar="FILE", help=text)


_fleet_option = click.option(
    "--fleet", default="fleet", show_default=True, metavar="DIR", help="Directory of the fleet."
)
_removal_option = click.option(
    "--allow-removal", is_flag=True, help="Take away services, addresses and namespaces that the fleet uses."
)


@click.group("inventory", short_help="Record what each cluster has.")
def inventory() -> None:
    """Record what each cluster has: Services, service accounts, gateway addresses."""


@inventory.command("import", short_help="Turn Kubernetes manifests into a cluster's inventory.")
@_cluster_option("Cluster that the manifests are of.")
@click.option(
    "-n",
    "--namespace",
    default="default",
    show_default=True,
    metavar="NS",
    callback=_name(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"),
    help="Namespace of manifests that name none, as for kubectl.",
)
@_fleet_option
@_output_option("DIR/inventory/NAME.yaml")
@click.option("--replace", is_flag=True, help="Forget everything that the input does not show.")
@_removal_option
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@reporting_options
def import_(
    *,
    cluster: str,
    namespace: str,
    fleet: str,
    output: str | None,
    replace: bool,
    allow_removal: bool,
    paths: tuple[str, ...],
    reporting: Reporting,
) -> None:
    """Turn Kubernetes manifests into the inventory of a cluster.

    PATH is a file, a directory (read with all below it) or `-` for standard input; YAML or JSON, lists too. From a
    running cluster:

    \b
      kinds=namespaces,services,deployments,statefulsets,daemonsets,pods
      rules=$(printf ,%s.networking.istio.io destinationrules \\
        virtualservices serviceentries sidecars gateways)
      rules=$rules,peerauthentications.security.istio.io
      # with the CRDs of Gateway API: rules=$rules,httproutes,grpcroutes
      kubectl get $kinds$rules -A -o yaml |
        meshgen inventory import --cluster cluster-1 -

    Short names would do until another kind has the same: with the CRD of VolumeSnapshots `vs` means those.

    What the mesh leaves out or exports by default is in the ConfigMap `istio`, with a revision `istio-REVISION`,
    beside istiod (`kubectl get configmap istio -n istio-system -o yaml > mesh.yaml`, then `mesh.yaml` beside `-`).

    The input counts as the whole of each namespace that it has a Service, workload or rule of: what the inventory knew
    of that namespace is replaced, other namespaces stay (--replace: go as well). One object alone (`kubectl get service
    NAME`) and Services of gateways do not count so; without any Service only what is shown is replaced. What the fleet
    uses is taken away with --allow-removal only. These stay in any case: comments on items that stay, `state: leaving`
    of a Service, and the addresses of a gateway whose manifest has no status, each address at its place in the list. Of
    a Service whose workloads are not in the input the known service accounts stay.

    Objects that meshgen or Tetrate's control plane wrote are skipped, except for the addresses of gateways. Nothing
    is written if anything in the input is wrong, or if nothing changed. Kustomizations and charts are rendered first
    (`kubectl kustomize`, `helm template`).
    """  # noqa: D301 - \b is click's
    from pathlib import Path

    from meshgen.inventory.command import Request, run

    target = Path(output) if output not in {None, "-"} else Path(fleet, "inventory", f"{cluster}.yaml")
    result = run(Request(cluster, namespace, Path(fleet), target, replace, output == "-", paths, allow_removal))
    _finish(result, reporting, printed=output == "-")


@inventory.command("pull", short_help="Read a running cluster into its inventory.")
@_cluster_option("Cluster to read, by its name in the fleet.")
@access_options
@_fleet_option
@_output_option("the file of the inventory")
@_removal_option
@reporting_options
def pull_(
    *,
    cluster: str,
    context: str,
    kubeconfig: str,
    timeout: float,
    fleet: str,
    output: str | None,
    allow_removal: bool,
    reporting: Reporting,
) -> None:
    """Read a running cluster into its inventory, through your kubeconfig.

    The same as `import` of everything that an inventory needs, and the whole of it: what the cluster does not have any
    more goes, what the fleet uses with --allow-removal only. Announced states, comments and the places of addresses
    stay. Only GET requests are sent, a page at a time; docs/howto/inventory.md has the rights that they need. Nothing
    is written if a kind may not be read, or if nothing changed.

    The context is the one that has the cluster's name, never the current one.
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from meshgen.inventory.fleet import FleetFiles
    from meshgen.inventory.pull import Pull, pull
    from meshgen.live import Access

    named = Path(output) if output not in {None, "-"} else None
    target = named or FleetFiles(Path(fleet)).path(cluster)
    access = Access(cluster, context, kubeconfig, timeout)
    result = pull(Pull(access, Path(fleet), target, output == "-", allow_removal), datetime.now(UTC))
    _finish(result, reporting, printed=output == "-")


@inventory.command("check", short_help="Say what changed in clusters since their inventories.")
@click.option(
    "--cluster",
    "clusters",
    shell_complete=completing.clusters,
    multiple=True,
    metavar="NAME",
    help="Cluster to compare; several times for several.  [default: all of the fleet]",
)
@access_options
@_fleet_option
@reporting_options
def check_(
    *,
    clusters: tuple[str, ...],
    context: str,
    kubeconfig: str,
    timeout: float,
    fleet: str,
    reporting: Reporting,
) -> None:
    """Say what changed in clusters since their inventories were written; exit code 1 if anything did.

    Reads each cluster as `pull` does and writes nothing. Every difference is a finding: what is new (MG750), gone
    (MG751) or different (MG752). A cluster that cannot be read is one, too.
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from meshgen.inventory.fleet import FleetFiles
    from meshgen.inventory.pull import check
    from meshgen.live import Access

    names = list(dict.fromkeys(clusters)) or FleetFiles(Path(fleet)).clusters
    if context and len(names) != 1:
        raise click.UsageError("`--context` is for one cluster: name it with `--cluster`.")
    if not names:
        raise click.UsageError(f"The fleet `{fleet}` has no cluster to compare.")
    accesses = [Access(name, context, kubeconfig, timeout) for name in names]
    result = check(accesses, Path(fleet), datetime.now(UTC))
    reporting.finish(result.findings, result.sources, to_stdout=True)


@inventory.command("announce", short_help="Say that a copy of a Service arrives, or leaves.")
@_cluster_option("Cluster in which the Service is about to be created or deleted.")
@click.option(
    "--state",
    type=click.Choice(["arriving", "leaving"]),
    default="arriving",
    show_default=True,
    help="What is about to happen.",
)
@click.option(
    "--from",
    "source",
    shell_complete=completing.clusters,
    default="",
    metavar="NAME",
    help="Cluster whose copy is the model of one that arrives.",
)
@_fleet_option
@click.argument("host", metavar="HOST", shell_complete=completing.hosts)
@reporting_options
def announce_(
    *, cluster: str, state: Literal["arriving", "leaving"], source: str, fleet: str, host: str, reporting: Reporting
) -> None:
    """Say that a copy of a Service arrives in a cluster, or leaves it, so that no request is lost.

    HOST is NAME.NAMESPACE or the whole name. The inventory of the cluster gets the Service with `state: arriving`, as
    the inventory of another cluster has it, or the state `leaving`; nothing else in the file changes. Build and sync
    that; then create or delete the Service; then import, build and sync again: the import takes the state away.
    """
    from pathlib import Path

    from meshgen.inventory.announce import Announcement, announce

    _finish(announce(Announcement(host, cluster, state, Path(fleet), source)), reporting)


def _finish(result: Result, reporting: Reporting, *, printed: bool = False) -> None:
    if result.failed:
        reporting.finish(result.findings, result.sources)
    if printed:
        document(result.text)
    if result.findings:
        reporting.show(result.findings, result.sources)
    elif reporting.form in MACHINE_FORMATS:
        reporting.show([], {})
    if reporting.form not in MACHINE_FORMATS and not reporting.quiet:
        say(result.summary, err=True)
    if reporting.fails(result.findings):
        raise click.exceptions.Exit(1)
