"""The gateways of the fleet, declared on their own or inside a workspace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import INT32, ClusterSelector, Item, Label, Labels, Port, ServiceLabel

NETWORK_VIEW = "ISTIO_META_REQUESTED_NETWORK_VIEW"
"""Variable of a gateway's pods: the only network whose endpoints the gateway sees."""
DEFAULT_REPLICAS = 2


class GatewaySettings(Item):
    """The settings of a gateway, which stand in one place only."""

    name: ServiceLabel = Field(title="Name", description="Name of the gateway, its Deployment and Service.")
    namespace: Label = Field(title="Namespace", description="Namespace of the gateway.")
    role: Literal["eastWest", "ingress", "edge"] = Field(
        "eastWest", title="Role", description="Whose traffic the gateway takes."
    )
    clusters: ClusterSelector | None = Field(
        None, title="Clusters", description="Where the gateway is. Absent: wherever its workspaces are."
    )
    port: Port = Field(15443, title="Port", description="Port on which other clusters reach it.")
    replicas: Annotated[int, Field(ge=1, le=INT32)] = Field(
        DEFAULT_REPLICAS, title="Replicas", description="Number of pods."
    )
    service_annotations: dict[str, str] = Field(
        {}, title="Service annotations", description="Annotations of its Service, for the load balancer."
    )
    managed: bool = Field(
        True, title="Managed", description="Whether meshgen emits its Deployment and Service, or finds them there."
    )
    selector: Labels | None = Field(
        None, title="Selector", description="Labels of its pods; needed with `managed: false`, refused otherwise."
    )


class Gateway(GatewaySettings):
    """A gateway that several workspaces share."""
