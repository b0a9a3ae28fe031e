"""In which form endpoints of other clusters come to a consumer: a ServiceEntry, a stub, WorkloadEntries beside pods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.protocols import speaks_http2
from meshgen.calls.endpoints import remote_endpoints, shared_ports
from meshgen.calls.model import Import, Level, Taken
from meshgen.calls.reasons import served_by
from meshgen.calls.retries import beside_team, retry
from meshgen.calls.traffic_policy import TrafficPolicyDecision, traffic_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.analysis.addresses import Families
    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.calls.groups import Group
    from meshgen.calls.model import Form, Reason, RemoteEndpoint
    from meshgen.calls.retries import RetryDecision
    from meshgen.language.inventory import ServicePort

Sources = tuple["Exposure", ...]


class Importing:
    """Derives imports; what does not depend on the consumer is derived once for all of them."""

    def __init__(self, relations: Relations, multicluster_namespace: str) -> None:
        self._relations = relations
        self._shared_namespace = multicluster_namespace
        self._interned: dict[tuple[Families | None, tuple[int, ...]], Sources] = {}
        self._families: dict[int, Families | None] = {}
        self._ports: dict[int, tuple[ServicePort, ...]] = {}
        self._endpoints: dict[tuple[str, str, str, Families | None], tuple[RemoteEndpoint, ...]] = {}
        self._all_endpoints: dict[int, tuple[RemoteEndpoint, ...]] = {}
        self._levels: dict[tuple[int, str | None], tuple[Level, ...]] = {}
        self._entries: dict[tuple[str, str, str, Families | None, ServiceName], tuple[Taken, ...]] = {}
        self._taken: dict[tuple[int, Form, str, str], tuple[Taken, ...]] = {}
        self._served_by: dict[int, tuple[Reason, ...]] = {}
        self._own_policies: dict[int, TrafficPolicyDecision] = {}
        self._decided: dict[tuple[int, int, bool], RetryDecision] = {}

    def interned(self, sources: Iterable[Exposure], families: Families | None) -> Sources:
        """One tuple for the same sources, whoever asks of those that dial the same families of addresses."""
        found = tuple(sources)
        kept = self._interned.setdefault((families, tuple(map(id, found))), found)
        self._families.setdefault(id(kept), families)
        return kept

    def served_by(self, serving: Sources) -> tuple[Reason, ...]:
        """Why callers may go where they may."""
        if id(serving) not in self._served_by:
            self._served_by[id(serving)] = served_by(serving)
        return self._served_by[id(serving)]

    def remote_only(self, consumer: str, host: str, service: ServiceName, sources: Sources) -> Import:
        """The import of a cluster that lacks the Service."""
        facts = self._relations.facts[consumer]
        form: Form = "serviceEntry" if facts.dns_capture else "stub"
        ports = self._shared_ports(sources)
        if form == "serviceEntry":
            namespace, name = self._shared_namespace, host
        else:
            namespace, name = service.namespace, names.local_policy(service.name)
        if namespace == service.namespace:
            policy = traffic_policy(self._relations, consumer, service, ports, local=False)
        else:
            policy = self._own_policy(sources)
        levels = self._in_levels(consumer, sources)
        retries = self._retries(consumer, sources, ports, levels=len(levels))
        # Pods that arrive are under this rule from their first moment, and must not be pinged by their own sidecars.
        pingable = form == "serviceEntry" or service not in self._relations.services[consumer]
        endpoints = self._endpoints_of(sources)
        return Import(
            form=form,
            consumer=consumer,
            host=host,
            service=service,
            local=None,
            levels=levels,
            sources=sources,
            endpoints=endpoints,
            ports=ports,
            namespace=namespace,
            policy=policy,
            pings=pingable and policy.owner == "ours" and facts.pings_http2 and speaks_http2(ports),
            retries=retries,
            takes=self._takes(form, sources, service, (namespace, name), policy, retries),
        )

    def beside_pods(
        self, consumer: str, group: Group, movable: Mapping[ServiceName, Sources]
    ) -> Iterator[tuple[ServiceName, Import]]:
        """The imports of the Services of a group, each with the sources that its callers may move to."""
        imports: list[Import] = []
        for local in group.services:
            service = ServiceName(local.namespace, local.name)
            sources = movable.get(service)
            if sources is None:
                continue  # a conflict of the group: it is served by nobody
            policy = traffic_policy(self._relations, consumer, service, local.ports, local=True)
            levels = self._in_levels(consumer, sources)
            imports.append(
                Import(
                    form="workloadEntries",
                    consumer=consumer,
                    host=sources[0].host,
                    service=service,
                    local=local,
                    levels=levels,
                    sources=sources,
                    endpoints=self._endpoints_of(sources),
                    ports=tuple(local.ports),
                    namespace=service.namespace,
                    policy=policy,
                    # The pods' own sidecars would ping their applications, too (ADR 10).
                    pings=False,
                    retries=self._retries_beside(consumer, sources, local.ports, levels=len(levels)),
                    takes=(),
                    group=group,
                )
            )
        emitted = group.conflict is None and all(item.policy.owner != "refused" for item in imports)
        for item in imports:
            yield item.service, self._taking(item, group) if emitted else item

    def _takes(
        self,
        form: Form,
        sources: Sources,
        service: ServiceName,
        place: tuple[str, str],
        policy: TrafficPolicyDecision,
        retries: RetryDecision,
    ) -> tuple[Taken, ...]:
        """What a cluster without the Service takes; `place`: namespace and name of its policies."""
        key = (id(sources), form, policy.owner, retries.carrier)
        if key not in self._taken:
            if form == "serviceEntry":
                takes = [Taken("serviceEntry", place[0], sources[0].host)]
            else:
                takes = [Taken("stub", place[0], service.name)]
                takes += (taken for source in sources for taken in self._entries_of(source, sources, service))
            takes += self._policies(*place, policy, retries)
            takes += self._remote_gateways(self._endpoints_of(sources))
            self._taken[key] = tuple(takes)
        return self._taken[key]

    def _own_policy(self, sources: Sources) -> TrafficPolicyDecision:
        """The decision for a host whose rule stands where no team writes rules for it."""
        if id(sources) not in self._own_policies:
            self._own_policies[id(sources)] = TrafficPolicyDecision("ours", export_to=export_to(sources))
        return self._own_policies[id(sources)]

    def _retries(
        self, consumer: str, sources: Sources, ports: tuple[ServicePort, ...], *, levels: int
    ) -> RetryDecision:
        """Who retries a host that the consumer lacks."""
        key = (id(sources), levels, self._relations.facts[consumer].mesh_retries)
        if key not in self._decided:
            self._decided[key] = retry(sources, ports, levels=levels, local=False, mesh_retries=key[2])
        return beside_team(self._decided[key], self._relations.virtual_services(consumer, sources[0].host))

    def _retries_beside(
        self, consumer: str, sources: Sources, ports: Sequence[ServicePort], *, levels: int
    ) -> RetryDecision:
        """Who retries a host that the consumer has itself."""
        mesh_retries = self._relations.facts[consumer].mesh_retries
        decision = retry(sources, ports, levels=levels, local=True, mesh_retries=mesh_retries)
        return beside_team(decision, self._relations.virtual_services(consumer, sources[0].host))

    def _taking(self, item: Import, group: Group) -> Import:
        return replace(
            item,
            takes=(
                *(taken for source in item.sources for taken in self._entries_of(source, item.sources, group.lead)),
                *self._policies(item.namespace, names.local_policy(item.service.name), item.policy, item.retries),
                *self._remote_gateways(item.endpoints),
            ),
        )

    def _policies(
        self, namespace: str, name: str, policy: TrafficPolicyDecision, retries: RetryDecision
    ) -> Iterator[Taken]:
        if policy.owner == "ours":
            yield Taken("destinationRule", namespace, name)
        if retries.carrier == "virtualService":
            yield Taken("virtualService", namespace, name)

    def _remote_gateways(self, endpoints: Iterable[RemoteEndpoint]) -> Iterator[Taken]:
        for endpoint in endpoints:
            if endpoint.address is None:
                yield Taken("remoteGateway", self._shared_namespace, names.remote_gateway(endpoint.network))

    def _entries_of(self, source: Exposure, sources: Sources, lead: ServiceName) -> tuple[Taken, ...]:
        """The entries for one of `sources`."""
        gateway, families = source.gateway, self._families[id(sources)]
        key = (source.cluster, gateway.namespace, gateway.name, families, lead)
        if key not in self._entries:
            stem = names.entry_stem(source.cluster, gateway.namespace, gateway.name, lead)
            self._entries[key] = tuple(
                Taken("workloadEntry", lead.namespace, names.entry_name(stem, endpoint.place))
                for endpoint in self._endpoints_of_source(source, families)
            )
        return self._entries[key]

    def _endpoints_of_source(self, source: Exposure, families: Families | None) -> tuple[RemoteEndpoint, ...]:
        key = (source.cluster, source.gateway.namespace, source.gateway.name, families)
        if key not in self._endpoints:
            self._endpoints[key] = remote_endpoints(self._relations, source, families)
        return self._endpoints[key]

    def _endpoints_of(self, sources: Sources) -> tuple[RemoteEndpoint, ...]:
        if id(sources) not in self._all_endpoints:
            families = self._families[id(sources)]
            self._all_endpoints[id(sources)] = tuple(
                endpoint for source in sources for endpoint in self._endpoints_of_source(source, families)
            )
        return self._all_endpoints[id(sources)]

    def _shared_ports(self, sources: Sources) -> tuple[ServicePort, ...]:
        if id(sources) not in self._ports:
            self._ports[id(sources)] = shared_ports(sources)
        return self._ports[id(sources)]

    def _in_levels(self, consumer: str, sources: Sources) -> tuple[Level, ...]:
        """The own region first, then all others (design §3)."""
        region = self._relations.cluster(consumer).region
        key = (id(sources), region)
        if key not in self._levels:
            families = self._families[id(sources)]
            near = self.interned((s for s in sources if self._relations.cluster(s.cluster).region == region), families)
            far = self.interned((s for s in sources if self._relations.cluster(s.cluster).region != region), families)
            self._levels[key] = tuple(Level(level, self._endpoints_of(level)) for level in (near, far) if level)
        return self._levels[key]


def export_to(sources: Sources) -> tuple[str, ...]:
    """The namespaces that see a remote-only host, sorted; `*`: all."""
    setting = sources[0].setting
    if setting is None or setting.consumer_namespaces is None:
        return ("*",)
    return tuple(sorted(set(setting.consumer_namespaces)))
