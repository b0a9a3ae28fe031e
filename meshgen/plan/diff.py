"""What lies between two plans, as data: objects by key, and what the change means for those who call.

    found = diff(old, new)
    found.changed[Key("c1", "ServiceEntry", "mesh", "web.shop.svc.cluster.local")]  # (old, new)
    found.lost                                                                      # uses that only the old plan has

Laws (tests/plan/test_diff.py): `diff(p, p)` is empty, `applied(objects(old), diff(old, new)) == objects(new)`,
`diff(new, old) == diff(old, new).inverse()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.analysis.hosts import host_matches
from meshgen.plan.keys import objects
from meshgen.plan.model import GatewayAddress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from meshgen.calls import RemoteEndpoint
    from meshgen.plan.keys import Key, Planned
    from meshgen.plan.model import Plan
    from meshgen.plan.reach import Reach


class Use(NamedTuple):
    """Callers of `consumer` reach `host` through a gateway of another cluster."""

    consumer: str
    host: str
    gateway: GatewayAddress


class Entrance(NamedTuple):
    """A gateway lets requests for `host` in; a leading `*` stands for all hosts that end so."""

    gateway: GatewayAddress
    host: str


class Loss(NamedTuple):
    """What callers of `consumer` no longer have for `host`, the worst of it."""

    consumer: str
    host: str
    kind: Literal["last", "failover", "port"]
    """`last`: nobody answers them; `failover`: one cluster does, where it was several; `port`: they answer on fewer."""
    gateways: tuple[GatewayAddress, ...]
    """Of the other clusters that they are sent to no longer, sorted."""
    own: bool
    """Whether they lose their own cluster's copy."""
    ports: tuple[int, ...]
    """The ports that lead nowhere any more, sorted; only of a loss of that kind."""


@dataclass(frozen=True, slots=True)
class Diff:
    """The way from one plan to another. Everything is sorted, by cluster first."""

    added: Mapping[Key, Planned]
    removed: Mapping[Key, Planned]
    changed: Mapping[Key, tuple[Planned, Planned]]
    """Old and new of what both plans have and say differently."""
    gained: tuple[Use, ...]
    """Uses that only the new plan has: a consumer gets a source for a host."""
    lost: tuple[Use, ...]
    """Uses that only the old plan has."""
    opened: tuple[Entrance, ...]
    """What the new plan lets in and the old one did not."""
    closed: tuple[Entrance, ...]
    """What the old plan let in and the new one does not."""

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters in which an object or a fact changes, sorted; the empty name is the fleet's."""
        return tuple(sorted({key.cluster for keys in (self.added, self.removed, self.changed) for key in keys}))

    def of(self, cluster: str) -> Diff:
        """The part that is about one cluster: its objects and facts, what it uses and what it lets in."""
        return Diff(
            added={key: item for key, item in self.added.items() if key.cluster == cluster},
            removed={key: item for key, item in self.removed.items() if key.cluster == cluster},
            changed={key: pair for key, pair in self.changed.items() if key.cluster == cluster},
            gained=tuple(use for use in self.gained if use.consumer == cluster),
            lost=tuple(use for use in self.lost if use.consumer == cluster),
            opened=tuple(entrance for entrance in self.opened if entrance.gateway.cluster == cluster),
            closed=tuple(entrance for entrance in self.closed if entrance.gateway.cluster == cluster),
        )

    def inverse(self) -> Diff:
        """The way back."""
        return Diff(
            added=self.removed,
            removed=self.added,
            changed={key: (new, old) for key, (old, new) in self.changed.items()},
            gained=self.lost,
            lost=self.gained,
            opened=self.closed,
            closed=self.opened,
        )

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any((self.added, self.removed, self.changed, self.gained, self.lost, self.opened, self.closed))


def diff(old: Plan, new: Plan) -> Diff:
    """Compare two plans; what does not count in a plan, as places in the fleet, makes no difference."""
    before, after = objects(old), objects(new)
    used, using = uses(old), uses(new)
    return Diff(
        added={key: item for key, item in after.items() if key not in before},
        removed={key: item for key, item in before.items() if key not in after},
        changed={key: (item, after[key]) for key, item in before.items() if key in after and after[key] != item},
        gained=tuple(sorted(using - used)),
        lost=tuple(sorted(used - using)),
        opened=_not_covered(new, old),
        closed=_not_covered(old, new),
    )


def applied(before: Mapping[Key, Planned], change: Diff) -> dict[Key, Planned]:
    """What the objects `before` become by a diff, sorted by key."""
    kept = {key: item for key, item in before.items() if key not in change.removed}
    kept.update(change.added)
    kept.update((key, new) for key, (_, new) in change.changed.items())
    return dict(sorted(kept.items()))


def uses(plan: Plan) -> frozenset[Use]:
    """Everything that the entries of a plan send to other clusters."""
    found: set[Use] = set()
    for cluster in plan.clusters:
        for entry in cluster.service_entries:
            found.update(Use(cluster.cluster, entry.host, _gateway(endpoint)) for endpoint in entry.endpoints)
        for workload in cluster.workload_entries:
            found.update(Use(cluster.cluster, host, _gateway(workload.endpoint)) for host in workload.hosts)
    return frozenset(found)


def used_by(consumer: str, host: str, reach: Reach) -> Iterator[Use]:
    """The uses of one call."""
    return (Use(consumer, host, source.gateway) for source in reach.sources)


def lost(consumer: str, host: str, old: Reach, new: Reach | None) -> Loss | None:
    """What of a call that had sources is lost; `new` is None where the consumer is no more.

    A source may move to another gateway of its cluster, and callers to a copy of their own.
    """
    after = frozenset() if new is None else new.clusters
    gateways = tuple(source.gateway for source in old.sources if source.gateway.cluster not in after)
    own = old.own and (new is None or not new.own)
    if new is None or not new.places:
        return Loss(consumer, host, "last", gateways, own, ()) if old.sources else None
    if old.places > 1 and new.places == 1:
        return Loss(consumer, host, "failover", gateways, own, ())
    ports = () if new.own or old.own else tuple(port for port in old.ports if port not in new.ports)
    return Loss(consumer, host, "port", (), False, ports) if ports else None  # noqa: FBT003


def cut(used: Iterable[Use], new: Plan) -> tuple[Use, ...]:
    """The uses whose gateway no longer lets their host in under the new plan, sorted: such requests are reset."""
    return tuple(sorted(use for use in used if not lets_in(new.exposed, use.gateway, use.host)))


def lets_in(exposed: Mapping[GatewayAddress, Collection[str]], gateway: GatewayAddress, host: str) -> bool:
    """Whether a gateway lets requests for a host in; for a host with a leading `*`, for all of them.

    `exposed`: the hosts that each gateway lets in, as in a plan.
    """
    hosts = exposed.get(gateway, ())
    return host in hosts or any(host_matches(pattern, host) for pattern in hosts)


def _not_covered(plan: Plan, other: Plan) -> tuple[Entrance, ...]:
    return tuple(
        sorted(
            Entrance(gateway, host)
            for gateway, hosts in plan.exposed.items()
            for host in hosts
            if not lets_in(other.exposed, gateway, host)
        )
    )


def _gateway(endpoint: RemoteEndpoint) -> GatewayAddress:
    return GatewayAddress(endpoint.source, endpoint.gateway_namespace, endpoint.gateway)
