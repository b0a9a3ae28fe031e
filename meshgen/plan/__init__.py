"""From calls to a plan: what each cluster gets, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import management_cluster, multicluster_namespace, own_entries
from meshgen.analysis.namespace_labels import NAME, labels_for
from meshgen.plan.aliases import planned_aliases
from meshgen.plan.facts import consumer_facts
from meshgen.plan.gateways import exposed, exposures, planned_gateways, spans, workspace_exposures
from meshgen.plan.imports import Importer, Imports
from meshgen.plan.labels import LABELS
from meshgen.plan.model import ClusterPlan, MeshRetryPolicy, Origin, Plan, PlannedNamespace
from meshgen.plan.workspaces import planned_workspaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.plan.model import PlannedGateway, PlannedWorkspace


def plan(calls: Calls) -> Plan:
    """Plan what the consumers of `calls` get, also of a fleet that rules refuse (a draft); same fleet, same plan."""
    relations = calls.relations
    fleet = relations.fleet
    tetrate = fleet.spec.tetrate
    management = management_cluster(fleet)
    workspaces = tuple(planned_workspaces(relations)) if management is not None else ()
    importer = Importer(calls)
    return Plan(
        platform=fleet.spec.platform,
        multicluster_namespace=multicluster_namespace(fleet),
        organization=(tetrate and tetrate.organization) or "tse",
        tenant=(tetrate and tetrate.tenant) or "tse",
        management_cluster=management,
        clusters=tuple(
            _cluster_plan(relations, importer, consumer, workspaces if consumer == management else ())
            for consumer in calls.consumers
        ),
        workspaces=workspaces,
        exposed=dict(exposed(relations)),
    )


def _cluster_plan(
    relations: Relations, importer: Importer, cluster: str, workspaces: tuple[PlannedWorkspace, ...]
) -> ClusterPlan:
    gateways = tuple(planned_gateways(relations, cluster))
    found = importer.imports(cluster) if own_entries(relations.fleet) else Imports()
    return ClusterPlan(
        cluster=cluster,
        facts=consumer_facts(relations, cluster),
        namespaces=_namespaces(relations, cluster, gateways, found, workspaces),
        gateways=gateways,
        exposures=tuple(exposures(relations, cluster)),
        workspace_exposures=tuple(workspace_exposures(relations, cluster)),
        remote_gateways=tuple(found.remote_gateways[network] for network in sorted(found.remote_gateways)),
        service_entries=tuple(found.service_entries),
        stubs=tuple(found.stubs),
        workload_entries=tuple(found.workload_entries),
        aliases=tuple(planned_aliases(relations, cluster, found.routed)),
        destination_rules=tuple(found.destination_rules),
        virtual_services=tuple(found.virtual_services),
        mesh_retry_policy=MeshRetryPolicy(found.mesh_attempts) if found.mesh_attempts else None,
    )


def _namespaces(
    relations: Relations,
    cluster: str,
    gateways: Iterable[PlannedGateway],
    found: Imports,
    workspaces: Iterable[PlannedWorkspace],
) -> tuple[PlannedNamespace, ...]:
    """The namespaces that hold planned objects and that the inventory does not know, with what needs them first."""
    fleet = relations.fleet
    of_fleet = Origin(f"fleet/{fleet.name}", spans(fleet.spec.span()))
    shared = multicluster_namespace(fleet)
    needed: dict[str, Origin] = {}
    for gateway in gateways:
        needed.setdefault(gateway.namespace, gateway.origin)
    for workspace in workspaces:
        needed.setdefault(workspace.namespace, workspace.origin)
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
