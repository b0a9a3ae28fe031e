"""Which services belong to a workspace, whether it exposes them or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import name_matches, namespace_matches
from meshgen.analysis.pattern_index import any_matches
from meshgen.check.places import is_stranger

if TYPE_CHECKING:
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.language.workspace import Workspace


def valid_pattern(pattern: str) -> bool:
    """Whether a pattern of a namespace can match at all: `<cluster>/<namespace>`, `*` at the end of a part."""
    cluster, slash, namespace = pattern.partition("/")
    return bool(cluster and slash and namespace) and "/" not in namespace and "*" not in cluster[:-1] + namespace[:-1]


def pattern_matches(relations: Relations, pattern: str) -> bool:
    """Whether a pattern matches a namespace of any inventory of the fleet."""
    cluster_pattern, _, namespace_pattern = pattern.rpartition("/")
    for cluster in relations.fleet.clusters:
        if name_matches(cluster_pattern, cluster.name) and any_matches(
            namespace_pattern, relations.namespaces[cluster.name]
        ):
            return True
    return False


def unobserved(relations: Relations, workspace: Workspace) -> bool:
    """Whether the workspace may span namespaces of a cluster without an inventory, which is MG201: nothing is missing
    that it might have.
    """
    return any(
        relations.inventory(cluster.name) is None and name_matches(pattern.rpartition("/")[0], cluster.name)
        for cluster in relations.fleet.clusters
        for pattern in workspace.namespace_selector.names
    )


def may_span(relations: Relations, workspace: Workspace, namespace: str) -> bool:
    """Whether the workspace would span `namespace` in some cluster if it were there."""
    patterns = workspace.namespace_selector.names
    return any(
        namespace_matches(pattern, cluster.name, namespace)
        for cluster in relations.fleet.clusters
        for pattern in patterns
    )


def outside(relations: Relations, workspace: Workspace, namespace: str) -> bool:
    """Whether the workspace spans `namespace` in no cluster; one that the fleet lacks, which is MG204, may be meant."""
    if may_span(relations, workspace, namespace):
        return False
    patterns = [pattern.partition("/") for pattern in workspace.namespace_selector.names]
    return not any(
        is_stranger(relations, cluster) and name_matches(wanted, namespace) for cluster, _, wanted in patterns
    )


def copies(relations: Relations, workspace: Workspace, name: ServiceName) -> list[tuple[str, ObservedService]]:
    """The clusters of the workspace whose inventory has the Service, leaving ones included, and the Service there."""
    return [
        (cluster, service)
        for cluster in relations.spanned[workspace.name]
        if relations.workspace_of(cluster, name.namespace) is workspace
        and (service := relations.services[cluster].get(name)) is not None
    ]


def hosts_of(relations: Relations, workspace: Workspace) -> list[str]:
    """The full names of all Services in the workspace's namespaces, sorted."""
    domain = relations.fleet.spec.cluster_domain
    return sorted(
        {
            name.host(domain)
            for cluster, namespaces in relations.spanned[workspace.name].items()
            for name, _ in relations.services_in(cluster, namespaces)
        }
    )
