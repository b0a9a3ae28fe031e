"""`meshgen inventory`: the observed facts of the clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.diagnostics import Diagnostic


@click.group("inventory", short_help="Record what each cluster has.")
def inventory() -> None:
    """Record what each cluster has: Services, service accounts, gateway addresses."""


@inventory.command("import", short_help="Turn Kubernetes manifests into a cluster's inventory.")
@click.option("--cluster", required=True, metavar="NAME", help="Cluster that the manifests are of.")
@click.option(
    "-n",
    "--namespace",
    default="default",
    show_default=True,
    metavar="NS",
    help="Namespace of manifests that name none, as for kubectl.",
)
@click.option("--fleet", default="fleet", show_default=True, metavar="DIR", help="Directory of the fleet.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="File to write; `-` prints the result and writes nothing.  [default: DIR/inventory/NAME.yaml]",
)
@click.option("--replace", is_flag=True, help="Forget everything that the input does not show.")
@click.option(
    "--format",
    "form",
    default="full",
    show_default=True,
    type=click.Choice(["full", "concise", "json", "github", "gitlab", "sarif", "junit", "rdjson"]),
    help="How problems are shown.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def import_(
    *, cluster: str, namespace: str, fleet: str, output: str | None, replace: bool, form: str, paths: tuple[str, ...]
) -> None:
    """Turn Kubernetes manifests into the inventory of a cluster.

    PATH is a file, a directory (read with all below it) or `-` for standard input; YAML or JSON, lists too. From a
    running cluster:

    \b
      kinds=ns,svc,deploy,sts,ds,cronjobs,jobs,pods
      rules=destinationrules,virtualservices,serviceentries
      rules=$rules,sidecars,peerauthentications
      kubectl get $kinds,$rules -A -o yaml |
        meshgen inventory import --cluster cluster-1 -

    Facts about Istio come with the ConfigMap `istio` of namespace istio-system (`kubectl get cm istio -n
    istio-system -o yaml > mesh.yaml`, then `mesh.yaml` beside `-`).

    The input counts as the whole of each namespace that it has a Service, workload or rule of: what the inventory
    knew of that namespace is replaced, other namespaces stay (--replace: go as well). These stay in any case: comments
    on items that stay, `state: leaving` of a Service, and the addresses of a gateway whose manifest has no status,
    each address at its place in the list. Of a Service whose workloads are not in the input the known service
    accounts stay.

    Objects that meshgen or Tetrate's control plane wrote are skipped, except for the addresses of gateways. Nothing
    is written if anything in the input is wrong, or if nothing changed.
    """  # noqa: D301 - \b is click's
    from pathlib import Path

    from meshgen.inventory.command import Request, run

    target = Path(output) if output not in {None, "-"} else Path(fleet, "inventory", f"{cluster}.yaml")
    result = run(Request(cluster, namespace, Path(fleet), target, replace, output == "-", paths))
    _show(result.findings, result.sources, form)
    if result.exit_code == 0:
        if output == "-":
            click.echo(result.text, nl=False)
        click.echo(result.summary, err=True)
    raise SystemExit(result.exit_code)


def _show(findings: Iterable[Diagnostic], sources: Mapping[str, str], form: str) -> None:
    from meshgen.diagnostics.render import render

    click.echo(render(findings, sources, form), nl=False, err=True)
