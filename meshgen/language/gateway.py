"""The gateways of the fleet, declared on their own or inside a workspace."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import (
    INT32,
    Annotations,
    ClusterSelector,
    Item,
    Label,
    Labels,
    Port,
    ServiceLabel,
    Subdomain,
)

NETWORK_VIEW = "ISTIO_META_REQUESTED_NETWORK_VIEW"
"""Variable of a gateway's pods: the only network whose endpoints the gateway sees."""
DEFAULT_REPLICAS = 2

Replicas = Annotated[int, Field(ge=1, le=INT32)]
QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
Quantity = Annotated[str, Field(pattern=QUANTITY, max_length=32)]
"""A quantity of Kubernetes: `100m`, `1Gi`."""
_SUFFIX = {
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}


def amount(quantity: str) -> Decimal:
    """What a `Quantity` amounts to (apimachinery, resource.ParseQuantity)."""
    number = quantity.rstrip("mkMGTPEKi")
    return Decimal(number) * _SUFFIX.get(quantity[len(number) :], 1)


class Autoscaling(Item):
    """A HorizontalPodAutoscaler for a gateway's pods, by their CPU."""

    min_replicas: Replicas = Field(DEFAULT_REPLICAS, title="Fewest replicas", description="Fewest pods.")
    max_replicas: Replicas = Field(title="Most replicas", description="Most pods.")
    target_cpu_utilization_percentage: Annotated[int, Field(ge=1, le=1000)] = Field(
        80,
        alias="targetCPUUtilizationPercentage",
        title="Target CPU utilization",
        description="Average use of the requested CPU, in percent, beyond which pods are added.",
    )


class Resources(Item):
    """What a gateway's container asks for and may use; replaces meshgen's own as a whole."""

    requests: dict[Literal["cpu", "memory"], Quantity] = Field(
        {}, title="Requests", description="What it asks for.", examples=[{"cpu": "500m", "memory": "256Mi"}]
    )
    limits: dict[Literal["cpu", "memory"], Quantity] = Field(
        {}, title="Limits", description="What it may use.", examples=[{"memory": "1Gi"}]
    )


class Advertised(Item):
    """Where other clusters reach a gateway if that is not what its Service shows: behind NAT, by a public name."""

    addresses: list[str] = Field(
        [],
        title="Addresses",
        description="IP addresses, instead of the inventory's. The place in this list names WorkloadEntries: keep it.",
        examples=[["203.0.113.11"]],
    )
    hostname: Subdomain | None = Field(
        None, title="Hostname", description="DNS name, where there are no `addresses`.", examples=["mesh.example.com"]
    )
    port: Port | None = Field(None, title="Port", description="Port, instead of the gateway's.", examples=[443])


class GatewayOverride(Item):
    """What is different about a gateway in some clusters."""

    clusters: ClusterSelector = Field(title="Clusters", description="In which clusters.")
    port: Port | None = Field(None, title="Port", description="Instead of the gateway's `port`.")
    replicas: Replicas | None = Field(None, title="Replicas", description="Instead of the gateway's `replicas`.")
    autoscaling: Autoscaling | None = Field(
        None, title="Autoscaling", description="Instead of the gateway's `autoscaling` or `replicas`."
    )
    resources: Resources | None = Field(None, title="Resources", description="Instead of the gateway's `resources`.")
    service_annotations: Annotations = Field(
        {}, title="Service annotations", description="Besides the gateway's, and instead of those of the same name."
    )
    load_balancer_class: str | None = Field(
        None, title="Load balancer class", description="Instead of the gateway's `loadBalancerClass`."
    )
    load_balancer_source_ranges: list[str] | None = Field(
        None,
        title="Load balancer source ranges",
        description="Instead of the gateway's `loadBalancerSourceRanges`.",
    )
    advertised: Advertised | None = Field(
        None,
        title="Advertised",
        description="Where other clusters reach the gateway, if not at what its Service shows (NAT, public names). "
        "No import touches it.",
    )


class GatewaySettings(Item):
    """The settings of a gateway, which stand in one place only."""

    name: ServiceLabel = Field(title="Name", description="Name of the gateway, its Deployment and Service.")
    namespace: Label = Field(title="Namespace", description="Namespace of the gateway.")
    role: Literal["eastWest", "ingress", "edge"] = Field(
        "eastWest", title="Role", description="Whose traffic the gateway takes."
    )
    clusters: ClusterSelector | None = Field(
        None,
        title="Clusters",
        description="Where the gateway is. Absent: east-west gateways wherever their workspaces are, ingress gateways "
        "in the workload clusters that the workspaces of their published hosts span, edge gateways in the clusters of "
        "role `edge`.",
    )
    port: Port = Field(
        15443,
        title="Port",
        description="Port on which other clusters reach an east-west gateway, and edge gateways an ingress gateway, by "
        "mutual TLS. Users come on 80 and 443, which edge and ingress gateways always have; edge gateways have no "
        "other.",
    )
    replicas: Replicas = Field(DEFAULT_REPLICAS, title="Replicas", description="Number of pods.")
    autoscaling: Autoscaling | None = Field(
        None, title="Autoscaling", description="An autoscaler that sets the number of pods, instead of `replicas`."
    )
    resources: Resources | None = Field(
        None,
        title="Resources",
        description="Resources of its container. Absent: as Istio's chart for gateways has them.",
    )
    service_annotations: Annotations = Field(
        {}, title="Service annotations", description="Annotations of its Service, for the load balancer."
    )
    load_balancer_class: str | None = Field(
        None,
        title="Load balancer class",
        description="Who makes its load balancer. Absent: the cluster's own. It cannot change later.",
        examples=["service.k8s.aws/nlb"],
    )
    load_balancer_source_ranges: list[str] | None = Field(
        None,
        title="Load balancer source ranges",
        description="Ranges (CIDR) from which the load balancer takes traffic. Absent: all.",
        examples=[["198.51.100.0/24"]],
    )
    overrides: list[GatewayOverride] = Field(
        [],
        title="Overrides",
        description="What is different in some clusters; of several that say the same for a cluster the first counts.",
    )
    draining: ClusterSelector | None = Field(
        None, title="Draining", description="Clusters in which it takes what is open, and nobody new is sent to it."
    )
    managed: bool = Field(
        True, title="Managed", description="Whether meshgen emits its Deployment and Service, or finds them there."
    )
    selector: Labels | None = Field(
        None, title="Selector", description="Labels of its pods; needed with `managed: false`, refused otherwise."
    )
    service_account: Subdomain | None = Field(
        None,
        title="Service account",
        description="Service account of its pods, by which edge gateways know an ingress gateway. For `managed: false` "
        "only: the others have one of their own name. Absent: as the inventory shows it.",
    )
    num_trusted_proxies: Annotated[int, Field(ge=0, le=20)] | None = Field(
        None,
        title="Trusted proxies",
        description="How many proxies in front of it add the client's address to `X-Forwarded-For`: load balancers of "
        "layer 7, a CDN, and before an ingress gateway the edge gateway. Absent: none, and of an ingress gateway one "
        "more than of its edge gateway. For ingress and edge gateways that meshgen runs.",
    )


class Gateway(GatewaySettings):
    """A gateway that several workspaces share."""
