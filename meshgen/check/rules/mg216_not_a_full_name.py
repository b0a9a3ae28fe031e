"""An exposed host is the full name of a Service in every cluster (design §2, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.check.workspaces import hosts_of, may_span
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.workspace import Workspace


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed hosts that are not `<service>.<namespace>.svc.<cluster domain>`.

    A gateway has one chain for each service, by its full name (Istio: pilot/pkg/networking/core/gateway.go), so short
    names, names of pods and other domains lead nowhere.
    """
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        for setting in workspace.exposed_services or ():
            if parse_host(setting.host, domain) is None:
                yield Diagnostic(
                    code="MG216",
                    severity="error",
                    message=f"`{setting.host}` is not the full name of a service",
                    span=setting.span("host"),
                    help=_advice(relations, workspace, setting.host),
                    object=setting.host,
                )


def _advice(relations: Relations, workspace: Workspace, host: str) -> str:
    domain = relations.fleet.spec.cluster_domain
    labels = host.split(".")
    known = hosts_of(relations, workspace)
    meant = [other for other in known if host == other.split(".", 1)[0]]
    if len(labels) > 1:
        meant = [f"{labels[0]}.{labels[1]}.svc.{domain}"]
    if "svc" in labels[3:]:
        place = labels.index("svc", 3)
        meant = [f"{labels[place - 2]}.{labels[place - 1]}.svc.{domain}"]
    meant = [other for other in meant if may_span(relations, workspace, other.split(".")[1])]
    if len(meant) == 1:
        return f"Write the full name: `{meant[0]}`."
    return did_you_mean(meant[:3]) or f"Write the full name: `<service>.<namespace>.svc.{domain}`."
