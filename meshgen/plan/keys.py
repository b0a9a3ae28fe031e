"""Every object of a plan under a key: what it is, whatever it says and wherever the fleet says it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never

from meshgen.plan.model import (
    ConsumerFacts,
    LocalCopy,
    MeshRetryPolicy,
    PlannedAlias,
    PlannedCanary,
    PlannedCertificate,
    PlannedDelivery,
    PlannedDestinationRule,
    PlannedDnsObject,
    PlannedDnsRecord,
    PlannedDnsSetup,
    PlannedExposure,
    PlannedGate,
    PlannedGateway,
    PlannedGatewayGroup,
    PlannedHostEntry,
    PlannedHostRule,
    PlannedNamespace,
    PlannedPublication,
    PlannedRemoteGateway,
    PlannedRoutes,
    PlannedServers,
    PlannedServiceEntry,
    PlannedStub,
    PlannedVirtualService,
    PlannedWorkloadEntry,
    PlannedWorkspace,
    Reachability,
    WorkspaceExposure,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.plan.model import ClusterPlan, Plan


class Key(NamedTuple):
    """Identity of one object of a plan. Keys sort by cluster first; that of the whole fleet is empty."""

    cluster: str
    sort: str
    """Name of its class without `Planned`. `ConsumerFacts` and `LocalCopy` are no objects, but what those are for."""
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in self if part)


class FleetSettings(NamedTuple):
    """What a plan says of no cluster in particular."""

    platform: str
    multicluster_namespace: str
    organization: str
    tenant: str
    management_cluster: str | None


OfCluster: TypeAlias = (
    ConsumerFacts
    | LocalCopy
    | MeshRetryPolicy
    | PlannedAlias
    | PlannedCertificate
    | PlannedCanary
    | PlannedDelivery
    | PlannedDestinationRule
    | PlannedDnsObject
    | PlannedDnsRecord
    | PlannedDnsSetup
    | PlannedExposure
    | PlannedGate
    | PlannedGateway
    | PlannedGatewayGroup
    | PlannedHostEntry
    | PlannedHostRule
    | PlannedNamespace
    | PlannedPublication
    | PlannedRemoteGateway
    | PlannedServers
    | PlannedRoutes
    | PlannedServiceEntry
    | PlannedStub
    | PlannedVirtualService
    | PlannedWorkloadEntry
    | PlannedWorkspace
    | Reachability
    | WorkspaceExposure
)
Planned: TypeAlias = FleetSettings | OfCluster
"""Whatever has a key. Each compares without positions."""


def objects(plan: Plan) -> dict[Key, Planned]:
    """Everything in a plan by its key, sorted; `exposed` and the files of DNS follow from it and have none.

    Raises `ValueError` for two objects under one key, which is a mistake of the planner.
    """
    found: dict[Key, Planned] = {Key("", "FleetSettings", "", ""): _settings(plan)}
    items = [(cluster.cluster, item) for cluster in plan.clusters for item in _of_cluster(cluster)]
    items += [(plan.management_cluster or "", item) for item in _managed(plan)]
    items += [("", record) for record in (plan.dns.records if plan.dns is not None else ())]
    items += [("", plan.delivery)] if plan.delivery is not None else []
    for cluster, item in items:
        name = key(cluster, plan.multicluster_namespace, item)
        if name in found:
            raise ValueError(f"two objects are planned as {name}")
        found[name] = item
    return dict(sorted(found.items()))


def key(cluster: str, multicluster_namespace: str, item: OfCluster) -> Key:
    """The key of an object of `cluster`; ServiceEntries stand in the multicluster namespace."""
    namespace, name = _place(multicluster_namespace, item)
    return Key(cluster, type(item).__name__.removeprefix("Planned"), namespace, name)


def _settings(plan: Plan) -> FleetSettings:
    return FleetSettings(
        plan.platform, plan.multicluster_namespace, plan.organization, plan.tenant, plan.management_cluster
    )


def _managed(plan: Plan) -> Iterator[OfCluster]:
    """What only the management cluster gets."""
    reachability = () if plan.reachability is None else (plan.reachability,)
    return chain(plan.workspaces, plan.gateway_groups, plan.servers, reachability)


def _of_cluster(plan: ClusterPlan) -> Iterator[OfCluster]:
    policy = () if plan.mesh_retry_policy is None else (plan.mesh_retry_policy,)
    canary = () if plan.canary is None else (plan.canary,)
    gate = () if plan.gate is None else (plan.gate,)
    return chain(
        (plan.facts,),
        plan.facts.copies,
        plan.namespaces,
        plan.gateways,
        canary,
        plan.exposures,
        plan.workspace_exposures,
        plan.remote_gateways,
        plan.service_entries,
        plan.stubs,
        plan.workload_entries,
        plan.aliases,
        plan.destination_rules,
        plan.virtual_services,
        policy,
        plan.publications,
        plan.published_routes,
        plan.host_entries,
        plan.host_rules,
        plan.certificates,
        plan.dns_objects,
        plan.dns_setup,
        gate,
    )


def _place(multicluster_namespace: str, item: OfCluster) -> tuple[str, str]:
    match item:
        case ConsumerFacts() | MeshRetryPolicy() | PlannedDelivery() | Reachability():
            return "", ""
        case PlannedNamespace():
            return "", item.name
        case WorkspaceExposure():
            return item.gateway_namespace, item.workspace
        case PlannedExposure():
            return item.namespace, f"{item.gateway}/{item.host}"
        case PlannedServiceEntry():
            return multicluster_namespace, item.host
        case PlannedCanary() | PlannedGate():
            return item.namespace, ""
        case PlannedAlias():
            return item.service.namespace, item.host
        case PlannedDnsObject():
            return item.content.namespace, f"{item.content.kind.kind}/{item.content.name}"
        case PlannedDnsRecord():
            return item.zone, item.record.host
        case PlannedDnsSetup():
            return "", item.content.name
        case LocalCopy() | PlannedStub():
            return item.service.namespace, item.service.name
        case (
            PlannedCertificate()
            | PlannedDestinationRule()
            | PlannedGateway()
            | PlannedGatewayGroup()
            | PlannedHostEntry()
            | PlannedHostRule()
            | PlannedPublication()
            | PlannedRemoteGateway()
            | PlannedRoutes()
            | PlannedServers()
            | PlannedVirtualService()
            | PlannedWorkloadEntry()
            | PlannedWorkspace()
        ):
            return item.namespace, item.name
        case _:
            assert_never(item)
