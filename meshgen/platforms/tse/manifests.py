"""All objects of a fleet of TSE clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.entries import entries
from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.emit.tetrate import gateway_deployment, revision, workspace
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.plan.model import Plan, PlannedGateway, WorkspaceExposure


def manifests(plan: Plan) -> Iterator[Manifest]:
    """Gateways, settings, entries and policies of every cluster, and Workspaces in the management cluster."""
    for cluster in plan.clusters:
        yield from (ingress_gateway(cluster.cluster, item) for item in cluster.gateways if item.managed)
        for exposure in cluster.exposures:
            if exposure.hosts != ():
                yield workspace_setting(cluster.cluster, exposure)
        if cluster.cluster == plan.management_cluster:
            yield from (workspace(plan, item) for item in plan.workspaces)
        yield from entries(cluster, plan.multicluster_namespace)


def ingress_gateway(cluster: str, planned: PlannedGateway) -> Manifest:
    """install.tetrate.io/v1alpha1 IngressGateway for east-west traffic only: port 15443 and nothing else."""
    deployment = gateway_deployment(planned)
    body: dict[str, Any] = {
        "apiVersion": "install.tetrate.io/v1alpha1",
        "kind": "IngressGateway",
        "metadata": metadata(planned.name, planned.namespace, planned.origin),
        "spec": {"eastWestOnly": True, **revision(planned), **({"kubeSpec": deployment} if deployment else {})},
    }
    return Manifest(cluster, body, planned.origin, Stage.GATEWAYS)


def workspace_setting(cluster: str, exposure: WorkspaceExposure) -> Manifest:
    """settings.tetrate.io/v1alpha1 WorkspaceSetting; without a list everything is exposed.

    An empty list would read like no list, so a workspace that exposes nothing gets no setting at all.
    """
    settings: dict[str, Any] = {"workloadSelector": exposure.selector or {"app": exposure.gateway}}
    if exposure.hosts is not None:
        settings["exposedServices"] = list(exposure.hosts)
    body = {
        "apiVersion": "settings.tetrate.io/v1alpha1",
        "kind": "WorkspaceSetting",
        "metadata": metadata(f"{exposure.workspace}-setting", exposure.gateway_namespace, exposure.origin),
        "spec": {"workspace": exposure.workspace, "defaultEastWestGatewaySettings": settings},
    }
    return Manifest(cluster, body, exposure.origin, Stage.EXPOSURE)
