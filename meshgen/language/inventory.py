"""Observed facts of one cluster, as `meshgen inventory` writes them and people review them."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from meshgen.language.base import IPFamily, Item, Label, Labels, LabelValue, Port, ServiceLabel, Subdomain
from meshgen.language.foreign import (
    ForeignObject,
    ObservedDestinationRule,
    ObservedIstioGateway,
    ObservedPeerAuthentication,
    ObservedServiceEntry,
    ObservedSidecar,
    ObservedVirtualService,
)
from meshgen.language.mesh import LabelSelector, ServiceEntryVisibility

if TYPE_CHECKING:
    from collections.abc import Iterator


class ObservedRootCertificate(Item):
    """A root certificate that the proxies of a cluster trust."""

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        title="Fingerprint",
        description="SHA-256 of the certificate, in hexadecimal digits.",
        examples=["b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"],
    )
    not_after: Annotated[str, Field(max_length=32)] | None = Field(
        None, title="Not after", description="When it expires.", examples=["2035-06-01T12:00:00Z"]
    )


class ObservedOutbound(Item):
    """Which calls the sidecars of a cluster take, by address and port."""

    ip_ranges: list[str] | None = Field(
        None, alias="ipRanges", title="IP ranges", description="Ranges of addresses. Absent: all."
    )
    excluded_ip_ranges: list[str] = Field(
        [], alias="excludedIPRanges", title="Excluded IP ranges", description="Ranges of addresses that pass by."
    )
    ports: list[Port] = Field([], title="Ports", description="Ports that they take whatever `ipRanges` says.")
    excluded_ports: list[Port] = Field([], title="Excluded ports", description="Ports that pass by.")


class ObservedIstio(Item):
    """Facts about the Istio of the cluster."""

    version: Annotated[str, Field(max_length=128)] | None = Field(
        None, title="Version", description="Version of istiod.", examples=["1.29.2"]
    )
    revision: Label | None = Field(None, title="Revision", description="Revision of istiod.")
    network: LabelValue | None = Field(
        None, title="Network", description='Label `topology.istio.io/network` of the root namespace; `""`: none.'
    )
    trust_domain: Subdomain | None = Field(None, title="Trust domain", description="The mesh's trust domain.")
    trust_domain_aliases: list[str] | None = Field(
        None,
        title="Trust domain aliases",
        description="Other trust domains whose identities count as its own (`trustDomainAliases`). Absent: unknown.",
        examples=[["east.example"]],
    )
    cluster_domain: Subdomain | None = Field(None, title="Cluster domain", description="DNS domain of Services.")
    dns_capture: bool | None = Field(None, title="DNS capture", description="Whether sidecars answer DNS.")
    retry_remote_localities: bool | None = Field(
        None,
        title="Mesh-wide retries",
        description="Whether the mesh's default retry policy retries in other localities.",
    )
    ambient: bool | None = Field(None, title="Ambient", description="Whether istiod runs with ambient mode.")
    ambient_multi_network: bool | None = Field(
        None, title="Ambient over networks", description="Whether ambient mode serves several networks."
    )
    gateways_of_namespace: bool | None = Field(
        None,
        title="Gateways of a namespace",
        description="Whether a Gateway is for pods of its own namespace only (PILOT_SCOPE_GATEWAY_TO_NAMESPACE).",
    )
    multi_primary: bool | None = Field(
        None, title="Multi-primary", description="Whether istiod reads other clusters through remote secrets."
    )
    injection_revisions: list[str] | None = Field(
        None,
        title="Injection revisions",
        description="Revisions and tags whose webhooks inject pods. Absent: unknown.",
        examples=[["default", "stable"]],
    )
    gateway_api: bool | None = Field(
        None,
        alias="gatewayAPI",
        title="Gateway API",
        description="Whether the kinds of the Gateway API are installed. Absent: unknown.",
    )
    injects_by_default: bool | None = Field(
        None,
        title="Injects by default",
        description="Whether pods are injected where no label says anything (`enableNamespacesByDefault`).",
    )
    root_namespace: Label | None = Field(
        None,
        title="Root namespace",
        description="Namespace whose rules hold for all others (default istio-system).",
    )
    enable_auto_mtls: bool | None = Field(
        None, title="Automatic mutual TLS", description="Whether clients use mutual TLS where the other end has it."
    )
    default_service_export_to: list[str] | None = Field(
        None, title="Default export of Services", description="Who sees Services and ServiceEntries without `exportTo`."
    )
    default_virtual_service_export_to: list[str] | None = Field(
        None, title="Default export of VirtualServices", description="Who sees VirtualServices without `exportTo`."
    )
    default_destination_rule_export_to: list[str] | None = Field(
        None, title="Default export of DestinationRules", description="Who sees DestinationRules without `exportTo`."
    )
    discovery_selectors: list[LabelSelector] | None = Field(
        None,
        title="Discovery selectors",
        description="Namespaces that istiod looks at: those that match one of them. Absent: all.",
    )
    service_entry_visibility: ServiceEntryVisibility | None = Field(
        None,
        title="Visibility of ServiceEntries",
        description="Who sees ServiceEntries, where it counts for sidecars (`applyToSidecars`).",
    )
    ip_auto_allocation: bool | None = Field(
        None,
        title="Automatic addresses",
        description="Whether istiod gives ServiceEntries addresses (PILOT_ENABLE_IP_AUTOALLOCATE).",
    )
    outbound: ObservedOutbound | None = Field(
        None,
        title="Outbound",
        description="Which calls sidecars take where pods do not say so (`global.proxy` of the injector's values). "
        "Absent: all.",
    )
    select_workload_entries: bool | None = Field(
        None,
        title="Services select WorkloadEntries",
        description="Whether Services select WorkloadEntries (PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES).",
    )
    remote_gateways: bool | None = Field(
        None,
        title="Remote gateways",
        description="Whether istiod finds gateways of other networks and resolves their hostnames "
        "(PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API, RESOLVE_HOSTNAME_GATEWAYS).",
    )
    root_certificates: list[ObservedRootCertificate] | None = Field(
        None,
        title="Root certificates",
        description="Those that its proxies trust (ConfigMap `istio-ca-root-cert`, `caCertificates` of the mesh "
        "config). Absent: unknown.",
    )


class ObservedNamespace(Item):
    """A namespace of the cluster."""

    name: Label = Field(title="Name", description="Name of the namespace.")
    labels: Labels = Field({}, title="Labels", description="Labels of the namespace.")


class ServicePort(Item):
    """A port of a Service."""

    name: Label | None = Field(None, title="Name", description="Name of the port.")
    port: Port = Field(title="Port", description="Number of the port.")
    target_port: Port | Label | None = Field(
        None, title="Target port", description="Number or name of the container's port. Absent: `port`."
    )
    container_ports: list[Port] = Field(
        [],
        title="Container ports",
        description="Numbers that `targetPort` stands for in its pods, where it is a name. Empty: unknown.",
    )
    protocol: Literal["TCP", "UDP", "SCTP"] = Field("TCP", title="Protocol", description="Transport protocol.")
    app_protocol: str | None = Field(None, title="Application protocol", description="Kubernetes' `appProtocol`.")
    intercepted: bool = Field(
        True,
        title="Intercepted",
        description="Whether the sidecars of its pods take what comes in; `false`: it goes past them, as by the "
        "annotation `traffic.sidecar.istio.io/excludeInboundPorts`.",
    )


class ObservedService(Item):
    """A Service of the cluster."""

    name: ServiceLabel = Field(title="Name", description="Name of the Service.")
    namespace: Label = Field(title="Namespace", description="Namespace of the Service.")
    labels: Labels = Field({}, title="Labels", description="Labels of the Service.")
    selector: Labels = Field({}, title="Selector", description="Labels of its pods.")
    ports: list[ServicePort] = Field([], title="Ports", description="Ports of the Service.")
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = Field(
        "ClusterIP", title="Type", description="Type of the Service."
    )
    cluster_ip: str | None = Field(
        None, alias="clusterIP", title="Cluster IP", description="Only `None` (headless) matters."
    )
    internal_traffic_policy: Literal["Cluster", "Local"] | None = Field(
        None, title="Internal traffic policy", description="`Local` hides remote endpoints."
    )
    traffic_distribution: Literal["PreferSameZone", "PreferSameNode"] | None = Field(
        None,
        title="Traffic distribution",
        description="Its `trafficDistribution`, or the annotation `networking.istio.io/traffic-distribution`.",
    )
    export_to: list[str] | None = Field(
        None, title="Exported to", description="Annotation `networking.istio.io/exportTo`."
    )
    service_accounts: list[Subdomain] | None = Field(
        None, title="Service accounts", description="Accounts of the workloads behind it. Absent: unknown."
    )
    injected: bool | None = Field(
        None, title="Injected", description="Whether its pods have sidecars. Absent: unknown."
    )
    workloads: list[str] | None = Field(
        None,
        title="Workloads",
        description="Kinds of the workloads behind it. Absent: unknown.",
        examples=[["Deployment"], ["StatefulSet"]],
    )
    state: Literal["active", "arriving", "leaving"] = Field(
        "active",
        title="State",
        description="`arriving`: about to be created, the cluster gets the entries of one that has it beside those "
        "of one that lacks it; `leaving`: about to be deleted, the cluster does not count as having it.",
    )

    @property
    def tcp_ports(self) -> "list[ServicePort]":
        """Its TCP ports, the only ones that pass a gateway."""
        return [port for port in self.ports if port.protocol == "TCP"]


class ObservedGatewayPort(Item):
    """A port of a gateway's Service."""

    port: Port = Field(title="Port", description="Number of the Service's port.")
    target_port: Port | Label | None = Field(
        None, title="Target port", description="Number or name of the container's port. Absent: `port`."
    )
    node_port: Port | None = Field(
        None, title="Node port", description="Port on the nodes, where the Service is of type NodePort."
    )


class ObservedGateway(Item):
    """A gateway of the cluster as its Service shows it."""

    name: ServiceLabel = Field(title="Name", description="Name of the gateway's Service.")
    namespace: Label = Field(title="Namespace", description="Namespace of the gateway.")
    addresses: list[str] = Field(
        [],
        title="Addresses",
        description="IP addresses of its Service for others: its external ones and those of its load balancer, or "
        "of nodes. The place in this list names WorkloadEntries: keep it.",
        examples=[["18.135.167.198"]],
    )
    hostname: Subdomain | None = Field(None, title="Hostname", description="DNS name of its load balancer.")
    ports: list[ObservedGatewayPort] = Field(
        [],
        title="Ports",
        description="Ports of its Service, without that for health. Absent: 15443, alone or with 80 and 443, or "
        "unknown.",
    )
    external_traffic_policy: Literal["Local"] | None = Field(
        None,
        title="External traffic policy",
        description="`Local`: its Service is of type NodePort, and only nodes that run one of its pods answer.",
    )
    network_view: LabelValue | None = Field(
        None, title="Network view", description="Value of ISTIO_META_REQUESTED_NETWORK_VIEW in its pods."
    )
    autoscaled: bool = Field(
        False, title="Autoscaled", description="Whether a HorizontalPodAutoscaler sets the number of its pods."
    )
    service_account: Subdomain | None = Field(
        None,
        title="Service account",
        description="Service account of the pods of a gateway that meshgen does not run. Absent: unknown.",
    )
    injected: bool | None = Field(
        None,
        title="Injected",
        description="Whether its pods have Istio's proxy; `false`: Istio cannot configure it. Absent: yes, or unknown.",
    )


class Inventory(Item):
    """Observed facts of one cluster; its name is the cluster's."""

    name: str = Field(title="Cluster", description="Name of the cluster.")
    ip_families: list[IPFamily] = Field(
        [], title="IP families", description="Families of addresses that it has. Absent: unknown."
    )
    istio: ObservedIstio | None = Field(None, title="Istio", description="Facts about its Istio.")
    namespaces: list[ObservedNamespace] = Field([], title="Namespaces", description="Its namespaces.")
    services: list[ObservedService] = Field([], title="Services", description="Its Services.")
    gateways: list[ObservedGateway] = Field([], title="Gateways", description="Addresses of its gateways.")
    destination_rules: list[ObservedDestinationRule] = Field(
        [], title="DestinationRules", description="DestinationRules that teams wrote."
    )
    virtual_services: list[ObservedVirtualService] = Field(
        [], title="VirtualServices", description="VirtualServices and routes that teams wrote."
    )
    service_entries: list[ObservedServiceEntry] = Field(
        [], title="ServiceEntries", description="ServiceEntries that others wrote."
    )
    sidecars: list[ObservedSidecar] = Field([], title="Sidecars", description="Sidecars that teams wrote.")
    peer_authentications: list[ObservedPeerAuthentication] = Field(
        [], title="PeerAuthentications", description="PeerAuthentications that teams wrote."
    )

    istio_gateways: list[ObservedIstioGateway] = Field(
        [], title="Gateways of Istio", description="Gateways of `networking.istio.io` that others wrote."
    )

    def foreign_objects(self) -> "Iterator[ForeignObject]":
        """Everything in it that somebody else wrote, in the order of its fields."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, list):
                yield from (item for item in value if isinstance(item, ForeignObject))
