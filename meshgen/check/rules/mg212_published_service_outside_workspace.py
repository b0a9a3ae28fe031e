"""The service of a published host is one of its workspace (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.check.places import notes
from meshgen.check.workspaces import copies, hosts_of
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find published hosts whose service no cluster has in a namespace of the workspace."""
    workspaces = {workspace.name: workspace for workspace in relations.fleet.workspaces}
    for host in relations.fleet.published_hosts:
        workspace = workspaces.get(host.workspace)
        if workspace is None:
            continue
        name = parse_host(host.service, relations.fleet.spec.cluster_domain)
        if name is not None and copies(relations, workspace, name):
            continue
        similar = near_host(host.service, hosts_of(relations, workspace))
        yield Diagnostic(
            code="MG212",
            severity="error",
            message=f"workspace `{workspace.name}` has no service `{host.service}` to publish",
            span=host.span("service"),
            help=did_you_mean(similar)
            or f"Name a service of the workspace in full: `<service>.<namespace>.svc."
            f"{relations.fleet.spec.cluster_domain}`.",
            notes=notes((workspace.namespace_selector.span("names"), "the workspace spans these namespaces")),
            object=f"publishedHost/{host.name}",
        )
