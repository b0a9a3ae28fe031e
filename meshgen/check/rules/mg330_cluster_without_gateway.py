"""A cluster exposes a workspace's services where the workspace's gateway is (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host, selects
from meshgen.check.places import listed, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.workspace import Workspace


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with services to expose that the `clusters` of the workspace's gateway leave out."""
    for workspace in relations.fleet.workspaces:
        gateway = relations.gateway_of(workspace)
        if gateway is None or gateway.clusters is None or not _any_chosen(relations, workspace):
            continue
        lost = [
            cluster
            for cluster, namespaces in relations.spanned[workspace.name].items()
            if not selects(gateway.clusters, relations.cluster(cluster))
            and _has_exposable(relations, workspace, cluster, namespaces)
        ]
        if not lost:
            continue
        yield Diagnostic(
            code="MG330",
            severity="warning",
            message=f"gateway `{gateway.name}` is not in {listed(lost)}, so services of workspace `{workspace.name}` "
            "there are not exposed",
            span=gateway.span("clusters"),
            help="Widen `clusters` of the gateway, or accept this if only others shall be called.",
            notes=notes((workspace.namespace_selector.span("names"), "the workspace spans these namespaces")),
            object=f"workspace/{workspace.name}",
        )


def _any_chosen(relations: Relations, workspace: Workspace) -> bool:
    """A gateway in no cluster at all is the business of the rules on selectors."""
    gateway = relations.gateway_of(workspace)
    return gateway is not None and any(selects(gateway.clusters, cluster) for cluster in relations.fleet.clusters)


def _has_exposable(relations: Relations, workspace: Workspace, cluster: str, namespaces: list[str]) -> bool:
    domain = relations.fleet.spec.cluster_domain
    wanted = None
    if workspace.exposed_services is not None:
        wanted = {parse_host(setting.host, domain) for setting in workspace.exposed_services}
    return any(
        name.namespace in namespaces
        and (wanted is None or name in wanted)
        and service.state == "active"
        and relations.unexposable(cluster, service) is None
        for name, service in relations.services[cluster].items()
    )
