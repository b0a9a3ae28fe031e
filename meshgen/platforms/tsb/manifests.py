"""All objects of a fleet of TSB clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.entries import entries
from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.emit.tetrate import gateway_deployment, hierarchy, revision, workspace
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.plan.model import Plan, PlannedGateway, PlannedWorkspace


def manifests(plan: Plan) -> Iterator[Manifest]:
    """Gateways, entries and policies of every cluster; Workspaces and settings in the management cluster only.

    The same Tetrate object in two clusters would be pushed by both, against each other.
    """
    for cluster in plan.clusters:
        yield from (gateway(cluster.cluster, item) for item in cluster.gateways if item.managed)
        if cluster.cluster == plan.management_cluster:
            for item in plan.workspaces:
                yield workspace(plan, item)
                if item.exposure is not None and item.service_labels != ():
                    yield workspace_setting(plan, item)
        yield from entries(cluster, plan.multicluster_namespace)


def gateway(cluster: str, planned: PlannedGateway) -> Manifest:
    """install.tetrate.io/v1alpha1 Gateway of type EASTWEST.

    It needs a `service` block to listen on 15443 at all.
    """
    deployment = gateway_deployment(planned)
    service = {"type": "LoadBalancer", **deployment.get("service", {})}
    body: dict[str, Any] = {
        "apiVersion": "install.tetrate.io/v1alpha1",
        "kind": "Gateway",
        "metadata": metadata(planned.name, planned.namespace, planned.origin),
        "spec": {"type": "EASTWEST", **revision(planned), "kubeSpec": {**deployment, "service": service}},
    }
    return Manifest(cluster, body, planned.origin, Stage.GATEWAYS)


def workspace_setting(plan: Plan, planned: PlannedWorkspace) -> Manifest:
    """tsb.tetrate.io/v2 WorkspaceSetting: a list of gateways, services chosen by their labels."""
    if planned.exposure is None:
        message = f"workspace {planned.name} has no gateway"
        raise ValueError(message)
    exposure = planned.exposure
    settings: dict[str, Any] = {
        "workloadSelector": {
            "namespace": exposure.gateway_namespace,
            "labels": exposure.selector or {"app": exposure.gateway},
        }
    }
    if planned.service_labels is not None:
        settings["exposedServices"] = [{"serviceLabels": labels} for labels in planned.service_labels]
    body = {
        "apiVersion": "tsb.tetrate.io/v2",
        "kind": "WorkspaceSetting",
        "metadata": metadata(
            f"{planned.name}-setting",
            planned.namespace,
            planned.origin,
            annotations=hierarchy(plan, planned.name),
        ),
        "spec": {"defaultEastWestGatewaySettings": [settings]},
    }
    return Manifest(plan.management_cluster or "", body, planned.origin, Stage.EXPOSURE)
