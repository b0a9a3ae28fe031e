"""How the callers of each cluster reach each host, as data that outlives the fleet that it follows from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import parse_host
from meshgen.plan.model import GatewayAddress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Call, Calls
    from meshgen.language.inventory import ObservedService


class Source(NamedTuple):
    """Another cluster that serves a host."""

    gateway: GatewayAddress
    accounts: tuple[str, ...] | None
    """Identities of its pods, sorted, as `<trust domain>/ns/<namespace>/sa/<account>`; None: unknown."""
    consumers: str
    """The selector that chooses its consumers, as JSON; empty: none is written."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How callers of one cluster reach one host."""

    own: bool
    """Whether a Service of the cluster answers, one that is there and stays."""
    own_accounts: tuple[str, ...] | None
    """Identities of its pods, as those of a source."""
    sources: tuple[Source, ...]
    """The other clusters that callers are sent to, sorted by cluster."""
    ports: tuple[int, ...]
    """TCP ports that lead there, sorted; empty without sources."""
    draining: bool
    """Whether the fleet has announced that the callers' cluster goes."""
    passes_own: bool = False
    """Whether routes lead past a copy of the cluster's own, if there is one."""
    aliases: tuple[str, ...] = ()
    """The hosts to which routes with shares lead, under which the sources are called then; empty: under the host."""

    def within(self, others: Iterable[Reach]) -> Reach:
        """Itself with those sources only that all others have, too."""
        common = [{source.gateway for source in other.sources} for other in others]
        if not common:
            return self
        return replace(self, sources=tuple(each for each in self.sources if all(each.gateway in at for at in common)))

    @property
    def places(self) -> int:
        """In how many clusters the host is answered."""
        return self.own + len(self.clusters)

    @property
    def clusters(self) -> frozenset[str]:
        """The other clusters."""
        return frozenset(source.gateway.cluster for source in self.sources)

    @property
    def accepted(self) -> frozenset[str] | None:
        """The identities that callers accept; None where one is unknown: then they accept all, or nobody knows.

        Source: `Import`s, and accounts of all endpoints of a Service together (meshgen/analysis/accounts.py).
        """
        known = [source.accounts for source in self.sources] + ([self.own_accounts] if self.own else [])
        if any(accounts is None for accounts in known):
            return None
        return frozenset(account for accounts in known for account in accounts or ())


class Reaches:
    """The reach of every call of a fleet. Equal parts of it are one object, so that memory grows with the sources."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._relations = calls.relations
        self._written = own_entries(calls.relations.fleet)
        self._sources: dict[int, Source] = {}
        self._shared: dict[tuple[object, ...], Reach] = {}

    def of(self, consumer: str) -> Iterator[tuple[str, Reach]]:
        """The hosts that `consumer` gets from other clusters, sorted."""
        for host, call in self._calls.of(consumer).items():
            if call.sources or call.imports:
                reach = self._reach(call)
                if reach.sources:
                    yield host, reach

    def at(self, consumer: str, host: str) -> Reach:
        """How a cluster of the fleet reaches a host, which nobody needs to expose."""
        call = self._calls.of(consumer).get(host)
        if call is not None:
            return self._reach(call)
        name = parse_host(host, self._relations.fleet.spec.cluster_domain)
        local = None if name is None else self._relations.services[consumer].get(name)
        return self._made(consumer, local, (), ())

    def _reach(self, call: Call) -> Reach:
        if self._written:
            found = {id(source): source for item in call.imports if item.takes for source in item.sources}
            used = tuple(sorted(found.values(), key=lambda source: source.cluster))
        else:
            used = call.sources
        ports = {port.port for port in call.imports[0].ports if port.protocol == "TCP"} if call.imports else set()
        routed_past = any(item.routes for item in call.imports) and call.leaves_own
        local = None if routed_past else call.local
        ports_there = tuple(sorted(ports)) if used else ()
        aliases = tuple(route.host for item in call.imports for route in item.routes)
        return self._made(call.consumer, local, used, ports_there, passes_own=routed_past, aliases=aliases)

    def _made(
        self,
        consumer: str,
        local: ObservedService | None,
        sources: tuple[Exposure, ...],
        ports: tuple[int, ...],
        *,
        passes_own: bool = False,
        aliases: tuple[str, ...] = (),
    ) -> Reach:
        own = local is not None and local.state == "active"
        accounts = identities(self._relations, consumer, local) if own and local is not None else None
        draining = self._relations.cluster(consumer).state == "draining"
        key = (own, accounts, tuple(map(id, sources)), ports, draining, passes_own, aliases)
        if key not in self._shared:
            placed = tuple(map(self._source, sources))
            self._shared[key] = Reach(own, accounts, placed, ports, draining, passes_own, aliases)
        return self._shared[key]

    def _source(self, exposure: Exposure) -> Source:
        if id(exposure) not in self._sources:
            self._sources[id(exposure)] = Source(
                GatewayAddress(exposure.cluster, exposure.gateway.namespace, exposure.gateway.name),
                identities(self._relations, exposure.cluster, exposure.service),
                chosen(exposure),
            )
        return self._sources[id(exposure)]


def identities(relations: Relations, cluster: str, service: ObservedService) -> tuple[str, ...] | None:
    """Those of the pods of a Service, sorted, as those of a source."""
    if service.service_accounts is None:
        return None
    place = f"{relations.facts[cluster].trust_domain}/ns/{service.namespace}/sa/"
    return tuple(sorted({place + account for account in service.service_accounts}))


def chosen(exposure: Exposure) -> str:
    """What chooses the consumers of an exposure, as JSON; empty: nothing does."""
    selector = exposure.consumers
    return "" if selector is None else json.dumps(selector.model_dump(exclude_none=True), sort_keys=True)
