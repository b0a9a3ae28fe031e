"""Services that a workspace would expose and that cannot be exposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.language.workspace import ExposedService, Workspace


@dataclass(frozen=True, slots=True)
class Unexposable:
    """A Service that its workspace would expose from a cluster, were it not for the reason."""

    cluster: str
    workspace: Workspace
    service: ObservedService
    setting: ExposedService | None
    """The item that names it, None where the workspace exposes everything."""
    reason: str


def unexposable_services(relations: Relations) -> Iterator[Unexposable]:
    """All of them, in clusters where the workspace has a gateway."""
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        gateway = relations.gateway_of(workspace)
        if gateway is None:
            continue
        listed = {parse_host(setting.host, domain): setting for setting in workspace.exposed_services or []}
        for cluster, namespaces in relations.spanned[workspace.name].items():
            if (gateway.namespace, gateway.name) not in relations.east_west_places[cluster]:
                continue
            for name, service in relations.services_in(cluster, namespaces):
                if workspace.exposed_services is None:
                    if relations.excepted(workspace, name):
                        continue
                    reason = relations.left_out(cluster, gateway, service)
                elif name in listed:
                    reason = relations.unexposable(cluster, service)
                else:
                    continue
                if reason is not None:
                    yield Unexposable(cluster, workspace, service, listed.get(name), reason)
