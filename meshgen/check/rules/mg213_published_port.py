"""The port of a published host is one of its service (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.check.places import listed, notes
from meshgen.check.workspaces import copies
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find published ports that a copy of the service lacks, and absent ones where there are several to choose from."""
    workspaces = {workspace.name: workspace for workspace in relations.fleet.workspaces}
    for host in relations.fleet.published_hosts:
        workspace = workspaces.get(host.workspace)
        name = parse_host(host.service, relations.fleet.spec.cluster_domain)
        if workspace is None or name is None:
            continue
        for cluster, service in copies(relations, workspace, name):
            numbers = [port.port for port in service.ports if port.protocol == "TCP"]
            if host.port in numbers or (host.port is None and len(numbers) == 1):
                continue
            what = f"has no port {host.port}" if host.port else f"has {len(numbers)} TCP ports, and `port` names none"
            yield Diagnostic(
                code="MG213",
                severity="error",
                message=f"service `{host.service}` of published host `{host.name}` {what} in cluster `{cluster}`",
                span=host.span("port") if host.port else host.span("service"),
                help=f"Set `port` to one of {listed(map(str, numbers))}." if numbers else "Publish another service.",
                notes=notes((service.span("ports"), f"its ports in `{cluster}`")),
                object=f"publishedHost/{host.name}",
            )
            break
