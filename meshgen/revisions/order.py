"""Whether a change is safe in whatever order clusters sync (docs/adr/0048-any-order.md).

A state of the fleet gives each cluster one of the revisions from the oldest that any may still run to the new one.
While a cluster syncs it has the endpoints of the older or of the newer revision, and maybe those of both: entries come
before prunes (`PruneLast`, ADR 12), and a ServiceEntry changes as a whole; its gateways let in what they do by both,
until what goes is pruned. So all states are seen by looking at every pair of revisions: that of the caller, and that of
the source. What stands between callers and their endpoints inside of a cluster is found by `meshgen.revisions.waves`.

Addresses, copies and accounts are facts of the clusters, not of a revision: they are as the newest inventories have
them. A request for a published host is one that some route takes: an edge leads it by its own routes, an ingress
gateway by those of the revision that its cluster runs. What is broken with every cluster at one revision is no question
of order, and not told here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.hosts import host_matches, parse_host
from meshgen.plan.diff import lets_in
from meshgen.plan.reach import identities
from meshgen.published.matches import Request, samples, takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.plan.model import GatewayAddress
    from meshgen.revisions.runs import Called, Run, Target


class Hazard(NamedTuple):
    """A state in which callers are sent to a gateway that does not let them in, or to nobody behind it."""

    host: str
    consumer: str
    source: GatewayAddress
    consumer_runs: int
    """Place of the consumer's revision among those that clusters may run."""
    source_runs: int
    """Place of the source's."""
    published: bool
    """Whether an edge gateway calls for users."""
    cut: bool
    """Whether nobody else can be relied on to answer then, although somebody does before and after."""
    alone: bool = False
    """Whether nobody else can be relied on to answer then, whatever was before."""
    under: str = ""
    """The host that the source is asked for, where it is another one: an alias."""
    by: str = ""
    """By what the consumer's call is known."""
    astray: bool = False
    """Whether the gateway lets the callers in, but leads them to a service that its cluster lacks."""
    others: tuple[tuple[str, int], ...] = ()
    """Where it is `alone`: the clusters that could answer else, each at the place of a revision by which it does not
    either; sorted. With the two above this is the whole state."""

    @property
    def withdrawn(self) -> bool:
        """Whether the source runs the newer revision: its exposure goes too early. Else it comes too late."""
        return self.source_runs > self.consumer_runs


def hazards(runs: Sequence[Run], facts: Relations, *, newest: bool = False) -> tuple[Hazard, ...]:
    """Every way in which the order of syncs can hurt, one for each call and source: the nearest revisions.

    `runs`: the revisions from the oldest that any cluster may still run to the new one; `facts`: what is there now;
    `newest`: only where one of the two clusters runs the new one. A source that lets callers in too late counts only
    where somebody answers them by the revision that it runs, or by an older one: whom nobody answers yet, nobody calls.
    """
    world = _World(facts)
    found: dict[tuple[str, str, GatewayAddress, bool], Hazard] = {}
    consumers = sorted({consumer for run in runs for consumer in run.consumers | {each for each, _ in run.edges}})
    last = len(runs) - 1
    for host in sorted(_moving(runs)):
        for consumer in consumers:
            for hazard in _of_call(consumer, host, runs, world):
                if newest and last not in (hazard.consumer_runs, hazard.source_runs):
                    continue
                key = (host, consumer, hazard.source, hazard.withdrawn)
                known = found.get(key)
                if known is None or _weight(hazard) > _weight(known):
                    found[key] = hazard
    return tuple(sorted(found.values(), key=lambda hazard: (not hazard.cut, hazard)))


def _moving(runs: Sequence[Run]) -> set[str]:
    """The hosts that some gateway lets in by one revision and not by another: no other call depends on any order.

    Also those of which that is so for an alias, and published ones whose requests gateways lead elsewhere.
    """
    names = {name: host for run in runs for name, host in run.names.items()}
    names |= {host: host for run in runs for _, host in run.edges}
    found: set[str] = set()
    for gateway in {gateway for run in runs for gateway in run.doors}:
        doors = [run.doors.get(gateway, frozenset()) for run in runs]
        moved = frozenset().union(*doors) - frozenset.intersection(*doors)
        patterns = [name for name in moved if name.startswith("*")]
        candidates = (names.keys() & moved) | {
            name for name in names if any(host_matches(pattern, name) for pattern in patterns)
        }
        found |= {
            names[name] for name in candidates if len({lets_in({gateway: let}, gateway, name) for let in doors}) > 1
        }
    insides = [run.inside for run in runs]
    for key in {key for inside in insides for key in inside}:
        if any(inside.get(key) != insides[0].get(key) for inside in insides):
            found.add(key[1])
    return found


def _weight(hazard: Hazard) -> tuple[bool, bool, int]:
    """The worst counts, then what is not about an alias only, then the nearest."""
    return hazard.cut, not hazard.under, -abs(hazard.source_runs - hazard.consumer_runs)


def _of_call(consumer: str, host: str, runs: Sequence[Run], world: _World) -> Iterator[Hazard]:
    calls = [run.calls(consumer, host) for run in runs]
    if not any(called.published for some in calls for called in some):
        yield from _of_request(consumer, host, None, calls, runs, world)
        return
    requests = {request for some in calls for called in some for request in samples(called.match)}
    for request in sorted(requests):
        taking = [[called for called in some if takes(called.match, request)][:1] for some in calls]
        yield from _of_request(consumer, host, request, taking, runs, world)


def _of_request(
    consumer: str,
    host: str,
    request: Request | None,
    calls: Sequence[Sequence[Called]],
    runs: Sequence[Run],
    world: _World,
) -> Iterator[Hazard]:
    """`request`: one of a published host; None: any call of the mesh."""
    published = request is not None
    here = not published and world.has(consumer, host)

    def answered(called: Called, targets: Iterable[Target]) -> bool:
        return (here and called.own) or any(world.answers(target, called.service) for target in targets)

    def usable(run: Run, target: Target, under: str) -> bool:
        if not _open(run, target, under):
            return False
        leads = None if request is None else run.leads(target.gateway.cluster, host, request)
        return leads is None or world.there(target.gateway.cluster, leads)

    pure = [
        all(answered(called, (each for each in called.targets if usable(run, each, called.under))) for called in some)
        if some
        else here
        for some, run in zip(calls, runs, strict=True)
    ]
    for place, (some, run) in enumerate(zip(calls, runs, strict=True)):
        for called in some:
            closed = {
                each: [j for j, other in enumerate(runs) if not usable(other, each, called.under)]
                for each in called.targets
            }
            alone = not answered(called, (each for each in called.targets if not closed[each]))
            cut = pure[0] and pure[-1] and alone
            under = "" if called.under == host else called.under
            silent = {
                each.gateway.cluster: min(closed[each], key=lambda other: abs(other - place))
                for each in called.targets
                if alone and closed[each] and world.answers(each, called.service)
            }
            for each in called.targets:
                if not usable(run, each, called.under):
                    continue
                for other in closed[each]:
                    if other > place or any(pure[: other + 1]):
                        yield Hazard(
                            host,
                            consumer,
                            each.gateway,
                            place,
                            other,
                            published,
                            cut,
                            alone,
                            under,
                            called.by,
                            astray=_open(runs[other], each, called.under),
                            others=tuple(
                                sorted((at, runs) for at, runs in silent.items() if at != each.gateway.cluster)
                            ),
                        )


def _open(run: Run, target: Target, host: str) -> bool:
    return lets_in(run.doors, target.gateway, host)


class _World:
    """What is there, whatever the clusters run."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    def has(self, cluster: str, host: str) -> bool:
        """Whether a Service of the cluster itself answers, one that is there and stays."""
        return has_copy(self._relations, cluster, host)

    def there(self, cluster: str, host: str) -> bool:
        """Whether a cluster has a Service, as far as anything is known of it."""
        return cluster not in self._relations.facts or _service(self._relations, cluster, host) is not None

    def answers(self, target: Target, host: str) -> bool:
        """Whether a gateway has an address, a copy behind it, and one that the consumer accepts."""
        cluster = target.gateway.cluster
        if cluster not in self._relations.facts:
            return True  # nothing is known of it any more; whether it lets requests in, revisions say
        reach = self._relations.reaches[cluster].get((target.gateway.namespace, target.gateway.name))
        if reach is not None and not reach.known:
            return False
        service = _service(self._relations, cluster, host)
        if service is None:
            return False
        accounts = identities(self._relations, cluster, service)
        return target.accepted is None or accounts is None or target.accepted.issuperset(accounts)


def has_copy(relations: Relations, cluster: str, host: str) -> bool:
    """Whether a cluster has a Service of that name now that stays, exposed or not."""
    service = _service(relations, cluster, host)
    return service is not None and service.state == "active"


def _service(relations: Relations, cluster: str, host: str) -> ObservedService | None:
    name = parse_host(host, relations.fleet.spec.cluster_domain)
    return None if name is None else relations.services.get(cluster, {}).get(name)
