"""What Tetrate's platforms share: a gateway's deployment, annotations of the hierarchy, Workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.language.gateway import DEFAULT_REPLICAS, NETWORK_VIEW
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import Plan, PlannedGateway, PlannedWorkspace


def revision(planned: PlannedGateway) -> dict[str, Any]:
    """The `revision` of an install gateway, where the fleet knows one."""
    return {} if planned.revision is None else {"revision": planned.revision}


def gateway_deployment(planned: PlannedGateway) -> dict[str, Any]:
    """The `kubeSpec` of an install gateway: the network view, and what the fleet sets differently."""
    deployment: dict[str, Any] = {}
    if planned.replicas != DEFAULT_REPLICAS:
        deployment["replicaCount"] = planned.replicas
    if planned.network_view is not None:
        deployment["env"] = [{"name": NETWORK_VIEW, "value": planned.network_view}]
    service = {"annotations": planned.service_annotations} if planned.service_annotations else {}
    return {
        **({"deployment": deployment} if deployment else {}),
        **({"service": service} if service else {}),
    }


def hierarchy(plan: Plan, workspace_name: str | None = None) -> dict[str, str]:
    """The annotations that place an object in Tetrate's hierarchy (GitOps form)."""
    place = {"tsb.tetrate.io/organization": plan.organization, "tsb.tetrate.io/tenant": plan.tenant}
    return place if workspace_name is None else {**place, "tsb.tetrate.io/workspace": workspace_name}


def workspace(plan: Plan, planned: PlannedWorkspace) -> Manifest:
    """tsb.tetrate.io/v2 Workspace, in the management cluster."""
    body = {
        "apiVersion": "tsb.tetrate.io/v2",
        "kind": "Workspace",
        "metadata": metadata(planned.name, planned.namespace, planned.origin, annotations=hierarchy(plan)),
        "spec": {"namespaceSelector": {"names": list(planned.patterns)}},
    }
    return Manifest(plan.management_cluster or "", body, planned.origin, Stage.EXPOSURE)
