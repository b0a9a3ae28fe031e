"""Workspaces as Tetrate's management plane knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.hosts import name_matches
from meshgen.analysis.service_labels import service_labels
from meshgen.plan.gateways import workspace_exposure, workspace_origin
from meshgen.plan.model import PlannedWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.workspace import Workspace


def planned_workspaces(relations: Relations) -> Iterator[PlannedWorkspace]:
    """Every workspace that may span a namespace, with its gateway and the labels that choose its exposed services."""
    for workspace in relations.fleet.workspaces:
        patterns = tuple(dict.fromkeys(_patterns(relations, workspace)))
        if not patterns:
            continue
        gateway = relations.gateway_of(workspace)
        yield PlannedWorkspace(
            name=workspace.name,
            namespace=gateway.namespace if gateway else multicluster_namespace(relations.fleet),
            patterns=patterns,
            exposure=workspace_exposure(relations, workspace),
            service_labels=service_labels(relations, workspace),
            origin=workspace_origin(workspace),
        )


def _patterns(relations: Relations, workspace: Workspace) -> Iterator[str]:
    """The patterns as Tetrate takes them: a cluster by its name, or all of them (reference/tetrate.md §1.3)."""
    for pattern in workspace.namespace_selector.names:
        clusters, _, namespaces = pattern.rpartition("/")
        if clusters == "*" or not clusters.endswith("*"):
            yield pattern
            continue
        for cluster in relations.fleet.clusters:
            if name_matches(clusters, cluster.name):
                yield f"{cluster.name}/{namespaces}"
