"""Whether a change is safe in whatever order clusters sync: clusters sync when they sync.

A state of the fleet gives each cluster one of the revisions from the oldest that any may still run to the new one. In
between, a cluster has the endpoints of the older or of the newer revision, and maybe those of both: entries come before
prunes (`PruneLast`, ADR 12), and a ServiceEntry changes as a whole. So all states are seen by looking at every pair of
revisions: that of the caller, and that of the source.

Addresses, copies and accounts are facts of the clusters, not of a revision: they are as the newest inventories have
them. What is broken with every cluster at one revision is no question of order, and not told here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.plan.diff import lets_in
from meshgen.plan.gateways import exposed
from meshgen.plan.model import GatewayAddress
from meshgen.plan.reach import Reaches, identities
from meshgen.review.model import Hazard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.published import Published
    from meshgen.review.model import Side
    from meshgen.revisions.compile import Meaning


def hazards(revisions: Sequence[Side]) -> tuple[Hazard, ...]:
    """Every way in which the order of syncs can hurt, one for each call and source: the nearest revisions.

    `revisions`: from the oldest that any cluster may still run to the new one, whose inventories are the facts.
    """
    world = _World(revisions[-1].meaning.relations)
    tables = [_Table(side.meaning) for side in revisions]
    found: dict[tuple[str, str, GatewayAddress, bool], Hazard] = {}
    for consumer, host in sorted({call for table in tables for call in table.calls}):
        for hazard in _of_call(consumer, host, tables, world):
            key = (host, consumer, hazard.source, hazard.withdrawn)
            known = found.get(key)
            if known is None or (hazard.cut, -_apart(hazard)) > (known.cut, -_apart(known)):
                found[key] = hazard
    return tuple(sorted(found.values(), key=lambda hazard: (not hazard.cut, hazard)))


def _apart(hazard: Hazard) -> int:
    return abs(hazard.source_runs - hazard.consumer_runs)


def _of_call(consumer: str, host: str, tables: Sequence[_Table], world: _World) -> Iterator[Hazard]:
    own = world.has(consumer, host)
    pure = [
        own or any(world.answers(use, host) and table.lets_in(use.gateway, host) for use in table.uses(consumer, host))
        for table in tables
    ]
    lasting = pure[0] and pure[-1]
    for place, table in enumerate(tables):
        uses = table.uses(consumer, host)
        closed = {use: [j for j, other in enumerate(tables) if not other.lets_in(use.gateway, host)] for use in uses}
        relied_on = own or any(not closed[use] and world.answers(use, host) for use in uses)
        for use in uses:
            if place in closed[use]:
                continue
            for other in closed[use]:
                yield Hazard(host, consumer, use.gateway, place, other, not use.service, cut=lasting and not relied_on)


@dataclass(frozen=True, slots=True)
class _Use:
    gateway: GatewayAddress
    accepted: frozenset[str] | None
    """The identities that the consumer accepts; None: all."""
    service: bool = True
    """Whether it is for a Service of the source; else for what an ingress gateway publishes there."""


class _Table:
    """What one revision says: who is sent where, and what gateways let in."""

    def __init__(self, meaning: Meaning) -> None:
        self._exposed = {gateway: set(hosts) for gateway, hosts in exposed(meaning.relations)}
        self._uses: dict[tuple[str, str], tuple[_Use, ...]] = {}
        reaches = Reaches(meaning.calls)
        for name in meaning.relations.facts:
            for host, reach in reaches.of(name):
                self._uses[name, host] = tuple(_Use(source.gateway, reach.accepted) for source in reach.sources)
        for published in meaning.published:
            self._publish(published)

    def _publish(self, published: Published) -> None:
        """Edge gateways call ingress gateways under the published host."""
        gateways = {item.cluster: GatewayAddress(item.cluster, *item.key) for item in published.ingress_gateways}
        for cluster, gateway in gateways.items():
            if published.lets_in(cluster):
                self._exposed.setdefault(gateway, set()).add(published.host)
        if published.behind_edge:
            for cluster, arrangement in published.overall.items():
                called = [gateways[item.cluster] for level in arrangement.levels for item in level]
                self._uses[cluster, published.host] = tuple(_Use(gateway, None, service=False) for gateway in called)

    @property
    def calls(self) -> Iterator[tuple[str, str]]:
        return iter(self._uses)

    def uses(self, consumer: str, host: str) -> tuple[_Use, ...]:
        return self._uses.get((consumer, host), ())

    def lets_in(self, gateway: GatewayAddress, host: str) -> bool:
        return lets_in(self._exposed, gateway, host)


class _World:
    """What is there, whatever the clusters run."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    def has(self, cluster: str, host: str) -> bool:
        """Whether a Service of the cluster itself answers, one that is there and stays."""
        service = self._service(cluster, host)
        return service is not None and service.state == "active"

    def answers(self, use: _Use, host: str) -> bool:
        """Whether a gateway has an address, a copy behind it, and one that the consumer accepts."""
        cluster = use.gateway.cluster
        if cluster not in self._relations.facts:
            return True  # nothing is known of it any more; whether it lets requests in, revisions say
        reach = self._relations.reaches[cluster].get((use.gateway.namespace, use.gateway.name))
        if reach is not None and not reach.known:
            return False
        if not use.service:
            return True
        service = self._service(cluster, host)
        if service is None:
            return False
        accounts = identities(self._relations, cluster, service)
        return use.accepted is None or accounts is None or use.accepted.issuperset(accounts)

    def _service(self, cluster: str, host: str) -> ObservedService | None:
        name = parse_host(host, self._relations.fleet.spec.cluster_domain)
        return None if name is None else self._relations.services.get(cluster, {}).get(name)
