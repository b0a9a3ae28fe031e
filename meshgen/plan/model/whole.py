"""The plan of a cluster, and that of the fleet. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.plan.model.delivery import PlannedDelivery, PlannedGate
    from meshgen.plan.model.dns import PlannedDns, PlannedDnsObject, PlannedDnsSetup
    from meshgen.plan.model.entries import PlannedAlias, PlannedServiceEntry, PlannedStub, PlannedWorkloadEntry
    from meshgen.plan.model.facts import ConsumerFacts
    from meshgen.plan.model.gateways import (
        PlannedCanary,
        PlannedExposure,
        PlannedGateway,
        PlannedNamespace,
        PlannedRemoteGateway,
        WorkspaceExposure,
    )
    from meshgen.plan.model.origin import GatewayAddress
    from meshgen.plan.model.policies import MeshRetryPolicy, PlannedDestinationRule, PlannedVirtualService
    from meshgen.plan.model.published import (
        PlannedCertificate,
        PlannedHostEntry,
        PlannedHostRule,
        PlannedPublication,
        PlannedRoutes,
    )
    from meshgen.plan.model.tetrate import PlannedGatewayGroup, PlannedServers, PlannedWorkspace, Reachability


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
    gate: PlannedGate | None = None


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
    delivery: PlannedDelivery | None = None
    """None: the fleet says nothing of it."""
    exposed: dict[GatewayAddress, frozenset[str]] = field(default_factory=dict)
    """Gateway → the hosts that its configuration lets in, whatever their state; `*.<namespace>.svc.<domain>` where a
    workspace exposes everything and the platform, not meshgen, lists it."""
