"""Services of one namespace that take the same WorkloadEntries.

A Kubernetes Service takes every WorkloadEntry of its namespace whose labels satisfy its selector, so an entry made
for one Service belongs to all of them: stable and canary Services, `foo-metrics` beside `foo`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import ServiceName, covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.language.inventory import ObservedService
    from meshgen.language.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a group gets no entries: two of its Services, and the sort of disagreement."""

    reason: str
    first: ObservedService
    second: ObservedService
    first_sources: tuple[str, ...]
    second_sources: tuple[str, ...]
    """The clusters that callers of each may move to."""
    others: tuple[ObservedService, ...] = ()
    """Further Services that disagree with one of the group in the same way."""
    others_sources: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Services of a consumer that share one entry for each remote address."""

    cluster: str
    workspace: Workspace
    services: tuple[ObservedService, ...]
    """Broadest selector first, then by name: the first names the entries."""
    labels: dict[str, str]
    """The union of the selectors."""
    sources: tuple[str, ...]
    """Clusters that serve all of them."""
    conflict: Conflict | None = None

    @property
    def lead(self) -> ServiceName:
        return ServiceName(self.services[0].namespace, self.services[0].name)


def takes_entries(service: ObservedService) -> bool:
    """Whether a Service can take WorkloadEntries at all."""
    return bool(service.selector) and service.type != "ExternalName" and service.cluster_ip != "None"


def groups_of(
    cluster: str,
    workspace: Workspace,
    services: Iterable[ObservedService],
    sources: Mapping[str, tuple[str, ...]],
    levels: Mapping[str, object],
) -> Iterator[Group]:
    """The groups of one namespace of `cluster` that remote endpoints exist for.

    `services` are those of the namespace, `sources` the clusters that callers of each may move to, by its name,
    `levels` in which order.
    """
    left = sorted(filter(takes_entries, services), key=lambda service: (len(service.selector), service.name))
    selectors = _Selectors(left)
    placed: set[str] = set()
    for seed in left:
        if sources.get(seed.name) and seed.name not in placed:
            group = _group(cluster, workspace, seed, selectors, sources, levels)
            placed.update(service.name for service in group.services)
            yield group


class _Selectors:
    """The Services of a namespace by their selectors, so that growing a group does not look at all of them."""

    def __init__(self, services: list[ObservedService]) -> None:
        self._services = services
        self._with: dict[tuple[str, str], list[int]] = {}
        for place, service in enumerate(services):
            for pair in service.selector.items():
                self._with.setdefault(pair, []).append(place)
        self._by_rarest: dict[tuple[str, str], list[int]] = {}
        for place, service in enumerate(services):
            self._by_rarest.setdefault(self._rarest(service), []).append(place)

    def _rarest(self, service: ObservedService) -> tuple[str, str]:
        return min(service.selector.items(), key=lambda pair: (len(self._with[pair]), pair))

    def related(self, members: list[ObservedService], labels: dict[str, str]) -> list[ObservedService]:
        """The Services, in their order, that may take entries with `labels`, or whose entries a member may take.

        A selector is satisfied only where its rarest label is there, so the others need no look.
        """
        places = {place for pair in labels.items() for place in self._by_rarest.get(pair, ())}
        places.update(place for member in members for place in self._with[self._rarest(member)])
        return [self._services[place] for place in sorted(places)]


def _group(
    cluster: str,
    workspace: Workspace,
    seed: ObservedService,
    selectors: _Selectors,
    sources: Mapping[str, tuple[str, ...]],
    levels: Mapping[str, object],
) -> Group:
    """Grow a group from `seed` until no further Service takes its entries, or gives entries to one of it.

    It grows on past a disagreement, so that all Services that disagree are known.
    """
    members = [seed]
    names = {seed.name}
    labels = dict(seed.selector)
    conflicts: list[Conflict] = []
    growing = True
    while growing:
        growing = False
        for service in selectors.related(members, labels):
            if service.name in names:
                continue
            takes = covers(service.selector, labels)
            gives = bool(sources.get(service.name)) and any(covers(m.selector, service.selector) for m in members)
            if not (takes or gives):
                continue
            members.append(service)
            names.add(service.name)
            growing = True
            if any(labels.get(key, value) != value for key, value in service.selector.items()):
                rival = next(
                    m
                    for m in members
                    if any(m.selector.get(key, value) != value for key, value in service.selector.items())
                )
                conflicts.append(_conflict("selectors", rival, service, sources))
            elif sources.get(service.name, ()) != sources[seed.name]:
                conflicts.append(_conflict("sources", seed, service, sources))
            elif levels.get(service.name) != levels.get(seed.name):
                conflicts.append(_conflict("levels", seed, service, sources))
            labels = service.selector | labels
    members.sort(key=lambda service: (len(service.selector), service.name))
    return Group(cluster, workspace, tuple(members), labels, sources[seed.name], _as_one(conflicts))


def _conflict(
    reason: str, first: ObservedService, second: ObservedService, sources: Mapping[str, tuple[str, ...]]
) -> Conflict:
    return Conflict(reason, first, second, sources.get(first.name, ()), sources.get(second.name, ()))


def _as_one(conflicts: Sequence[Conflict]) -> Conflict | None:
    """The first of several conflicts, with those of the same reason; None without any."""
    if not conflicts:
        return None
    first, *more = conflicts
    alike = [conflict for conflict in more if conflict.reason == first.reason]
    return replace(
        first,
        others=tuple(conflict.second for conflict in alike),
        others_sources=tuple(conflict.second_sources for conflict in alike),
    )
