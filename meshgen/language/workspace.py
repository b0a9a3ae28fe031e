"""The namespaces of one application or team, and the services that it exposes."""

from pydantic import Field

from meshgen.language.base import ClusterSelector, Item, Label, Subdomain
from meshgen.language.cluster import State
from meshgen.language.failover import Failover
from meshgen.language.gateway import GatewaySettings
from meshgen.language.traffic import TrafficPolicy


class NamespaceSelector(Item):
    """Which namespaces belong to the workspace."""

    names: list[str] = Field(
        title="Patterns",
        description="`<cluster>/<namespace>`; `*` stands alone or at the end of either part.",
        examples=[["*/bookinfo", "cluster-1/db*"]],
        min_length=1,
    )


class ExposedService(Item):
    """A service of the workspace that other clusters may use."""

    host: Subdomain = Field(
        title="Host",
        description="Fully qualified name of the service.",
        examples=["details.bookinfo.svc.cluster.local"],
    )
    consumers: ClusterSelector | None = Field(
        None, title="Consumers", description="Clusters that may call it. Absent: as the workspace says."
    )
    consumer_namespaces: list[Label] | None = Field(
        None, title="Namespaces of consumers", description="Namespaces that see its ServiceEntry. Absent: all."
    )
    failover: Failover | None = Field(None, title="Failover", description="Overrides the workspace's, by field.")
    traffic: TrafficPolicy | None = Field(
        None, title="Traffic", description="Which clusters are called first: overrides the workspace's, by field."
    )
    state: State = Field("active", title="State", description="`draining`: exposed, but no one new uses it.")
    draining: ClusterSelector | None = Field(
        None, title="Draining", description="Clusters in which it is exposed, but no one new uses it."
    )


class Workspace(Item):
    """The namespaces of one application or team, across clusters."""

    name: Label = Field(title="Name", description="Name of the workspace.", examples=["my-workspace"])
    namespace_selector: NamespaceSelector = Field(title="Namespaces", description="The namespaces that it spans.")
    east_west_gateway: GatewaySettings | None = Field(
        None,
        title="East-west gateway",
        description="The gateway through which other clusters reach its services; needed to expose any.",
    )
    exposed_services: list[ExposedService] | None = Field(
        None,
        title="Exposed services",
        description="Names, or names with settings. Absent: every service that can be exposed. Empty: none.",
        examples=[["details.bookinfo.svc.cluster.local"]],
    )
    unexposed_services: list[str] | None = Field(
        None,
        title="Exceptions",
        description="Services that are left out where `exposedServices` is absent; `*` stands alone or at the end of "
        "the name or the namespace.",
        examples=[["mysql.shop.svc.cluster.local", "debug-*.*.svc.cluster.local"]],
        min_length=1,
    )
    consumers: ClusterSelector | None = Field(
        None, title="Consumers", description="Clusters that may call its services. Absent: all."
    )
    failover: Failover | None = Field(None, title="Failover", description="What callers do when a copy fails.")
    traffic: TrafficPolicy | None = Field(
        None, title="Traffic", description="Which clusters are called first: overrides the fleet's, by field."
    )
    state: State = Field("active", title="State", description="`draining`: exposed, but no one new uses it.")
    draining: ClusterSelector | None = Field(
        None, title="Draining", description="Clusters in which it is exposed, but no one new uses it."
    )
