"""What Tetrate's platforms share: a gateway's deployment, annotations of the hierarchy, Workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.language.gateway import DEFAULT_REPLICAS, NETWORK_VIEW

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
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


def managed_gateways(scope: Scope) -> tuple[PlannedGateway, ...]:
    """The gateways of a cluster that meshgen emits."""
    return tuple(planned for planned in scope.cluster.gateways if planned.managed)


def workspaces(scope: Scope) -> tuple[PlannedWorkspace, ...]:
    """The workspaces, in the management cluster only.

    The same Tetrate object in two clusters would be pushed by both, against each other.
    """
    return scope.plan.workspaces if scope.cluster.cluster == scope.plan.management_cluster else ()


WORKSPACE: ObjectEmitter[PlannedWorkspace] = ObjectEmitter(
    Schema("tsb.tetrate.io/v2", "Workspace"),
    Stage.EXPOSURE,
    items=workspaces,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda scope, _planned: hierarchy(scope.plan),
    fields=lambda _scope, planned: {"spec": {"namespaceSelector": {"names": list(planned.patterns)}}},
)
