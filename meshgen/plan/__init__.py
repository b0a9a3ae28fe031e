"""From calls to a plan: what each cluster gets, as data."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.analysis.facts import management_cluster, multicluster_namespace, own_entries
from meshgen.analysis.labels import LABELS
from meshgen.analysis.namespace_labels import NAME, labels_for
from meshgen.plan.aliases import planned_aliases
from meshgen.plan.canary import planned_canary
from meshgen.plan.facts import consumer_facts
from meshgen.plan.gate import Gates
from meshgen.plan.gateways import exposed, exposures, planned_gateways, spans, workspace_exposures
from meshgen.plan.imports import Importer, Imports
from meshgen.plan.model import ClusterPlan, MeshRetryPolicy, Origin, Plan, PlannedNamespace
from meshgen.plan.probes import plan_probes, with_own_pods
from meshgen.plan.published import Publisher
from meshgen.plan.tetrate import Hierarchy, hierarchy
from meshgen.plan.workspaces import planned_workspaces
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.plan.model import PlannedCanary, PlannedDelivery, PlannedDns, PlannedGate, PlannedGateway
    from meshgen.published import Published
    from meshgen.published.probes import Probe


def plan(
    calls: Calls,
    published: Sequence[Published],
    asked: Sequence[Probe],
    dns: PlannedDns | None,
    delivery: PlannedDelivery | None,
) -> Plan:
    """Plan what the consumers of `calls` get, for themselves and for published hosts, their probes and their DNS, and
    what brings it to them.

    Also of a fleet that rules refuse (a draft); same fleet, same plan.
    """
    relations = calls.relations
    fleet = relations.fleet
    tetrate = fleet.spec.tetrate
    management = management_cluster(fleet)
    found = _hierarchy(relations, published, asked) if management is not None else Hierarchy()
    importer = Importer(calls)
    publisher = Publisher(calls, published)
    gates = Gates(calls)
    if not platform(fleet.spec.platform).publishing.shared:
        asked = ()
    return Plan(
        platform=fleet.spec.platform,
        multicluster_namespace=multicluster_namespace(fleet),
        organization=(tetrate and tetrate.organization) or "tse",
        tenant=(tetrate and tetrate.tenant) or "tse",
        management_cluster=management,
        clusters=tuple(
            _cluster_plan(
                relations,
                importer,
                publisher,
                gates,
                asked,
                consumer,
                found if consumer == management else Hierarchy(),
                dns,
            )
            for consumer in calls.consumers
        ),
        workspaces=found.workspaces,
        gateway_groups=found.groups,
        servers=found.servers,
        reachability=found.reachability,
        dns=dns,
        delivery=delivery,
        exposed=dict(exposed(relations)),
    )


def _hierarchy(relations: Relations, published: Sequence[Published], asked: Sequence[Probe]) -> Hierarchy:
    """What the management cluster gets: the fleet's workspaces, and what published hosts need beside them."""
    workspaces = tuple(planned_workspaces(relations))
    found = hierarchy(relations, published, asked, workspaces)
    return found._replace(workspaces=tuple(sorted((*workspaces, *found.workspaces), key=attrgetter("name"))))


def _cluster_plan(
    relations: Relations,
    importer: Importer,
    publisher: Publisher,
    gates: Gates,
    asked: Sequence[Probe],
    cluster: str,
    managed: Hierarchy,
    dns: PlannedDns | None,
) -> ClusterPlan:
    gateways = tuple(planned_gateways(relations, cluster))
    canary = planned_canary(relations, cluster)
    gate = gates.planned(cluster)
    found = importer.imports(cluster) if own_entries(relations.fleet) else Imports()
    publications = publisher.publications(cluster)
    rules = with_own_pods(relations, asked, cluster, found.destination_rules)
    plan_probes(relations, asked, cluster, rules, publications)
    return ClusterPlan(
        cluster=cluster,
        facts=consumer_facts(relations, cluster),
        namespaces=_namespaces(
            relations, cluster, [*gateways, *(pods for pods in (canary, gate) if pods is not None)], found, managed
        ),
        gateways=gateways,
        canary=canary,
        exposures=tuple(exposures(relations, cluster)),
        workspace_exposures=tuple(workspace_exposures(relations, cluster)),
        remote_gateways=tuple(found.remote_gateways[network] for network in sorted(found.remote_gateways)),
        service_entries=tuple(found.service_entries),
        stubs=tuple(found.stubs),
        workload_entries=tuple(found.workload_entries),
        aliases=tuple(planned_aliases(relations, cluster, found.aliased)),
        destination_rules=rules,
        virtual_services=tuple(found.virtual_services),
        mesh_retry_policy=MeshRetryPolicy(found.mesh_attempts) if found.mesh_attempts else None,
        publications=tuple(publications.publications),
        published_routes=tuple(publications.routes),
        host_entries=tuple(publications.entries),
        host_rules=tuple(publications.rules),
        certificates=tuple(publications.certificates[key] for key in sorted(publications.certificates)),
        dns_objects=dns.objects.get(cluster, ()) if dns is not None else (),
        dns_setup=dns.setup.get(cluster, ()) if dns is not None else (),
        gate=gate,
    )


def _namespaces(
    relations: Relations,
    cluster: str,
    running: Iterable[PlannedCanary | PlannedGate | PlannedGateway],
    found: Imports,
    managed: Hierarchy,
) -> tuple[PlannedNamespace, ...]:
    """The namespaces that hold planned objects and that the inventory does not know, with what needs them first."""
    fleet = relations.fleet
    of_fleet = Origin(f"fleet/{fleet.name}", spans(fleet.spec.span()))
    shared = multicluster_namespace(fleet)
    needed: dict[str, Origin] = {}
    for pods in running:
        needed.setdefault(pods.namespace, pods.origin)
    for objects in (managed.workspaces, managed.groups, managed.servers):
        for item in objects:
            needed.setdefault(item.namespace, item.origin)
    if found.service_entries or found.remote_gateways:
        needed.setdefault(shared, of_fleet)
    for stub in found.stubs:
        needed.setdefault(stub.service.namespace, stub.origin)
    known = relations.namespace_labels[cluster]
    shares = {shared} if found.service_entries else set()
    return tuple(
        PlannedNamespace(name, _labels(relations, cluster, name, shares_entries=name in shares), needed[name])
        for name in sorted(needed)
        if name not in known
    )


def _labels(relations: Relations, cluster: str, name: str, *, shares_entries: bool) -> dict[str, str]:
    """The labels by which the mesh of a cluster finds a namespace of ours; none where none would do (MG402, MG403)."""
    labels = labels_for(
        relations.facts[cluster].istio,
        {NAME: name, **LABELS},
        relations.workspace_labels(cluster),
        shares_entries=shares_entries,
    )
    return labels or {}
