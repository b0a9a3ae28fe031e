"""Why a cluster does not expose a Service that it has, as typed reasons; the views put them into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.analysis.hosts import ServiceName

if TYPE_CHECKING:
    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService

WhyUnexposed = Literal["no workspace", "no gateway", "gateway elsewhere", "not listed", "exception", "cannot"]


class Unexposed(NamedTuple):
    """The sort of reason, and the names that it needs."""

    why: WhyUnexposed
    names: tuple[str, ...] = ()


def unexposed(relations: Relations, cluster: str, service: ObservedService) -> Unexposed | None:
    """Why `cluster` does not expose a Service of its inventory, None where it does.

    The first thing that stands in the way, from the workspace to the Service (design §3).
    """
    name = ServiceName(service.namespace, service.name)
    host = name.host(relations.fleet.spec.cluster_domain)
    if relations.exposure(cluster, host) is not None:
        return None
    workspace = relations.workspace_of(cluster, name.namespace)
    if workspace is None:
        return Unexposed("no workspace", (name.namespace,))
    if workspace.exposed_services is not None:
        if all(setting.host != host for setting in workspace.exposed_services):
            return Unexposed("not listed", (workspace.name,))
    elif relations.excepted(workspace, name):
        return Unexposed("exception", (workspace.name,))
    gateway = relations.gateway_of(workspace)
    if gateway is None:
        return Unexposed("no gateway", (workspace.name,))
    if (gateway.namespace, gateway.name) not in relations.east_west_places[cluster]:
        return Unexposed("gateway elsewhere", (f"{gateway.namespace}/{gateway.name}", workspace.name))
    listed = workspace.exposed_services is not None
    reason = relations.unexposable(cluster, service) if listed else relations.left_out(cluster, gateway, service)
    return Unexposed("cannot", (reason or "is in two workspaces",))
