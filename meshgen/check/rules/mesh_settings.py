"""What the configuration of a mesh, or of its istiod, takes away from objects of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.injection import injection
from meshgen.analysis.labels import LABELS
from meshgen.analysis.namespace_labels import NAME, discovered, labels_for, shares_service_entries
from meshgen.check.places import istio_place, listed, notes
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.diagnostics import Note
    from meshgen.language.inventory import ObservedIstio


def _by_consumer(context: Context, wanted: Callable[[Import, ObservedIstio], bool]) -> dict[str, list[str]]:
    """Consumer → the hosts of its imports that are `wanted` by what is known of its mesh, each once."""
    found: dict[str, dict[str, None]] = {}
    for item in context.calls.imports:
        istio = context.relations.facts[item.consumer].istio
        if item.takes and istio is not None and wanted(item, istio):
            found.setdefault(item.consumer, {})[item.host] = None
    return {consumer: list(hosts) for consumer, hosts in sorted(found.items())}


def mutual_tls_not_automatic(context: Context) -> Iterator[Finding]:
    """Find clusters whose mesh has no automatic mutual TLS, with copies that may have no sidecars.

    There our DestinationRules ask for mutual TLS, and so for that of local pods, too: Istio chooses by endpoint only
    where it decides itself (applyUpstreamTLSSettings, pilot/pkg/networking/core/cluster_tls.go).
    """
    found = _by_consumer(
        context,
        lambda item, istio: (
            istio.enable_auto_mtls is False
            and item.local is not None
            and item.local.injected is not True
            and item.policy.owner == "ours"
        ),
    )
    for cluster, hosts in found.items():
        yield Finding(
            message=f"the mesh of cluster `{cluster}` has no automatic mutual TLS: the DestinationRules that lead to "
            f"other clusters ask for it, and pods of {listed(hosts)} may have no sidecars to answer it",
            span=istio_place(context.relations, cluster, "enableAutoMtls"),
            help="Remove `enableAutoMtls: false` from its mesh config, or import the workloads so that the inventory "
            "knows that they have sidecars (`injected: true`).",
            object=f"cluster/{cluster}",
        )


def workload_entries_not_selected(context: Context) -> Iterator[Finding]:
    """Find clusters whose istiod lets no Service select WorkloadEntries, and that would get some.

    Source: PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES, pilot/pkg/features/pilot.go.
    """
    found = _by_consumer(
        context, lambda item, istio: item.form != "serviceEntry" and istio.select_workload_entries is False
    )
    for cluster, hosts in found.items():
        yield Finding(
            message=f"Services of cluster `{cluster}` select no WorkloadEntries, so {listed(hosts)} would get no "
            "endpoints of other clusters: PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES is off",
            span=istio_place(context.relations, cluster, "selectWorkloadEntries"),
            help="Remove the variable from istiod, or leave the cluster out of the `consumers` of these services.",
            object=f"cluster/{cluster}",
        )


def hostnames_not_resolved(context: Context) -> Iterator[Finding]:
    """Find clusters whose istiod does not look for gateways of other networks, or does not resolve their hostnames.

    Source: PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API and RESOLVE_HOSTNAME_GATEWAYS, pilot/pkg/features/pilot.go.
    """
    found = _by_consumer(
        context,
        lambda item, istio: (
            istio.remote_gateways is False and any(endpoint.address is None for endpoint in item.endpoints)
        ),
    )
    for cluster, hosts in found.items():
        yield Finding(
            message=f"istiod of cluster `{cluster}` does not find gateways by hostname, so {listed(hosts)} would "
            "have endpoints that lead nowhere",
            span=istio_place(context.relations, cluster, "remoteGateways"),
            help="Remove PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API and RESOLVE_HOSTNAME_GATEWAYS from istiod, or name "
            "the `addresses` of the gateways.",
            object=f"cluster/{cluster}",
        )


def namespace_not_discovered(context: Context) -> Iterator[Finding]:
    """Find namespaces of our objects, and of Services that they are for, that no discovery selector chooses.

    istiod reads no object of such a namespace. Ours get labels that are chosen, where labels can.

    Source: pkg/kube/namespace/filter.go; pilot/pkg/config/kube/crdclient/client.go.
    """
    relations = context.relations
    for cluster, needed in _needed(context).items():
        istio = relations.facts[cluster].istio
        if istio is None or not istio.discovery_selectors:
            continue
        known = relations.namespace_labels[cluster]
        for namespace, what in sorted(needed.items()):
            own = {NAME: namespace, **known.get(namespace, LABELS)}
            wanted = labels_for(istio, own, relations.workspace_labels(cluster), shares_entries=False)
            if discovered(istio, own) or (namespace not in known and wanted is not None):
                continue
            yield Finding(
                message=f"no discovery selector of the mesh of cluster `{cluster}` chooses namespace `{namespace}`: "
                f"istiod does not see {what}",
                span=istio.span("discoverySelectors"),
                help=_label(namespace, wanted, "a selector that chooses it"),
                notes=_place(context, cluster, namespace),
                object=f"{cluster}/{namespace}",
            )


def clients_not_discovered(context: Context) -> Iterator[Finding]:
    """Find namespaces of workspaces with sidecars, in clusters that call others, that no discovery selector chooses.

    One finding a cluster. istiod does not know the pods there, so their proxies have no cluster, network and region to
    compare with those of endpoints (GetProxyWorkloadLabels, pilot/pkg/serviceregistry/kube/controller/controller.go):
    no priority differs from another. Namespaces that istiod has to see for others are MG402.
    """
    relations = context.relations
    needed = _needed(context)
    for cluster in dict.fromkeys(item.consumer for item in context.calls.imports):
        istio = relations.facts[cluster].istio
        if istio is None or not istio.discovery_selectors:
            continue
        known = relations.namespace_labels[cluster]
        unseen = [
            name
            for name in relations.namespaces[cluster]
            if name not in needed[cluster]
            and relations.workspace_of(cluster, name) is not None
            and not discovered(istio, {NAME: name, **known.get(name, LABELS)})
            and _has_sidecars(relations, cluster, name)
        ]
        if not unseen:
            continue
        first = unseen[0]
        wanted = labels_for(
            istio, {NAME: first, **known.get(first, LABELS)}, relations.workspace_labels(cluster), shares_entries=False
        )
        yield Finding(
            message=f"no discovery selector of the mesh of cluster `{cluster}` chooses {listed(unseen)}: callers there "
            "do not prefer their own cluster, nor their region",
            span=istio.span("discoverySelectors"),
            help=_label(first, wanted, "a selector that chooses it"),
            notes=tuple(note for name in unseen for note in _place(context, cluster, name)),
            object=f"cluster/{cluster}",
        )


def _has_sidecars(relations: Relations, cluster: str, namespace: str) -> bool:
    """Whether pods of a namespace are injected, as far as its labels or its Services show."""
    labels = relations.namespace_labels[cluster].get(namespace)
    if injection(relations.facts[cluster].injectors, namespace, labels, {}).injected:
        return True
    return any(service.injected for _, service in relations.services_in(cluster, [namespace]))


def service_entries_not_shown(context: Context) -> Iterator[Finding]:
    """Find multicluster namespaces whose ServiceEntries the mesh shows to nobody else.

    Source: serviceExportTo, pilot/pkg/model/push_context.go; serviceEntryVisibility from Istio 1.31 on.
    """
    relations = context.relations
    shared = context.calls.multicluster_namespace
    for cluster, hosts in _by_consumer(context, lambda item, _: item.form == "serviceEntry").items():
        istio = relations.facts[cluster].istio
        if istio is None or istio.service_entry_visibility is None:
            continue
        known = relations.namespace_labels[cluster]
        own = {NAME: shared, **known.get(shared, LABELS)}
        wanted = labels_for(istio, own, relations.workspace_labels(cluster), shares_entries=True)
        alone = labels_for(istio, own, relations.workspace_labels(cluster), shares_entries=False)
        if shares_service_entries(istio, own) or (shared not in known and wanted is not None) or alone is None:
            continue
        yield Finding(
            message=f"the mesh of cluster `{cluster}` shows ServiceEntries of namespace `{shared}` to no other "
            f"namespace, so nobody there reaches {listed(hosts)}",
            span=istio.span("serviceEntryVisibility"),
            help=_label(shared, wanted, "a policy `PUBLIC` for it"),
            notes=_place(context, cluster, shared),
            object=f"{cluster}/{shared}",
        )


def _needed(context: Context) -> dict[str, dict[str, str]]:
    """Cluster → the namespaces that its istiod has to see → what is there."""
    relations = context.relations
    found: dict[str, dict[str, str]] = {}
    for exposure in relations.exposures:
        here = found.setdefault(exposure.cluster, {})
        here.setdefault(exposure.service.namespace, f"`{exposure.host}`, which is exposed")
        here.setdefault(exposure.gateway.namespace, f"the Gateways of `{exposure.gateway.name}`")
    for cluster, gateways in relations.gateway_places.items():
        for namespace, name in gateways:
            if relations.comers((namespace, name)) & {"edges", "users"}:
                found.setdefault(cluster, {}).setdefault(namespace, f"the Gateways of `{name}`")
    for item in context.calls.imports:
        here = found.setdefault(item.consumer, {})
        for taken in item.takes:
            here.setdefault(taken.namespace, f"the entries of `{item.host}`")
    return found


def _label(namespace: str, wanted: dict[str, str] | None, otherwise: str) -> str:
    if wanted:
        labels = listed(f"{key}={value}" for key, value in sorted(wanted.items()))
        return f"Label namespace `{namespace}` with {labels} and import it again, or add {otherwise}."
    return f"Add {otherwise} to the mesh config: no label that may be set does."


def _place(context: Context, cluster: str, namespace: str) -> tuple[Note, ...]:
    inventory = context.relations.inventory(cluster)
    found = next((item for item in inventory.namespaces if item.name == namespace), None) if inventory else None
    return notes((found.span() if found is not None else None, "its labels"))


RULES = (
    Rule("MG401", "error", "mutual TLS is not automatic", "0.1", mutual_tls_not_automatic),
    Rule("MG402", "error", "a namespace that istiod does not see", "0.1", namespace_not_discovered),
    Rule("MG403", "error", "ServiceEntries that nobody is shown", "0.1", service_entries_not_shown),
    Rule("MG404", "error", "WorkloadEntries that no Service selects", "0.1", workload_entries_not_selected),
    Rule("MG405", "error", "hostnames of gateways are not resolved", "0.1", hostnames_not_resolved),
    Rule("MG408", "warning", "callers that istiod does not know", "0.1", clients_not_discovered),
)
