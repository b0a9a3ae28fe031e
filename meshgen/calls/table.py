"""The table of calls: how each consumer gets each exposed host, derived once. Rules, plan and views read it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace, own_entries
from meshgen.analysis.hosts import ServiceName, parse_host
from meshgen.calls.groups import groups_of
from meshgen.calls.imports import Importing
from meshgen.calls.levels import ranks
from meshgen.calls.model import Call, Reason
from meshgen.calls.reasons import local_reasons, remote_reason, traffic_reasons, unreachable_reasons
from meshgen.calls.staying import shares, stays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls.groups import Group
    from meshgen.calls.levels import Arranged
    from meshgen.calls.model import Import, State
    from meshgen.language.inventory import ObservedService


class Calls:
    """The calls of a fleet, those of each consumer derived when they are first asked for, and kept.

    `consumers`: the only clusters to derive calls for; None: all. Compared by identity.
    """

    def __init__(self, relations: Relations, consumers: frozenset[str] | None = None) -> None:
        self.relations = relations
        self.consumers = tuple(
            cluster.name for cluster in relations.fleet.clusters if consumers is None or cluster.name in consumers
        )
        self.multicluster_namespace = multicluster_namespace(relations.fleet)
        self._importing = Importing(relations, self.multicluster_namespace)
        self._services = {host: _service(relations, host) for host in relations.by_host}
        self._derived: dict[str, _Consumer] = {}

    def of(self, consumer: str) -> dict[str, Call]:
        """Host → the call of one consumer, sorted by host."""
        return self._consumer(consumer).calls

    def groups(self, consumer: str) -> tuple[Group, ...]:
        """The groups of Services that share entries in one consumer, sorted by namespace and name of their lead."""
        return self._consumer(consumer).groups

    def __iter__(self) -> Iterator[Call]:
        """Every call, sorted by host, then consumer."""
        return iter(self._all)

    @cached_property
    def _all(self) -> tuple[Call, ...]:
        return tuple(self.of(consumer)[host] for host in self._services for consumer in self.consumers)

    @cached_property
    def all_groups(self) -> tuple[Group, ...]:
        """The groups of all consumers, sorted by consumer; none where a control plane writes entries."""
        if not own_entries(self.relations.fleet):
            return ()
        return tuple(group for consumer in self.consumers for group in self.groups(consumer))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """The imports that meshgen writes, sorted by host, then consumer; none where a control plane writes entries."""
        if not own_entries(self.relations.fleet):
            return ()
        return tuple(item for call in self for item in call.imports)

    def _consumer(self, consumer: str) -> _Consumer:
        if consumer not in self._derived:
            self._derived[consumer] = _Consumer(self.relations, consumer, self._services, self._importing)
        return self._derived[consumer]


def _service(relations: Relations, host: str) -> ServiceName:
    name = parse_host(host, relations.fleet.spec.cluster_domain)
    if name is None:
        message = f"{host} is not a Service"  # every exposed host is one
        raise ValueError(message)
    return name


def _everything(sources: tuple[Exposure, ...]) -> bool:
    """Whether the workspace of these exposes everything: its Services are not listed."""
    return sources[0].workspace.exposed_services is None


class _Consumer:
    """The calls of one consumer."""

    def __init__(
        self, relations: Relations, consumer: str, services: dict[str, ServiceName], importing: Importing
    ) -> None:
        self._relations = relations
        self._name = consumer
        self._importing = importing
        self._families = relations.facts[consumer].families
        self._serving = {host: self._served(exposures) for host, exposures in relations.by_host.items()}
        self._locals = {
            name: local
            for host, name in services.items()
            if (local := relations.local(consumer, relations.by_host[host][0].workspace, name)) is not None
        }
        self._beside_own = {
            name: importing.arranged(consumer, sources, own=True)
            for host, name in services.items()
            if name in self._locals and (sources := self._may_move(host, name))
        }
        self._movable = {name: found for name, found in self._beside_own.items() if found.sources}
        self._staying: dict[ServiceName, str] = {}
        self.groups = tuple(sorted(self._agreeing(), key=lambda group: group.lead))
        self._group_of = {
            ServiceName(service.namespace, service.name): group for group in self.groups for service in group.services
        }
        self._beside = {
            name: item for group in self.groups for name, item in importing.beside_pods(consumer, group, self._movable)
        }
        self.calls = {host: self._call(host, name) for host, name in services.items()}

    def _agreeing(self) -> list[Group]:
        """The groups, without what stays local because its workspace exposes everything (ADR 30)."""
        if not own_entries(self._relations.fleet):
            return list(self._grouped())
        for name, found in self._movable.items():
            sources = found.sources
            why = stays(self._relations, self._name, self._locals[name], sources) if _everything(sources) else None
            if why is not None:
                self._staying[name] = why
        self._movable = {name: found for name, found in self._movable.items() if name not in self._staying}
        kept: list[Group] = []
        for group in self._grouped():
            if group.conflict is None or group.workspace.exposed_services is not None:
                kept.append(group)
                continue
            for service in group.services:
                name = ServiceName(service.namespace, service.name)
                if self._movable.pop(name, None) is not None:
                    self._staying[name] = shares(group.conflict, service)
        return kept

    def _served(self, exposures: list[Exposure]) -> tuple[Exposure, ...]:
        cluster = self._relations.cluster(self._name)
        serving = (
            exposure
            for exposure in exposures
            if exposure.serves
            and exposure.cluster != self._name
            and self._relations.consumes(cluster, exposure)
            and exposure.reach.usable(self._families)
        )
        return self._importing.interned(serving, self._families)

    def _may_move(self, host: str, name: ServiceName) -> tuple[Exposure, ...]:
        """The sources that callers of the own copy may move to: of the same workspace, with failover on."""
        workspace = self._relations.workspace_of(self._name, name.namespace)
        movable = (
            source
            for source in self._serving[host]
            if workspace is not None and source.workspace.name == workspace.name and source.failover.enabled
        )
        return self._importing.interned(movable, self._families)

    def _grouped(self) -> Iterator[Group]:
        sources: dict[str, dict[str, tuple[str, ...]]] = {}
        levels: dict[str, dict[str, tuple[object, ...]]] = {}
        for name, found in self._movable.items():
            sources.setdefault(name.namespace, {})[name.name] = tuple(source.cluster for source in found.sources)
            levels.setdefault(name.namespace, {})[name.name] = ranks(found)
        by_namespace: dict[str, list[ObservedService]] = {namespace: [] for namespace in sorted(sources)}
        for name, service in self._relations.services[self._name].items():
            if name.namespace in by_namespace:
                by_namespace[name.namespace].append(service)
        for namespace, services in by_namespace.items():
            workspace = self._relations.workspace_of(self._name, namespace)
            if workspace is not None:
                yield from groups_of(self._name, workspace, services, sources[namespace], levels[namespace])

    def _call(self, host: str, name: ServiceName) -> Call:
        exposures = self._relations.by_host[host]
        workspace = exposures[0].workspace
        local = self._locals.get(name)
        namesake = None if local is not None else self._relations.namesake(self._name, workspace, name)
        imports: list[Import] = []
        remote = None
        if namesake is None and (local is None or local.state == "arriving") and self._serving[host]:
            remote = self._importing.arranged(self._name, self._serving[host], own=False)
            if remote.sources:
                imports.append(self._importing.remote_only(self._name, host, name, remote))
        unfit = None
        if local is not None and name in self._movable:
            unfit = self._relations.unexposable(self._name, local)
            if unfit is None and name in self._beside:
                imports.append(self._beside[name])
        state, sources = self._state(name, local, namesake, remote)
        arranged = self._beside_own.get(name) if local is not None else remote
        return Call(
            consumer=self._name,
            host=host,
            service=name,
            state=state,
            standing="own" if local is not None else "namesake" if namesake is not None else "none",
            local=local or namesake,
            unfit=unfit,
            stays=self._staying.get(name),
            serving=self._serving[host],
            sources=sources,
            unused=arranged.unused if arranged is not None else (),
            imports=tuple(imports),
            exposes=any(exposure.cluster == self._name for exposure in exposures),
            reasons=tuple(self._reasons(host, name, local, namesake, arranged)),
            may_call=any(
                exposure.cluster != self._name
                and self._relations.consumes(self._relations.cluster(self._name), exposure)
                for exposure in exposures
            ),
        )

    def _state(
        self,
        name: ServiceName,
        local: ObservedService | None,
        namesake: ObservedService | None,
        remote: Arranged | None,
    ) -> tuple[State, tuple[Exposure, ...]]:
        if namesake is not None:
            return "local", ()
        if local is not None:
            group = self._group_of.get(name)
            moving = name in self._movable and not (group and group.conflict)
            return ("failover", self._movable[name].sources) if moving else ("local", ())
        return ("remote", remote.sources) if remote is not None and remote.sources else ("unreachable", ())

    def _reasons(
        self,
        host: str,
        name: ServiceName,
        local: ObservedService | None,
        namesake: ObservedService | None,
        arranged: Arranged | None,
    ) -> Iterator[Reason]:
        exposures, serving = self._relations.by_host[host], self._serving[host]
        if namesake is not None:
            yield Reason("namesake", self._name, (exposures[0].workspace.name,))
            return
        if local is not None:
            yield from local_reasons(
                self._name,
                local,
                serving,
                moving=name in self._beside_own,
                group=self._group_of.get(name),
                stays=self._staying.get(name),
                used=arranged is None or all(unused.cluster != self._name for unused in arranged.unused),
            )
        elif arranged is not None and arranged.sources:
            yield remote_reason(self._name, self._relations.services[self._name].get(name))
            yield from self._importing.served_by(arranged.sources)
        if arranged is not None:
            yield from traffic_reasons(self._name, arranged)
        if not serving:
            yield from unreachable_reasons(self._relations, self._name, exposures)
