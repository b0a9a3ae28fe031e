"""Workspaces as Tetrate's management plane knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.model.facts import multicluster_namespace
from meshgen.model.service_labels import service_labels
from meshgen.plan.gateways import workspace_exposure, workspace_origin
from meshgen.plan.model import PlannedWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def planned_workspaces(relations: Relations) -> Iterator[PlannedWorkspace]:
    """Every workspace, with its gateway and the labels that choose its exposed services."""
    for workspace in relations.fleet.workspaces:
        gateway = relations.gateway_of(workspace)
        yield PlannedWorkspace(
            name=workspace.name,
            namespace=gateway.namespace if gateway else multicluster_namespace(relations.fleet),
            patterns=tuple(dict.fromkeys(workspace.namespace_selector.names)),
            exposure=workspace_exposure(relations, workspace),
            service_labels=service_labels(relations, workspace),
            origin=workspace_origin(workspace),
        )
