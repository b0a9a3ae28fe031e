"""Objects of the mesh that others wrote, as far as they bear on what meshgen emits."""

from typing import ClassVar, Literal

from pydantic import Field

from meshgen.language.base import Item, Label, Labels, LabelValue, Port, ServiceLabel, Subdomain
from meshgen.language.failover import OutlierDetection

ClientTLSMode = Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]


class ObservedPortPolicy(Item):
    """What a DestinationRule says of one port of its host: it replaces the rule's own policy there."""

    port: Port = Field(title="Port", description="Number of the port of the Service.")
    outlier_detection: OutlierDetection | None = Field(
        None, title="Outlier detection", description="The port's outlier detection."
    )
    failover_priority: list[str] | None = Field(
        None, title="Failover priority", description="The port's `localityLbSetting.failoverPriority`."
    )
    distribute: bool = Field(
        False, title="Distribute", description="Whether the port's `localityLbSetting` has `distribute`."
    )
    tls_mode: ClientTLSMode | None = Field(None, title="TLS mode", description="The port's `tls.mode`.")
    server_name: str | None = Field(None, title="Server name", description="The port's `tls.sni`.")


class ForeignObject(Item):
    """An object that somebody else wrote, so that its name is taken."""

    name: Subdomain = Field(title="Name", description="Name of the object.")
    namespace: Label = Field(title="Namespace", description="Namespace of the object.")
    revision: LabelValue | None = Field(
        None, title="Revision", description="Label `istio.io/rev`: only this revision of istiod reads it."
    )
    group: ClassVar[str] = "networking.istio.io"

    @property
    def written_as(self) -> tuple[str, str]:
        """Its API group and kind."""
        return self.group, type(self).__name__.removeprefix("Observed")


class ObservedDestinationRule(ForeignObject):
    """A DestinationRule of a team."""

    name: Subdomain = Field(title="Name", description="Name of the DestinationRule.")
    namespace: Label = Field(title="Namespace", description="Namespace of the DestinationRule.")
    host: str = Field(title="Host", description="Its host, as written: short, fully qualified or with a wildcard.")
    export_to: list[str] | None = Field(None, title="Exported to", description="Namespaces that see it.")
    workload_selector: Labels | None = Field(
        None, title="Workload selector", description="Labels of the clients that it is for."
    )
    subsets: list[str] = Field([], title="Subsets", description="Names of its subsets.")
    traffic_policy: bool = Field(
        False, title="Traffic policy", description="Whether it has a traffic policy of its own, of any sort."
    )
    outlier_detection: OutlierDetection | None = Field(
        None, title="Outlier detection", description="Its outlier detection."
    )
    failover_priority: list[str] | None = Field(
        None, title="Failover priority", description="Its `localityLbSetting.failoverPriority`."
    )
    distribute: bool = Field(
        False,
        title="Distribute",
        description="Whether its `localityLbSetting` has `distribute`, which comes before `failoverPriority`.",
    )
    tls_mode: ClientTLSMode | None = Field(None, title="TLS mode", description="Its `trafficPolicy.tls.mode`.")
    server_name: str | None = Field(
        None, title="Server name", description="Its `trafficPolicy.tls.sni`, which replaces the mesh's own."
    )
    port_level_settings: list[ObservedPortPolicy] = Field(
        [],
        title="Port level settings",
        description="Its `trafficPolicy.portLevelSettings`; of several for one port the first counts.",
    )


ObservedPolicy = ObservedDestinationRule | ObservedPortPolicy
"""What a rule says of its host, or of one port of it."""


class ObservedDestination(Item):
    """A service to which a VirtualService or route of gateways sends requests."""

    host: str = Field(title="Host", description="Its host, as written.")
    retries: Literal["mesh", "here", "everywhere"] = Field(
        title="Retries",
        description="Where its requests are tried again: as the mesh's default says, or as the route itself says, "
        "without or with `retryRemoteLocalities`.",
    )


class ObservedVirtualService(ForeignObject):
    """A VirtualService of a team, or a route of the Gateway API."""

    name: Subdomain = Field(title="Name", description="Name of the object.")
    namespace: Label = Field(title="Namespace", description="Namespace of the object.")
    hosts: list[str] = Field(
        title="Hosts", description="Its hosts, as written; of a route of the Gateway API the Services that are parents."
    )
    gateways: list[str] = Field([], title="Gateways", description="Its gateways; empty or `mesh`: for sidecars.")
    destinations: list[ObservedDestination] = Field(
        [], title="Destinations", description="Where its routes of HTTP send what comes in at gateways."
    )
    export_to: list[str] | None = Field(None, title="Exported to", description="Namespaces that see it.")
    kind: Literal["VirtualService", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"] = Field(
        "VirtualService", title="Kind", description="Kind of the object."
    )

    @property
    def written_as(self) -> tuple[str, str]:
        return self.group if self.kind == "VirtualService" else "gateway.networking.k8s.io", self.kind


class ObservedServiceEntry(ForeignObject):
    """A ServiceEntry that somebody else wrote."""

    name: Subdomain = Field(title="Name", description="Name of the ServiceEntry.")
    namespace: Label = Field(title="Namespace", description="Namespace of the ServiceEntry.")
    hosts: list[str] = Field(title="Hosts", description="Its hosts.")
    export_to: list[str] | None = Field(None, title="Exported to", description="Namespaces that see it.")
    resolution: str | None = Field(None, title="Resolution", description="How its endpoints are found.")
    workload_selector: Labels | None = Field(
        None,
        title="Workload selector",
        description="Its `workloadSelector.labels`: the pods and WorkloadEntries of its namespace that are its "
        "endpoints.",
    )


class ObservedEgress(Item):
    """What a Sidecar shows of one port of hosts."""

    port: Port = Field(title="Port", description="Number of the port.")
    hosts: list[str] = Field([], title="Hosts", description="Its `hosts`.")


class ObservedSidecar(ForeignObject):
    """A Sidecar, which limits what the proxies of its namespace see."""

    name: Subdomain = Field(title="Name", description="Name of the Sidecar.")
    namespace: Label = Field(title="Namespace", description="Namespace of the Sidecar.")
    workload_selector: Labels | None = Field(None, title="Workload selector", description="Its pods.")
    egress_hosts: list[str] | None = Field(
        None,
        title="Egress hosts",
        description="All `egress[].hosts` of listeners without `port`; of those that begin with `~` the ones that all "
        "listeners exclude. Absent: it does not limit egress.",
    )
    egress_ports: list[ObservedEgress] = Field(
        [], title="Egress of ports", description="Listeners with `port`, which show that port of their hosts only."
    )


class ObservedServer(Item):
    """One server of a Gateway of Istio."""

    port: Port = Field(title="Port", description="Its `port.number`.")
    hosts: list[str] = Field(title="Hosts", description="Its hosts, as written.")
    tls_mode: str | None = Field(None, title="TLS mode", description="Its `tls.mode`. Absent: it has no `tls`.")
    bind: str | None = Field(None, title="Bind", description="The address that it listens on. Absent: all.")


class ObservedIstioGateway(ForeignObject):
    """A Gateway of `networking.istio.io` that somebody else wrote, of any role."""

    name: Subdomain = Field(title="Name", description="Name of the Gateway.")
    namespace: Label = Field(title="Namespace", description="Namespace of the Gateway.")
    selector: Labels = Field({}, title="Selector", description="Labels of its pods. Empty: every gateway's.")
    servers: list[ObservedServer] = Field([], title="Servers", description="Its servers.")

    @property
    def written_as(self) -> tuple[str, str]:
        return self.group, "Gateway"


class ObservedPeerAuthentication(ForeignObject):
    """A PeerAuthentication, which says how workloads accept connections."""

    group: ClassVar[str] = "security.istio.io"

    name: Subdomain = Field(title="Name", description="Name of the PeerAuthentication.")
    namespace: Label = Field(title="Namespace", description="Namespace of the PeerAuthentication.")
    selector: Labels | None = Field(None, title="Selector", description="Labels of its workloads.")
    mode: Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] | None = Field(
        None, title="Mode", description="Its `mtls.mode`."
    )
    disabled_ports: list[Port] = Field([], title="Disabled ports", description="Ports of pods with `DISABLE`.")
    enabled_ports: list[Port] = Field(
        [], title="Enabled ports", description="Ports of pods with `PERMISSIVE` or `STRICT`, whatever `mode` says."
    )
    services: list[ServiceLabel] = Field(
        [], title="Services", description="Services of its namespace all of whose pods its selector chooses."
    )
    services_in_part: list[ServiceLabel] = Field(
        [], title="Services in part", description="Services of its namespace some of whose pods its selector chooses."
    )
