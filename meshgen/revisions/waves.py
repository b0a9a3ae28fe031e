"""What a cluster does not find while it syncs from one revision to another: routes that lead to what is there no more.

A sync applies rules, then entries, then routes, each in any order, and prunes last, too (ADR 12). What comes is so
there before anything leads to it. What goes is not, where the object that leads there is changed or pruned after it: a
subset that leaves a rule, a label that leaves entries before the alias asks for it no more, an alias that is pruned
before the routes to it.

An engine that does not wait for the mesh (`Engine.stepwise`) adds three. istiod tells a proxy what is gone before it
tells how routes changed (CDS before RDS: PushOrder, pilot/pkg/xds/ads.go). A proxy asks for the endpoints of what came
and has the routes meanwhile. And routes may come before labels of entries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.analysis.names import ALIAS_DOMAIN
from meshgen.calls.order import ENTRY_ONLY
from meshgen.delivery import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from meshgen.analysis.relations import Relations
    from meshgen.language.fleet import Fleet
    from meshgen.plan.model import ClusterPlan, PlannedAlias, PlannedHostEntry, PlannedMatch, PlannedWorkloadEntry
    from meshgen.published import Published

When = Literal["rules", "beside", "entries", "prunes", "at once", "warm", "labels"]
"""After which part of a sync it is gone: its wave, a part of the wave of entries, or among what is pruned. Of an engine
that does not wait: with what is pruned right after the routes to it changed; until proxies know what comes with the
routes to it; until its entries have their labels."""


class Gap(NamedTuple):
    """A part of a sync during which requests find nothing."""

    cluster: str
    host: str
    """The one that callers or users ask for."""
    what: str
    """What is gone: a subset, or an alias."""
    published: bool
    """Whether an edge gateway, or an ingress gateway that users reach, is without it."""
    when: When
    runs: int
    """Place of the revision that the cluster comes from among those that it may run."""
    to: int
    """Place of the one that it syncs to."""

    @property
    def of_alias(self) -> bool:
        """Whether what is gone is an alias."""
        return self.what.endswith(f".{ALIAS_DOMAIN}")


class _Way(NamedTuple):
    """A host and maybe a subset of it to which a route leads."""

    host: str
    subset: str | None


_Key = tuple[str, str]
"""Namespace and name of an object."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What routes of a cluster may lead to, by key."""

    subsets: Mapping[_Key, tuple[str, Mapping[str, frozenset[tuple[str, str]]]]]
    """Rule → its host, and the labels of each subset."""
    entries: Mapping[_Key, PlannedHostEntry]
    aliases: Mapping[_Key, PlannedAlias]
    workloads: Mapping[_Key, PlannedWorkloadEntry]
    copies: frozenset[str]
    """Hosts of which there are pods here."""

    def over(self, other: _Parts, *, entries: bool) -> _Parts:
        """What is there once this is applied over `other`, and nothing pruned; `entries`: those too, not only rules."""
        if not entries:
            return _Parts(
                {**other.subsets, **self.subsets}, other.entries, other.aliases, other.workloads, other.copies
            )
        return _Parts(
            {**other.subsets, **self.subsets},
            {**other.entries, **self.entries},
            {**other.aliases, **self.aliases},
            {**other.workloads, **self.workloads},
            self.copies,
        )

    def leads_on(self, way: _Way) -> bool:
        """Whether a request that a route sends there finds an endpoint; other hosts than these are not asked about."""
        endpoints = [
            frozenset(endpoint.labels)
            for entry in self.entries.values()
            if entry.host == way.host
            for endpoint in entry.endpoints
        ]
        if way.subset is None:
            return bool(endpoints) or any(
                self._takes(alias) for alias in self.aliases.values() if alias.host == way.host
            )
        chosen = [
            subsets[way.subset] for host, subsets in self.subsets.values() if host == way.host and way.subset in subsets
        ]
        return any(labels <= endpoint for labels in chosen for endpoint in endpoints)

    def _takes(self, alias: PlannedAlias) -> bool:
        marked = ENTRY_ONLY.items() <= alias.selector.items()
        if not marked and alias.of in self.copies:
            return True
        return any(
            alias.of in entry.hosts and (not marked or set(ENTRY_ONLY.items()) <= set(entry.endpoint.labels))
            for entry in self.workloads.values()
        )


def gaps(
    old: ClusterPlan,
    new: ClusterPlan,
    runs: int = 0,
    to: int = 1,
    *,
    copies: Callable[[str], bool],
    stepwise: bool = True,
) -> Iterator[Gap]:
    """What requests of a cluster do not find while it syncs from one plan to another, each once, where it is at first.

    `copies`: whether the cluster has a Service for a host now, which a plan that does not expose it does not know;
    `stepwise`: whether its engine waits until the mesh has what it applied (`Engine.stepwise`).

    Only of hosts that both plans have routes or entries for, and that the older one leads somewhere; what the newer one
    leads nowhere for good is lost, which is no question of order.
    """
    before, after = _parts(old), _parts(new)
    rules, entries = after.over(before, entries=False), after.over(before, entries=True)
    states: list[tuple[When, _Parts]] = [
        ("rules", rules),
        ("beside", replace(entries, aliases=rules.aliases)),
        ("beside", replace(entries, workloads=rules.workloads)),
        ("entries", entries),
    ]
    kept = {(False, (each.namespace, each.name)) for each in new.virtual_services}
    kept |= {(True, (each.namespace, each.name)) for each in new.published_routes}
    hosts = _hosts(new)
    lost = {(host, match) for _, _, host, match, way in _ways(new) if not after.leads_on(way)}
    seen: set[tuple[str, _Way]] = set()
    for published, key, host, match, way in _ways(old):
        if (host, match) in lost or (host, way) in seen or not before.leads_on(way):
            continue
        if host not in hosts and not copies(host):
            continue
        seen.add((host, way))
        possible = list(states)
        if (published, key) not in kept:
            possible.append(("prunes", after))
        elif not stepwise:
            possible.append(("at once", after))
        when = next((when for when, parts in possible if not parts.leads_on(way)), None)
        if when is not None:
            yield Gap(old.cluster, host, way.subset or way.host, published, when, runs, to)
    if stepwise:
        return
    unlabelled, known = replace(entries, workloads=before.workloads), _hosts(old)
    for published, _, host, _, way in _ways(new):
        if host not in known or (host, way) in seen or not after.leads_on(way):
            continue
        early: list[tuple[When, _Parts]] = [("warm", before), ("labels", unlabelled)]
        when = next((when for when, parts in early if not parts.leads_on(way)), None)
        if when is not None:
            seen.add((host, way))
            yield Gap(old.cluster, host, way.subset or way.host, published, when, runs, to)


def stepwise(fleet: Fleet) -> bool:
    """Whether what brings a fleet to its clusters waits until the mesh has what it applied (`Engine.stepwise`).

    Where nobody says what it is, it does as people are told (ADR 12).
    """
    delivery = fleet.spec.delivery
    return delivery is None or engine(delivery.engine).stepwise


def has_routes(relations: Relations, published: Iterable[Published]) -> bool:
    """Whether a fleet may have routes to subsets or aliases; to ask costs no plan."""
    return any(host.behind_edge for host in published) or any(
        exposures[0].traffic.has_aliases for exposures in relations.by_host.values()
    )


def _ways(plan: ClusterPlan) -> Iterator[tuple[bool, _Key, str, PlannedMatch | None, _Way]]:
    """Every route to a subset or an alias: whether users come by it, its object, host and match, and where it leads."""
    known = {alias.host for alias in plan.aliases} | {entry.host for entry in plan.host_entries}
    for service in plan.virtual_services:
        for share in service.shares:
            yield False, (service.namespace, service.name), service.host, None, _Way(share.host, None)
    for routes in plan.published_routes:
        for route in routes.routes:
            for each in route.destinations:
                if each.host in known:
                    yield True, (routes.namespace, routes.name), routes.host, route.match, _Way(each.host, each.subset)


def _hosts(plan: ClusterPlan) -> set[str]:
    """The hosts that somebody answers by a plan, as far as entries, copies and routes say so."""
    found = {entry.host for entry in plan.service_entries} | {routes.host for routes in plan.published_routes}
    found |= {host for entry in plan.workload_entries for host in entry.hosts}
    return found | {copy.host for copy in plan.facts.copies if copy.state == "active"}


def _parts(plan: ClusterPlan) -> _Parts:
    return _Parts(
        subsets={
            (rule.namespace, rule.name): (rule.host, {each.name: frozenset(each.labels) for each in rule.subsets})
            for rule in plan.host_rules
        },
        entries={(entry.namespace, entry.name): entry for entry in plan.host_entries},
        aliases={(alias.service.namespace, alias.host): alias for alias in plan.aliases},
        workloads={(entry.namespace, entry.name): entry for entry in plan.workload_entries},
        copies=frozenset(copy.host for copy in plan.facts.copies if copy.state == "active"),
    )
