"""Services that select each other's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.exposure import UNNAMED_PORT
from meshgen.analysis.hosts import ServiceName, covers
from meshgen.calls.staying import unsatisfiable
from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import listed, names_no_cluster, names_stranger, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.several import all_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.language.inventory import ObservedService


def different_sources(context: Context) -> Iterator[Finding]:
    """Find pairs of Services that would share entries for clusters which serve only one of them.

    Services that take the same entries have to be served by the same clusters (design §3, groups). Who serves one whose
    traffic names clusters that the fleet does not have (MG204, MG205), or that is listed and cannot be exposed (MG340),
    is not known before that is corrected.
    """
    relations = context.relations
    unknown = {
        ServiceName(found.service.namespace, found.service.name)
        for found in unexposable_services(relations)
        if found.setting is not None
    }
    unknown |= {
        each.name
        for each in relations.exposures
        if names_stranger(relations, each.traffic.selectors)
        or any(names_no_cluster(relations, selector) for selector in each.traffic.selectors)
    }
    for group in context.calls.all_groups:
        cluster, conflict = group.cluster, group.conflict
        if conflict is None or conflict.reason != "sources":
            continue
        first, second = conflict.first, conflict.second
        others = [second, *conflict.others]
        if unknown.intersection(ServiceName(each.namespace, each.name) for each in (first, *others)):
            continue
        by_sources: dict[tuple[str, ...], list[str]] = {}
        for service, sources in zip(others, (conflict.second_sources, *conflict.others_sources), strict=True):
            by_sources.setdefault(sources, []).append(service.name)
        served = " and ".join(_served(names, sources) for sources, names in by_sources.items())
        yield Finding(
            message=f"Services {all_of([first.name, *(service.name for service in others)])} of namespace "
            f"`{second.namespace}` in cluster `{cluster}` take the same entries, but "
            f"{_served([first.name], conflict.first_sources)} and {served}",
            span=second.span("selector"),
            help=_way_out(context, cluster, others),
            notes=notes(
                (first.span("selector"), f"the selector of `{first.name}`"),
                *((other.span("selector"), f"the selector of `{other.name}`") for other in conflict.others),
            ),
            object=service_object(cluster, second),
        )


def _served(names: list[str], sources: tuple[str, ...]) -> str:
    verb = "is" if len(names) == 1 else "are"
    return f"{all_of(names)} {verb} served by {listed(sources) if sources else 'no other cluster'}"


def _way_out(context: Context, cluster: str, services: list[ObservedService]) -> str:
    """What would make them agree: to expose one that cannot be exposed is no way."""
    reasons = {service.name: context.relations.unexposable(cluster, service) for service in services}
    unnamed = [name for name, reason in reasons.items() if reason == UNNAMED_PORT]
    unfit = [name for name, reason in reasons.items() if reason not in (None, UNNAMED_PORT)]
    if unfit:
        return f"Give them selectors that differ: {listed(unfit)} cannot be exposed."
    if unnamed:
        return f"Name all ports of {listed(unnamed)}, then expose all from the same clusters; or let selectors differ."
    return "Expose all from the same clusters with failover, or give them selectors that differ."


def selectors_contradict(context: Context) -> Iterator[Finding]:
    """Find Services that share entries with a third one and contradict each other.

    An entry has one value for a label: it cannot satisfy two selectors that want different ones (design §3, groups).
    """
    for group in context.calls.all_groups:
        cluster, conflict = group.cluster, group.conflict
        if conflict is None or conflict.reason != "selectors":
            continue
        first, second = conflict.first, conflict.second
        key = next(k for k, v in sorted(first.selector.items()) if second.selector.get(k, v) != v)
        yield Finding(
            message=f"Services `{first.name}` and `{second.name}` of namespace `{second.namespace}` in cluster "
            f"`{cluster}` need the same entries with different labels `{key}`",
            span=second.span("selector", key),
            help="Expose either the Service that selects all pods or those that select some of them, not both.",
            notes=notes(
                (first.span("selector", key), f"the selector of `{first.name}`"),
                *((other.span("selector"), f"so does `{other.name}`") for other in conflict.others),
            ),
            object=service_object(cluster, second),
        )


def selector_of_overridden_label(context: Context) -> Iterator[Finding]:
    """Find selectors of local copies that entries would not satisfy.

    Istio and meshgen set some labels of an entry themselves, so a selector cannot rely on those.

    Source: as for `unsatisfiable`.
    """
    for item in context.calls.imports:
        if item.local is None:
            continue
        for key, value, why in unsatisfiable(item.local.selector):
            yield Finding(
                message=f"the selector of `{item.host}` in cluster `{item.consumer}` needs label `{key}: {value}`, "
                f"which entries cannot have: {why}",
                span=item.local.span("selector", key),
                help="Select the pods by another label, or set `failover: {enabled: false}`.",
                notes=notes((exposure_at(item.sources[0]), f"cluster `{item.sources[0].cluster}` serves it")),
                object=item.object,
            )


_LABELS = {
    "app.kubernetes.io/instance": (
        "which Argo CD sets on entries if it tracks by label",
        "Let Argo CD track by annotation, its default since 3.0, and accept this.",
    ),
    "rollouts-pod-template-hash": (
        "which every rollout of Argo Rollouts changes",
        "Select the pods by another label, or import the inventory after each rollout.",
    ),
}


def selector_of_changing_label(context: Context) -> Iterator[Finding]:
    """Find selectors of local copies with labels that Argo writes, one finding a label and cluster.

    Such a selector may lose its entries some day.

    Source: metadata labels are merged over those of the spec (serviceregistry/serviceentry/conversion.go), and Argo
    CD's label tracking sets one on all that it syncs.
    """
    found: dict[tuple[str, str], list[Import]] = {}
    for item in context.calls.imports:
        for key in item.local.selector if item.local is not None else ():
            if key in _LABELS:
                found.setdefault((item.consumer, key), []).append(item)
    for (cluster, key), items in found.items():
        first = items[0]
        hosts = listed(item.host for item in items)
        why, advice = _LABELS[key]
        yield Finding(
            message=f"the selector of {hosts} in cluster `{cluster}` needs label `{key}`, {why}",
            span=first.local.span("selector", key) if first.local is not None else None,
            help=advice,
            notes=notes(
                *((item.local.span("selector", key), f"of `{item.host}`") for item in items if item.local is not None)
            ),
            object=f"cluster/{cluster}",
        )


def entries_of_others(context: Context) -> Iterator[Finding]:
    """Find other people's ServiceEntries whose selector takes our WorkloadEntries.

    Requests to their hosts would go to gateways of other clusters, which let in hosts of exposed services only.

    Source: a ServiceEntry takes every WorkloadEntry of its namespace that has the labels of its `workloadSelector`,
    serviceregistry/serviceentry/controller.go.
    """
    for cluster in context.calls.consumers:
        inventory = context.relations.inventory(cluster)
        theirs = [each for each in inventory.service_entries if each.workload_selector is not None] if inventory else []
        if not theirs:
            continue
        ours = context.planned(cluster).workload_entries
        for entry in theirs:
            selector = entry.workload_selector or {}
            taken = [each for each in ours if each.namespace == entry.namespace and covers(selector, each.labels)]
            if taken:
                hosts = sorted({host for each in taken for host in each.hosts})
                yield Finding(
                    message=f"ServiceEntry `{entry.name}` of namespace `{entry.namespace}` in cluster `{cluster}` "
                    f"would take the entries of {all_of(hosts)}: requests to {all_of(entry.hosts)} would be sent to "
                    "other clusters and reset there",
                    span=entry.span("workloadSelector"),
                    help="Let it select by a label that its pods have and the Service does not ask for, or set "
                    "`failover: {enabled: false}` on the service.",
                    object=f"cluster/{cluster}",
                )


RULES = (
    Rule("MG355", "error", "Services with the same entries from different clusters", "0.1", different_sources),
    Rule("MG356", "error", "Services with the same entries and contradicting selectors", "0.1", selectors_contradict),
    Rule("MG357", "error", "a selector needs a label that entries cannot have", "0.1", selector_of_overridden_label),
    Rule("MG470", "error", "a ServiceEntry of others takes our entries", "0.1", entries_of_others),
    Rule("MG383", "warning", "a selector needs a label that tools change", "0.1", selector_of_changing_label),
)
