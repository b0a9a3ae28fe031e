"""Which namespaces a mesh configuration chooses by their labels, and which labels make it choose one of ours."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meshgen.language.inventory import ObservedIstio
    from meshgen.language.mesh import LabelRequirement, LabelSelector, ServiceEntryVisibility

NAME = "kubernetes.io/metadata.name"
"""The label that the API server gives every namespace."""
_SIDE_EFFECTS = frozenset({"istio-injection", "istio.io/rev", "istio.io/dataplane-mode", "istio.io/use-waypoint"})
"""Labels that do something to pods: taken only where no other selector can be satisfied."""


def discovered(istio: ObservedIstio | None, labels: Mapping[str, str]) -> bool:
    """Whether istiod looks at a namespace with these labels: all, unless there are discovery selectors.

    Source: isSelectedLocked, pkg/kube/namespace/filter.go.
    """
    selectors = istio.discovery_selectors if istio is not None else None
    return not selectors or any(matches(selector, labels) for selector in selectors)


def shares_service_entries(istio: ObservedIstio | None, labels: Mapping[str, str]) -> bool:
    """Whether sidecars of other namespaces may see ServiceEntries of a namespace with these labels.

    Source: VisibilityFor, pilot/pkg/model/serviceentry_visibility.go; serviceExportTo, push_context.go.
    """
    visibility = istio.service_entry_visibility if istio is not None else None
    if visibility is None:
        return True
    for policy in visibility.policies:
        if all(matches(selector, labels) for selector in policy.namespace_selectors):
            return policy.visibility in _SHARED
    return visibility.default_visibility in _SHARED


_SHARED = ("PUBLIC", "VISIBILITY_UNSPECIFIED")


def labels_for(
    istio: ObservedIstio | None, own: Mapping[str, str], alike: Sequence[Mapping[str, str]], *, shares_entries: bool
) -> dict[str, str] | None:
    """Labels that make istiod look at a namespace of ours, None where no label can.

    `own` are those that it has anyway, `alike` those of namespaces whose selector is taken if one can be chosen;
    `shares_entries`: ServiceEntries in it are to be seen by others.
    """
    visibility = istio.service_entry_visibility if istio is not None and shares_entries else None
    for discovery in _ranked((istio.discovery_selectors if istio is not None else None) or [], alike):
        for rules in _public(visibility):
            added = _added([*discovery, *rules], own)
            if added is None:
                continue
            after = {**own, **added}
            if discovered(istio, after) and (not shares_entries or shares_service_entries(istio, after)):
                return added
    return None


def _ranked(
    selectors: Sequence[LabelSelector], alike: Sequence[Mapping[str, str]]
) -> Iterator[tuple[LabelSelector, ...]]:
    """Ways to be discovered: those without side effects first, of these the ones that namespaces `alike` take."""
    if not selectors:
        yield ()

    def rank(selector: LabelSelector) -> tuple[bool, bool]:
        keys = {*selector.match_labels, *(each.key for each in selector.match_expressions)}
        return bool(keys & _SIDE_EFFECTS), not any(matches(selector, labels) for labels in alike)

    yield from ((selector,) for selector in sorted(selectors, key=rank))


def _public(visibility: ServiceEntryVisibility | None) -> Iterator[Sequence[LabelSelector]]:
    """Ways to be public: as it is, else by a policy that says so."""
    yield ()
    policies = visibility.policies if visibility is not None else []
    yield from (policy.namespace_selectors for policy in policies if policy.visibility in _SHARED)


def _added(selectors: Sequence[LabelSelector], own: Mapping[str, str]) -> dict[str, str] | None:
    """The labels besides `own` that satisfy all selectors, None where ours cannot."""
    added: dict[str, str] = {}
    pairs = chain.from_iterable(selector.match_labels.items() for selector in selectors)
    wanted = [(key, [value]) for key, value in pairs]
    for selector in selectors:
        wanted += [
            (each.key, sorted(each.values) or ["true"])
            for each in selector.match_expressions
            if each.operator in ("In", "Exists")
        ]
    for key, values in wanted:
        known = own.get(key, added.get(key))
        if known is None and (not _ours(key) or not values):
            return None
        added |= {key: values[0]} if known is None else {}
    return added if all(matches(selector, {**own, **added}) for selector in selectors) else None


def _ours(key: str) -> bool:
    """Whether a label may be set by others than Kubernetes itself."""
    domain = key.partition("/")[0] if "/" in key else ""
    reserved = any(domain == name or domain.endswith(f".{name}") for name in ("kubernetes.io", "k8s.io"))
    return domain == "app.kubernetes.io" or not reserved


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether `labels` satisfy a label selector; an empty one is satisfied by all."""
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        _holds(requirement, labels) for requirement in selector.match_expressions
    )


def _holds(requirement: LabelRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    if requirement.operator == "In":
        return value in requirement.values
    if requirement.operator == "NotIn":
        return value not in requirement.values
    if requirement.operator == "Exists":
        return value is not None
    return requirement.operator == "DoesNotExist" and value is None
