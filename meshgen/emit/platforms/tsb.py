"""Tetrate Service Bridge: gateways in every cluster, Workspaces and their settings in the management cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.platforms.tetrate import (
    HIERARCHY,
    INSTALLED,
    WORKSPACE,
    balanced,
    gateway_deployment,
    hierarchy,
    managed_gateways,
    proxy_config,
    revision,
    workspaces,
)
from meshgen.emit.platforms.tetrate_servers import GROUP, REACHABILITY, SERVERS
from meshgen.emit.reasons import Input, Reason
from meshgen.language.gateway import GatewaySettings
from meshgen.language.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.plan.model import PlannedGateway, PlannedWorkspace


_TYPES = {"eastWest": "EASTWEST", "ingress": "UNIFIED", "edge": "INGRESS"}
"""Edges reach an ingress gateway on 15443, which one of type UNIFIED has beside 80 and 443."""


def _gateway(_scope: Scope, planned: PlannedGateway) -> dict[str, Any]:
    """It needs a `service` block to listen on 15443 at all."""
    spec = {"type": _TYPES[planned.role], **revision(planned), **proxy_config(planned)}
    return {"spec": {**spec, "kubeSpec": balanced(gateway_deployment(planned))}}


GATEWAY: ObjectEmitter[PlannedGateway] = ObjectEmitter(
    Schema("install.tetrate.io/v1alpha1", "Gateway"),
    Stage.GATEWAYS,
    items=lambda scope: managed_gateways(scope, "eastWest", "ingress", "edge"),
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_gateway,
    own_reasons={
        **INSTALLED,
        "spec type": Reason("whose traffic it takes (ADR 40)", (Input(GatewaySettings, "role"),)),
        "spec kubeSpec service type": Reason("without a `service` block it does not listen on 15443"),
    },
)


def _exposing(scope: Scope) -> Iterator[PlannedWorkspace]:
    return (item for item in workspaces(scope) if item.exposure is not None and item.service_labels != ())


def _workspace_setting(_scope: Scope, planned: PlannedWorkspace) -> dict[str, Any]:
    """A list of gateways, services chosen by their labels."""
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
    return {"spec": {"defaultEastWestGatewaySettings": [settings]}}


WORKSPACE_SETTING: ObjectEmitter[PlannedWorkspace] = ObjectEmitter(
    Schema("tsb.tetrate.io/v2", "WorkspaceSetting"),
    Stage.EXPOSURE,
    items=_exposing,
    name=lambda planned: f"{planned.name}-setting",
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda scope, planned: hierarchy(scope.plan, planned.name),
    fields=_workspace_setting,
    own_reasons={
        **HIERARCHY,
        "metadata annotations tsb.tetrate.io/workspace": Reason("the workspace", (Input(Workspace, "name"),)),
        "metadata name": Reason("`<workspace>-setting`", (Input(Workspace, "name"),)),
        "metadata namespace": Reason("of the gateway", (Input(GatewaySettings, "namespace"),)),
        "spec defaultEastWestGatewaySettings [] workloadSelector": Reason(
            "the gateway's pods", (Input(GatewaySettings, "selector"), Input(GatewaySettings, "name"))
        ),
        "spec defaultEastWestGatewaySettings [] workloadSelector namespace": Reason(
            "of the gateway", (Input(GatewaySettings, "namespace"),)
        ),
        "spec defaultEastWestGatewaySettings [] exposedServices": Reason(
            "labels that choose the exposed Services and no others (MG386)",
            (Input(Workspace, "exposed_services"), Input(Workspace, "unexposed_services")),
        ),
    },
)

EMITTERS: tuple[Emitter, ...] = (GATEWAY, WORKSPACE, WORKSPACE_SETTING, GROUP, SERVERS, REACHABILITY)
