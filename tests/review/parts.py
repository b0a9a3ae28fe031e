"""A model of clusters that sync object by object, and of what requests meet there: by plans, in every state."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meshgen.plan.model import ClusterPlan, Plan

Key = tuple[str, ...]
"""The sort of an object, its namespace and its name."""
Objects = dict[Key, Any]
"""What is in a cluster."""

WAVES = (
    ("exposures", "publications"),
    ("host_rules",),
    ("service_entries", "workload_entries", "aliases", "host_entries"),
    ("virtual_services", "published_routes"),
)
"""The sorts of each sync wave in which requests meet something (docs/adr/0012-sync-waves.md)."""


class Cluster(NamedTuple):
    """A cluster in one state."""

    objects: Objects
    revisions: tuple[int, ...]
    """The revision that it runs, or the two between which it syncs, the older first."""


class Endpoint(NamedTuple):
    """Where a request may go: a cluster, its gateway, and the host that it is asked for there."""

    cluster: str
    gateway: tuple[str, str] | None
    """None: the ingress gateway of the published host."""
    under: str
    path: str


class Way(NamedTuple):
    """One of the places between which a route divides requests."""

    own: bool
    endpoints: frozenset[Endpoint]

    @property
    def empty(self) -> bool:
        return not self.own and not self.endpoints


def objects(plan: ClusterPlan) -> Objects:
    found: Objects = {}
    for wave in WAVES:
        for sort in wave:
            for item in getattr(plan, sort):
                if sort == "exposures":
                    name = f"{item.gateway} {item.host}"
                else:
                    name = getattr(item, "name", None) or item.host
                found[sort, getattr(item, "namespace", ""), name] = item
    return found


def _parts(keys: Sequence[Key]) -> Iterator[frozenset[Key]]:
    """Each alone, all but each, and all.

    More of them show nothing new: a request is worst off where what it needs is there last, or gone first.
    """
    for key in keys:
        yield frozenset({key})
        yield frozenset(keys) - {key}
    yield frozenset(keys)


ROUTES = WAVES[-1]


def syncing(old: Objects, new: Objects, *, stepwise: bool) -> Iterator[Objects]:
    """Every state of a cluster that syncs: the waves one after the other, each in any order, then prunes in any.

    An engine that is not `stepwise` sends routes before entries of workloads. Proxies may have the new routes before
    what came with them, and the old ones still when what is deleted is gone.
    """
    if not stepwise:
        yield old | {key: item for key, item in new.items() if key[0] in ROUTES}
        yield {key: item for key, item in new.items() if key[0] != "workload_entries"} | {
            key: item for key, item in old.items() if key[0] == "workload_entries"
        }
        yield new | {key: item for key, item in old.items() if key[0] in ROUTES and key in new}
    state = dict(old)
    for wave in WAVES:
        changed = [key for key, item in new.items() if key[0] in wave and old.get(key) != item]
        for part in _parts(changed):
            yield state | {key: new[key] for key in part}
        state |= {key: new[key] for key in changed}
    for part in _parts([key for key in old if key not in new]):
        yield {key: item for key, item in state.items() if key not in part}


class Fleet:
    """Revisions of a fleet whose clusters sync when they sync."""

    def __init__(
        self, plans: Sequence[Plan], published: str, copies: Mapping[str, frozenset[str]], *, stepwise: bool = True
    ) -> None:
        """`copies`: the hosts of which there are pods, in each cluster that has any.

        `stepwise`: whether what syncs waits for the mesh after each wave.
        """
        self._stepwise = stepwise
        self.published = published
        self.copies = copies
        by_cluster = [{plan.cluster: plan for plan in each.clusters} for each in plans]
        self.pure = {
            name: [Cluster(objects(each[name]), (place,)) for place, each in enumerate(by_cluster)]
            for name in by_cluster[-1]
        }
        self._met: dict[tuple[int, Endpoint, str], tuple[bool, bool]] = {}
        self.states = {name: list(self._states(pure)) for name, pure in self.pure.items()}

    def _states(self, pure: Sequence[Cluster]) -> Iterator[Cluster]:
        seen: list[Cluster] = list(pure)
        yield from pure
        for new in range(len(pure)):
            for old in range(new):
                for part in syncing(pure[old].objects, pure[new].objects, stepwise=self._stepwise):
                    state = Cluster(part, (old, new))
                    if state not in seen:
                        seen.append(state)
                        yield state

    def ways(self, name: str, there: Objects, host: str, path: str) -> list[Way]:
        """Whom requests for a host, and a path of it, are divided between."""
        if host == self.published:
            return self._of_edge(there, host, path)
        hosts = [
            share.host
            for (sort, *_), item in there.items()
            if sort == "virtual_services" and item.host == host
            for share in item.shares
        ]
        return [self._of_call(name, there, host, each) for each in hosts or [host]]

    def _of_call(self, name: str, there: Objects, host: str, under: str) -> Way:
        found = set()
        copy = host in self.copies.get(name, ())
        if under != host:
            selectors = [
                item.selector for (sort, *_), item in there.items() if sort == "aliases" and item.host == under
            ]
            if not selectors:
                return Way(own=False, endpoints=frozenset())
            marks = {key: value for key, value in selectors[0].items() if key != "app"}
            own = copy and not marks
        else:
            marks, own = {}, copy
        for (sort, *_), item in there.items():
            if sort == "service_entries" and item.host == host == under:
                found |= {
                    Endpoint(each.source, (each.gateway_namespace, each.gateway), under, "") for each in item.endpoints
                }
            if sort == "workload_entries" and host in item.hosts:
                at = item.endpoint
                if marks.items() <= dict(at.labels).items():
                    found.add(Endpoint(at.source, (at.gateway_namespace, at.gateway), under, ""))
        return Way(own, frozenset(found))

    def _of_edge(self, there: Objects, host: str, path: str) -> list[Way]:
        return [
            Way(own=False, endpoints=frozenset(self._of_subset(there, each.host, each.subset, path)))
            for each in self._destinations(there, host, path)
        ]

    def _destinations(self, there: Objects, host: str, path: str) -> Sequence[Any]:
        for (sort, *_), item in there.items():
            if sort == "published_routes" and item.host == host:
                for route in item.routes:
                    if path.startswith(route.match.prefix or "/"):
                        return list(route.destinations)
        return []

    def _of_subset(self, there: Objects, host: str, subset: str | None, path: str) -> Iterator[Endpoint]:
        labels: Mapping[str, str] | None = {} if subset is None else None
        for (sort, *_), item in there.items():
            if sort == "host_rules" and item.host == host:
                for each in item.subsets:
                    if each.name == subset:
                        labels = dict(each.labels)
        for (sort, *_), item in there.items():
            if sort == "host_entries" and item.host == host and labels is not None:
                for each in item.endpoints:
                    if labels.items() <= dict(each.labels).items():
                        yield Endpoint(each.cluster, None, self.published, path)

    def open(self, there: Objects, to: Endpoint) -> bool:
        """Whether the gateway of an endpoint lets its host in."""
        if to.gateway is None:
            return any(
                sort == "publications" and item.host == to.under and item.server.protocol == "mesh"
                for (sort, *_), item in there.items()
            )
        return any(
            sort == "exposures" and (item.namespace, item.gateway, item.host) == (*to.gateway, to.under)
            for (sort, *_), item in there.items()
        )

    def behind(self, there: Objects, to: Endpoint, host: str) -> bool:
        """Whether a copy answers behind the gateway."""
        if to.gateway is not None:
            return host in self.copies[to.cluster]
        return any(each.host in self.copies[to.cluster] for each in self._destinations(there, to.under, to.path))

    def meets(self, there: Cluster, to: Endpoint, host: str) -> tuple[bool, bool]:
        """Whether a request is let in there, and whether somebody answers behind it."""
        key = (id(there), to, host)
        if key not in self._met:
            self._met[key] = self.open(there.objects, to), self.behind(there.objects, to, host)
        return self._met[key]

    def answered(self, state: Mapping[str, Cluster], ways: Sequence[Way], host: str) -> bool:
        """Whether each of the places to which requests may be sent answers them."""
        return bool(ways) and all(
            way.own or any(all(self.meets(state[each.cluster], each, host)) for each in way.endpoints) for way in ways
        )

    def sorts_of(self, cluster: str, endpoints: Sequence[Endpoint], host: str) -> list[Cluster]:
        """One state of each sort that the callers of a cluster can tell apart."""
        found = {
            (each.revisions, *(self.meets(each, to, host) for to in endpoints)): each for each in self.states[cluster]
        }
        return list(found.values())


class Verdict(NamedTuple):
    """What can go wrong with requests of a consumer for a host."""

    closed: set[tuple[str, str, str]]
    """Consumer, host and the cluster whose gateway does not let it in, or leads it to a service that is not there."""
    cut: set[tuple[str, str]]
    """Consumer and host that nobody may answer because of these."""
    nothing: set[tuple[str, str]]
    """Consumer and host whose routes may lead to nothing."""


def judged(fleet: Fleet, requests: Sequence[tuple[str, str]]) -> Verdict:
    """Walks all states; `requests`: hosts, and paths of them."""
    found = Verdict(set(), set(), set())
    for name, (host, path) in product(fleet.pure, requests):
        whole = [fleet.ways(name, each.objects, host, path) for each in fleet.pure[name]]
        pure = [
            fleet.answered({other: all_of[place] for other, all_of in fleet.pure.items()}, ways, host)
            for place, ways in enumerate(whole)
        ]
        walked = []
        for mine in fleet.states[name]:
            ways = fleet.ways(name, mine.objects, host, path)
            if (mine.revisions, ways) in walked:
                continue
            walked.append((mine.revisions, ways))
            led = bool(ways) and not any(way.empty for way in ways)
            if not led and all(pure[each] for each in mine.revisions):
                found.nothing.add((name, host))
            endpoints = {each for way in ways for each in way.endpoints}
            sources = sorted({each.cluster for each in endpoints})
            sorts = [fleet.sorts_of(each, [to for to in endpoints if to.cluster == each], host) for each in sources]
            for states in product(*sorts):
                state = dict(zip(sources, states, strict=True))
                closed = False
                for each in endpoints:
                    there = state[each.cluster]
                    of = [place for place in mine.revisions if _leads(whole[place], each)] or list(mine.revisions)
                    if not all(all(fleet.meets(fleet.pure[each.cluster][place], each, host)) for place in of):
                        continue
                    let_in, behind = fleet.meets(there, each, host)
                    if let_in and behind:
                        continue
                    runs = next(
                        (
                            at
                            for at in there.revisions
                            if not all(fleet.meets(fleet.pure[each.cluster][at], each, host))
                        ),
                        there.revisions[-1],
                    )
                    if runs <= of[0] and not any(pure[: runs + 1]):
                        continue
                    found.closed.add((name, host, each.cluster))
                    closed = True
                if closed and led and pure[0] and pure[-1] and not fleet.answered(state, ways, host):
                    found.cut.add((name, host))
    return found


def _leads(ways: Sequence[Way], to: Endpoint) -> bool:
    return any(to in way.endpoints for way in ways)
