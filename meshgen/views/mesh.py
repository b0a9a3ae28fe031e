"""What the meshes of clusters do otherwise than Istio does by default, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import ROOT_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.facts import ClusterFacts
    from meshgen.analysis.relations import Relations


def mesh_lines(relations: Relations, clusters: Iterable[str]) -> list[str]:
    """A line for each set of settings that clusters have in common, without those that have none."""
    found: dict[tuple[str, ...], list[str]] = {}
    for cluster in clusters:
        settings = tuple(_settings(relations.facts[cluster]))
        if settings:
            found.setdefault(settings, []).append(cluster)
    return [
        f"mesh{'' if len(names) == 1 else 'es'} of {', '.join(names)}: {'; '.join(settings)}"
        for settings, names in found.items()
    ]


def _settings(facts: ClusterFacts) -> Iterator[str]:
    istio = facts.istio
    if facts.root_namespace != ROOT_NAMESPACE:
        yield f"root namespace {facts.root_namespace}"
    if not facts.auto_mtls:
        yield "no automatic mutual TLS"
    hidden = {
        "Services": "*" in facts.service_export,
        "VirtualServices": facts.exports_virtual_services,
        "DestinationRules": facts.exports_rules,
    }
    if not all(hidden.values()):
        yield f"{', '.join(kind for kind, shown in hidden.items() if not shown)} not exported to all by default"
    if istio is None:
        return
    if istio.discovery_selectors:
        yield "istiod sees chosen namespaces only (discoverySelectors)"
    if istio.service_entry_visibility is not None:
        yield "ServiceEntries shown by namespace (serviceEntryVisibility)"
    if istio.ip_auto_allocation is False:
        yield "ServiceEntries get no addresses from istiod"
    if istio.select_workload_entries is False:
        yield "Services select no WorkloadEntries"
    if istio.remote_gateways is False:
        yield "gateways are not found by hostname"
