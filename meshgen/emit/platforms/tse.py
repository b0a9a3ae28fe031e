"""Tetrate Service Express: gateways and settings in every cluster, Workspaces in the management cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.platforms.tetrate import (
    INSTALLED,
    WORKSPACE,
    balanced,
    gateway_deployment,
    managed_gateways,
    proxy_config,
    revision,
)
from meshgen.emit.platforms.tetrate_servers import GROUP, REACHABILITY, SERVERS
from meshgen.emit.reasons import Input, Reason
from meshgen.language.gateway import GatewaySettings
from meshgen.language.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.plan.model import PlannedGateway, WorkspaceExposure


def _ingress_gateway(_scope: Scope, planned: PlannedGateway) -> dict[str, Any]:
    """One for east-west traffic has port 15443 and nothing else."""
    deployment = gateway_deployment(planned)
    if planned.role == "eastWest":
        return {"spec": {"eastWestOnly": True, **revision(planned), **({"kubeSpec": deployment} if deployment else {})}}
    return {"spec": {**revision(planned), **proxy_config(planned), "kubeSpec": balanced(deployment)}}


_BALANCED = Reason("users, or edge gateways, come from outside of its cluster")
INGRESS_GATEWAY: ObjectEmitter[PlannedGateway] = ObjectEmitter(
    Schema("install.tetrate.io/v1alpha1", "IngressGateway"),
    Stage.GATEWAYS,
    items=lambda scope: managed_gateways(scope, "eastWest", "ingress"),
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_ingress_gateway,
    own_reasons={
        **INSTALLED,
        "spec eastWestOnly": Reason("port 15443 and nothing else", (Input(GatewaySettings, "role"),)),
        "spec kubeSpec service type": _BALANCED,
    },
)
EDGE_GATEWAY: ObjectEmitter[PlannedGateway] = ObjectEmitter(
    Schema("install.tetrate.io/v1alpha1", "Tier1Gateway"),
    Stage.GATEWAYS,
    items=lambda scope: managed_gateways(scope, "edge"),
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_ingress_gateway,
    own_reasons={
        **{path: reason for path, reason in INSTALLED.items() if path != "spec kubeSpec deployment env"},
        "spec kubeSpec service type": _BALANCED,
    },
)


def _exposures(scope: Scope) -> Iterator[WorkspaceExposure]:
    """An empty list would read like no list, so a workspace that exposes nothing gets no setting at all."""
    return (exposure for exposure in scope.cluster.workspace_exposures if exposure.hosts != ())


def _workspace_setting(_scope: Scope, exposure: WorkspaceExposure) -> dict[str, Any]:
    """Without a list everything is exposed."""
    settings: dict[str, Any] = {"workloadSelector": exposure.selector or {"app": exposure.gateway}}
    if exposure.hosts is not None:
        settings["exposedServices"] = list(exposure.hosts)
    return {"spec": {"workspace": exposure.workspace, "defaultEastWestGatewaySettings": settings}}


WORKSPACE_SETTING: ObjectEmitter[WorkspaceExposure] = ObjectEmitter(
    Schema("settings.tetrate.io/v1alpha1", "WorkspaceSetting"),
    Stage.EXPOSURE,
    items=_exposures,
    name=lambda exposure: f"{exposure.workspace}-setting",
    namespace=lambda _scope, exposure: exposure.gateway_namespace,
    fields=_workspace_setting,
    own_reasons={
        "metadata name": Reason("`<workspace>-setting`", (Input(Workspace, "name"),)),
        "metadata namespace": Reason("of the gateway", (Input(GatewaySettings, "namespace"),)),
        "spec workspace": Reason("the workspace", (Input(Workspace, "name"),)),
        "spec defaultEastWestGatewaySettings workloadSelector": Reason(
            "the gateway's pods", (Input(GatewaySettings, "selector"), Input(GatewaySettings, "name"))
        ),
        "spec defaultEastWestGatewaySettings exposedServices": Reason(
            "what the workspace lists, in every cluster",
            (Input(Workspace, "exposed_services"), Input(Workspace, "unexposed_services")),
        ),
    },
)

EMITTERS: tuple[Emitter, ...] = (
    INGRESS_GATEWAY,
    EDGE_GATEWAY,
    WORKSPACE_SETTING,
    WORKSPACE,
    GROUP,
    SERVERS,
    REACHABILITY,
)
