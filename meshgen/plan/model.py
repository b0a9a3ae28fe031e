"""The plan: what each cluster gets, as plain data. No YAML, no platform, nothing left to decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from meshgen.analysis.hosts import ServiceName
    from meshgen.calls import RemoteEndpoint
    from meshgen.diagnostics import Span
    from meshgen.dns.facts import ClusterObject as DnsObject
    from meshgen.dns.facts import File, SetupFile
    from meshgen.dns.model import Record
    from meshgen.dns.model import Zone as DnsZone
    from meshgen.language.dns import Zone
    from meshgen.plan.published_model import (
        PlannedCertificate,
        PlannedHostEntry,
        PlannedHostRule,
        PlannedPublication,
        PlannedRoutes,
    )
    from meshgen.published import Published


@dataclass(frozen=True, slots=True)
class Origin:
    """The input behind an object: its logical name (`workspace/my-workspace`) and places in the fleet.

    Places do not count in comparisons: a comment in the fleet changes nothing in a plan.
    """

    name: str
    spans: tuple[Span, ...] = field(default=(), compare=False)


class Identity(NamedTuple):
    """What makes a Kubernetes object this one and no other in its cluster, and the input behind it."""

    cluster: str
    api_version: str
    kind: str
    namespace: str
    """Empty for objects of the cluster."""
    name: str
    origin: Origin


class GatewayAddress(NamedTuple):
    """A gateway among all of the fleet."""

    cluster: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class PlannedNamespace:
    """A namespace that a cluster needs and whose inventory does not know it."""

    name: str
    labels: dict[str, str]
    """Labels by which its mesh finds it."""
    origin: Origin


class PlannedAutoscaling(NamedTuple):
    """A HorizontalPodAutoscaler by CPU."""

    min_replicas: int
    max_replicas: int
    cpu: int
    """Average use of the requested CPU, in percent, beyond which pods are added."""


class GatewayPort(NamedTuple):
    """A port of a gateway's Service."""

    name: str
    port: int
    target_port: int
    """The port of the container, on which the proxy listens."""


@dataclass(frozen=True, slots=True)
class PlannedGateway:
    """A gateway of one cluster."""

    namespace: str
    name: str
    role: Literal["eastWest", "ingress", "edge"]
    ports: tuple[GatewayPort, ...]
    """Without that for health."""
    replicas: int | None
    """None: an autoscaler sets it."""
    autoscaling: PlannedAutoscaling | None
    resources: dict[str, dict[str, str]] | None
    """Requests and limits of its container; None: the platform's default."""
    service_annotations: dict[str, str]
    load_balancer_class: str | None
    load_balancer_source_ranges: tuple[str, ...]
    restricted: bool
    """Whether its namespace is known to enforce the Pod Security Standard `restricted`."""
    managed: bool
    pod_labels: dict[str, str]
    """Labels that choose its pods, of all namespaces."""
    network: str | None
    """The cluster's network; empty: the mesh has none; None: unknown."""
    network_view: str | None
    """None: it sends on to other clusters, too, or the network is unknown."""
    trusted_proxies: int | None
    revision: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedCanary:
    """The canary of a workload cluster: its account, pods and Service."""

    namespace: str
    image: str
    port: int
    """Of its container."""
    ready_path: str | None
    """What its readiness is asked with; None: a kubelet would not take the status."""
    revision: str | None
    """The revision that injects its pods."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedExposure:
    """A host that a gateway of one cluster lets in from other clusters."""

    namespace: str
    """Of the gateway."""
    gateway: str
    host: str
    port: int
    """Port of the gateway."""
    pod_labels: dict[str, str]
    """Labels that choose the gateway's pods, of all namespaces."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class WorkspaceExposure:
    """A workspace and the gateway of one cluster that exposes its services, in Tetrate's terms."""

    workspace: str
    gateway_namespace: str
    gateway: str
    selector: dict[str, str] | None
    """Labels of the gateway's pods, where the fleet names them."""
    hosts: tuple[str, ...] | None
    """As declared, sorted; None: every service that can be exposed."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedPort:
    """A port of a host that consumers call."""

    name: str
    number: int
    protocol: str | None
    """As Istio takes it, in capitals; None: it guesses."""
    unknown_protocol: str | None = None
    """The `appProtocol` that makes Istio guess, whatever the port's name says."""


@dataclass(frozen=True, slots=True)
class PlannedServiceEntry:
    """A host that the cluster lacks: one ServiceEntry with all remote endpoints."""

    host: str
    vip: str | None
    """Address of the host; None: istiod gives one."""
    ports: tuple[PlannedPort, ...]
    subject_alt_names: tuple[str, ...]
    endpoints: tuple[RemoteEndpoint, ...]
    export_to: tuple[str, ...]
    canonical_name: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedStub:
    """A Service without pods that gives a remote-only host a name where sidecars do not answer DNS."""

    service: ServiceName
    ports: tuple[PlannedPort, ...]
    selector: dict[str, str]
    export_to: tuple[str, ...]
    """Empty: not written."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedWorkloadEntry:
    """One remote endpoint beside the local pods of a Service, or behind a stub."""

    name: str
    namespace: str
    hosts: tuple[str, ...]
    """The hosts whose callers may be sent to it: those of all Services that select it."""
    endpoint: RemoteEndpoint
    labels: dict[str, str]
    port_keys: tuple[str, ...]
    """Names of Service ports and of named target ports, sorted; each leads to the gateway's port."""
    service_account: str | None
    origin: Origin


OWN_PODS = "meshgen-own-pods"
"""Name of the subset of a service's own pods."""


@dataclass(frozen=True, slots=True)
class PlannedDestinationRule:
    """The traffic policy of a host in one cluster."""

    name: str
    namespace: str
    host: str
    failover_priority: tuple[str, ...]
    """Empty: a single level."""
    regions_count: bool
    """Whether, without priorities, endpoints are ranked as the mesh does by default, by region."""
    shared: bool
    """Whether the weights of endpoints are shares."""
    outlier_detection: dict[str, int | str | bool] | None
    http2_pings: bool
    mutual_tls: bool
    """Whether it asks for mutual TLS itself, since its mesh does not do so of its own."""
    export_to: tuple[str, ...]
    """Empty: not written."""
    origin: Origin
    own_network: str | None = None
    """Network of a subset of the cluster's own pods, for probes at an ingress gateway; None: there is none."""


@dataclass(frozen=True, slots=True)
class PlannedAlias:
    """A host that stands for a service of the cluster with one cluster first: its pods, and entries beside them."""

    host: str
    of: str
    """The host of the service."""
    service: ServiceName
    selector: dict[str, str]
    vip: str | None
    """Address of the host; None: istiod gives one."""
    ports: tuple[AliasPort, ...]
    origin: Origin


class AliasPort(NamedTuple):
    """A port of an alias."""

    name: str
    """Also that of the container's port, where the Service names it."""
    number: int
    protocol: str | None
    target: int | None
    """Number of the container's port; None: `number`, or the port of that name."""


class Share(NamedTuple):
    """Where a part of a host's requests goes."""

    host: str
    weight: int


class RoutedPort(NamedTuple):
    """A port whose requests a VirtualService routes."""

    number: int
    grpc: bool
    """Whether it speaks nothing but gRPC, so that no request has a safe method."""


@dataclass(frozen=True, slots=True)
class PlannedVirtualService:
    """The routes of a host in one cluster: its retries, and its shares."""

    name: str
    namespace: str
    host: str
    ports: tuple[RoutedPort, ...]
    shares: tuple[Share, ...]
    """Empty: all to the host itself."""
    attempts: int | None
    """None: routes say nothing of retries."""
    per_try_timeout: str | None
    idempotent: Literal["all", "safeMethods", "none"]
    """Which requests may run twice."""
    idempotent_requests: tuple[str, ...]
    """Those that may besides: paths that may end in `*`, after a method or not."""
    export_to: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedRemoteGateway:
    """A gateway known by hostname only, which istiod resolves."""

    name: str
    namespace: str
    network: str
    hostname: str
    port: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsRecord:
    """How DNS answers for a published host, whoever keeps the zone."""

    zone: str
    provider: str
    record: Record
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsObject:
    """What a controller in a cluster reads about a host, to keep its zone."""

    content: DnsObject
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsSetup:
    """What people apply so that a controller in a cluster can keep its zones."""

    provider: str
    content: SetupFile
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsFile:
    """A file about the fleet's DNS."""

    provider: str
    """Empty: the plan itself."""
    content: File
    origin: Origin


class HostInZone(NamedTuple):
    """A published host, the zone that it is in, and its record."""

    published: Published
    declared: Zone
    zone: DnsZone
    record: Record


@dataclass(frozen=True, slots=True)
class PlannedDns:
    """The DNS of a fleet."""

    hosts: tuple[HostInZone, ...]
    """Sorted by zone and host."""
    records: tuple[PlannedDnsRecord, ...]
    """Sorted by zone and host."""
    files: tuple[PlannedDnsFile, ...]
    """What follows for people and programs outside of the clusters."""
    objects: dict[str, tuple[PlannedDnsObject, ...]]
    """By cluster."""
    setup: dict[str, tuple[PlannedDnsSetup, ...]]
    """By cluster."""
    gateway_annotations: dict[tuple[str, str], dict[str, str]]
    """Cluster and host → what the Gateway object that publishes the host there says to a controller of DNS."""

    def annotations(self, servers: PlannedServers) -> dict[str, str]:
        """Of the object that has all hosts of a gateway; where they do not agree (MG850), those of the last."""
        found: dict[str, str] = {}
        for server in servers.servers:
            found |= self.gateway_annotations.get((servers.cluster, server.host), {})
        return found


@dataclass(frozen=True, slots=True)
class MeshRetryPolicy:
    """The mesh-wide retry policy that somebody has to put into the mesh config of a cluster."""

    attempts: int


@dataclass(frozen=True, slots=True)
class LocalCopy:
    """A Service of a cluster under the name of an exposed host: what answers there, and as whom.

    What answers behind a remote endpoint is the copy in the plan of its source.
    """

    service: ServiceName
    host: str
    state: Literal["active", "arriving", "leaving"]
    workspace: str | None
    """The workspace that spans it; of another one than the host's, or of none, it keeps the name for itself."""
    ports: tuple[PlannedPort, ...]
    """Its TCP ports, sorted by number."""
    selector: dict[str, str]
    service_accounts: tuple[str, ...] | None
    """Accounts of its pods, sorted; None: unknown."""
    injected: bool | None
    """Whether its pods have sidecars; None: unknown."""
    node_local: bool
    """Whether callers get endpoints on their own node only (`internalTrafficPolicy: Local`)."""


@dataclass(frozen=True, slots=True)
class ConsumerFacts:
    """What is known about a cluster and what it has: the ground that its objects act on."""

    region: str | None
    zones: tuple[str, ...]
    """Zones of its nodes, sorted."""
    network: str | None
    """Istio's network name; empty: the mesh has none; None: unknown."""
    trust_domain: str
    role: Literal["workload", "edge"]
    state: Literal["active", "draining"]
    istio: tuple[int, ...]
    """Version of Istio, declared, observed or assumed."""
    dns_capture: bool
    mesh_retries: bool
    """Whether the mesh's own retry policy retries in other localities."""
    copies: tuple[LocalCopy, ...]
    """Sorted by namespace and name, whatever their state."""


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """Everything that one cluster gets, and the facts that it is for."""

    cluster: str
    facts: ConsumerFacts
    namespaces: tuple[PlannedNamespace, ...] = ()
    gateways: tuple[PlannedGateway, ...] = ()
    canary: PlannedCanary | None = None
    exposures: tuple[PlannedExposure, ...] = ()
    workspace_exposures: tuple[WorkspaceExposure, ...] = ()
    remote_gateways: tuple[PlannedRemoteGateway, ...] = ()
    service_entries: tuple[PlannedServiceEntry, ...] = ()
    stubs: tuple[PlannedStub, ...] = ()
    workload_entries: tuple[PlannedWorkloadEntry, ...] = ()
    aliases: tuple[PlannedAlias, ...] = ()
    destination_rules: tuple[PlannedDestinationRule, ...] = ()
    virtual_services: tuple[PlannedVirtualService, ...] = ()
    mesh_retry_policy: MeshRetryPolicy | None = None
    publications: tuple[PlannedPublication, ...] = ()
    published_routes: tuple[PlannedRoutes, ...] = ()
    host_entries: tuple[PlannedHostEntry, ...] = ()
    host_rules: tuple[PlannedHostRule, ...] = ()
    certificates: tuple[PlannedCertificate, ...] = ()
    dns_objects: tuple[PlannedDnsObject, ...] = ()
    dns_setup: tuple[PlannedDnsSetup, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedWorkspace:
    """A workspace as Tetrate's management plane knows it."""

    name: str
    namespace: str
    """Where its objects stand in the management cluster."""
    patterns: tuple[str, ...]
    exposure: WorkspaceExposure | None
    """None without a gateway."""
    service_labels: tuple[dict[str, str], ...] | None
    """Labels that choose the exposed services; None: every service; empty: none."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedGatewayGroup:
    """The gateways of a workspace in one cluster, as Tetrate's management plane knows them."""

    name: str
    namespace: str
    """Where it stands in the management cluster."""
    workspace: str
    patterns: tuple[str, ...]
    """`<cluster>/<namespace>` of each gateway, sorted."""
    origin: Origin


class ServerRoute(NamedTuple):
    """Some requests of a server, and where they go: to a service, to clusters, to HTTPS, or nowhere."""

    prefix: str | None
    """Beginning of the path as text, not in segments."""
    path: str | None
    """The whole path; with `prefix`, either of them."""
    headers: tuple[tuple[str, str], ...]
    """Name, in small letters, and value; sorted."""
    rewrite_path: str | None
    """Instead of what `prefix` or `path` matched."""
    rewrite_host: str | None
    timeout: str | None
    service: str | None
    """`<namespace>/<host>`."""
    port: int | None
    clusters: tuple[tuple[str, int | None], ...]
    """Name and weight, sorted; all have a weight or none has."""
    redirects: bool
    """Whether they are told to come again by HTTPS."""


class ServerCors(NamedTuple):
    """The policy of a server for cross-origin requests."""

    allow_origins: tuple[str, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: str | None
    allow_credentials: bool


class Server(NamedTuple):
    """A host on one port of a gateway."""

    name: str
    host: str
    port: int
    credential: str | None
    """Secret with its certificate; None: no TLS."""
    cors: ServerCors | None
    fails_over: bool
    """Whether shares of clusters that die are to go to the others."""
    routes: tuple[ServerRoute, ...]
    """The first that takes a request counts."""


@dataclass(frozen=True, slots=True)
class PlannedServers:
    """Every host of one gateway in one cluster, as Tetrate's management plane knows them."""

    name: str
    cluster: str
    """Of the gateway."""
    gateway: str
    namespace: str
    """Of the gateway; here and in the management cluster."""
    workspace: str
    group: str
    pod_labels: dict[str, str]
    servers: tuple[Server, ...]
    """Sorted by host and port."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Reachability:
    """The networks that edge gateways have to reach, for people to put into the organization's setting."""

    networks: tuple[tuple[str, tuple[str, ...]], ...]
    """A network, and those of the clusters behind its edge gateways; each sorted."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of the fleet. Clusters, and what is in them, are sorted by name."""

    platform: str
    multicluster_namespace: str
    organization: str
    tenant: str
    management_cluster: str | None
    clusters: tuple[ClusterPlan, ...]
    workspaces: tuple[PlannedWorkspace, ...] = ()
    gateway_groups: tuple[PlannedGatewayGroup, ...] = ()
    servers: tuple[PlannedServers, ...] = ()
    reachability: Reachability | None = None
    dns: PlannedDns | None = field(default=None, compare=False)
    """None: the fleet has no zones."""
    exposed: dict[GatewayAddress, frozenset[str]] = field(default_factory=dict)
    """Gateway → the hosts that its configuration lets in, whatever their state; `*.<namespace>.svc.<domain>` where a
    workspace exposes everything and the platform, not meshgen, lists it."""
