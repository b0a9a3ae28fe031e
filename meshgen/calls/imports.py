"""In which form endpoints of other clusters come to a consumer: a ServiceEntry, a stub, WorkloadEntries beside pods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.protocols import speaks_http2
from meshgen.analysis.traffic import whole
from meshgen.calls.aliases import alias_clusters
from meshgen.calls.endpoints import remote_endpoints, shared_ports
from meshgen.calls.levels import Arranged, arranged
from meshgen.calls.model import Import, Route, Taken
from meshgen.calls.order import asked_for
from meshgen.calls.reasons import served_by
from meshgen.calls.retries import beside_team, retry
from meshgen.calls.traffic_policy import TrafficPolicyDecision, traffic_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.analysis.addresses import Families
    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls.groups import Group
    from meshgen.calls.model import Form, Reason, RemoteEndpoint, RetryDecision
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
        self._arranged: dict[tuple[int, str | None, str | bool], Arranged] = {}
        self._entries: dict[tuple[str, str, str, Families | None, ServiceName], tuple[Taken, ...]] = {}
        self._taken: dict[tuple[int, Form, str, str], tuple[Taken, ...]] = {}
        self._served_by: dict[int, tuple[Reason, ...]] = {}
        self._own_policies: dict[int, TrafficPolicyDecision] = {}
        self._decided: dict[tuple[int, int, bool], RetryDecision] = {}
        self._routes: dict[int, tuple[Route, ...]] = {}

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

    def arranged(self, consumer: str, sources: Sources, *, own: bool) -> Arranged:
        """The levels of some sources as `consumer` uses them, with its own copy where there is one."""
        region, traffic = self._relations.cluster(consumer).region, sources[0].traffic
        plain = traffic.mode == "nearest" and not traffic.sources and region not in self._relations.regions
        key = (id(sources), region, own if plain or not own else consumer)
        if key not in self._arranged:
            families = self._families[id(sources)]
            found = arranged(
                self._relations, consumer, sources, lambda s: self._endpoints_of_source(s, families), own=own
            )
            used = self.interned(found.sources, families)
            endpoints = self._endpoints_of(used)
            self._arranged[key] = replace(
                found, sources=used, endpoints=endpoints if endpoints == found.endpoints else found.endpoints
            )
        return self._arranged[key]

    def remote_only(self, consumer: str, host: str, service: ServiceName, found: Arranged) -> Import:
        """The import of a cluster that lacks the Service."""
        sources = found.sources
        facts = self._relations.facts[consumer]
        form: Form = "serviceEntry" if facts.dns_capture else "stub"
        ports = self._shared_ports(sources)
        if form == "serviceEntry":
            namespace, name = self._shared_namespace, host
        else:
            namespace, name = service.namespace, names.local_policy(service.name)
        if namespace == service.namespace:
            policy = traffic_policy(
                self._relations, consumer, service, ports, local=False, priorities=asked_for(found.order)
            )
        else:
            policy = self._own_policy(sources)
        retries = self._retries(consumer, found, ports)
        # Pods that arrive are under this rule from their first moment, and must not be pinged by their own sidecars.
        pingable = form == "serviceEntry" or service not in self._relations.services[consumer]
        return Import(
            form=form,
            consumer=consumer,
            host=host,
            service=service,
            local=None,
            levels=found.levels,
            order=found.order,
            flat=found.flat,
            routes=(),
            aliases=(),
            sources=sources,
            endpoints=found.endpoints,
            ports=ports,
            namespace=namespace,
            policy=policy,
            pings=pingable and policy.owner == "ours" and facts.pings_http2 and speaks_http2(ports),
            retries=retries,
            takes=self._takes(form, sources, service, (namespace, name), policy, retries),
        )

    def beside_pods(
        self, consumer: str, group: Group, movable: Mapping[ServiceName, Arranged]
    ) -> Iterator[tuple[ServiceName, Import]]:
        """The imports of the Services of a group, each with the sources that its callers may move to, in levels."""
        imports: list[Import] = []
        for local in group.services:
            service = ServiceName(local.namespace, local.name)
            found = movable.get(service)
            if found is None:
                continue  # a conflict of the group: it is served by nobody
            sources = found.sources
            policy = traffic_policy(
                self._relations, consumer, service, local.ports, local=True, priorities=asked_for(found.order)
            )
            routes = self._routes_of(service, found)
            imports.append(
                Import(
                    form="workloadEntries",
                    consumer=consumer,
                    host=sources[0].host,
                    service=service,
                    local=local,
                    levels=found.levels,
                    order=found.order,
                    flat=found.flat,
                    routes=routes,
                    aliases=routes + self._unrouted(service, sources[0], routes),
                    sources=sources,
                    endpoints=found.endpoints,
                    ports=tuple(local.ports),
                    namespace=service.namespace,
                    policy=policy,
                    # The pods' own sidecars would ping their applications, too (ADR 10).
                    pings=False,
                    retries=self._retries_beside(consumer, found, local.ports),
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

    def _routes_of(self, service: ServiceName, found: Arranged) -> tuple[Route, ...]:
        """The routes by which a host gets shares beside an own copy."""
        if found.order.means != "routes":
            return ()
        if id(found) not in self._routes:
            (level,) = found.levels
            weights = whole([share for _, share in level.shares])
            self._routes[id(found)] = tuple(
                Route(cluster, names.alias(service, cluster), weight)
                for (cluster, _), weight in zip(level.shares, weights, strict=True)
            )
        return self._routes[id(found)]

    def _unrouted(self, service: ServiceName, source: Exposure, routes: Sequence[Route]) -> tuple[Route, ...]:
        """The aliases to which no route of a consumer leads (ADR 55)."""
        if not source.traffic.aliases:
            return ()
        routed = {route.cluster for route in routes}
        return tuple(
            Route(cluster, names.alias(service, cluster), 0)
            for cluster in alias_clusters(self._relations, source.host)
            if cluster not in routed
        )

    def _retries(self, consumer: str, found: Arranged, ports: tuple[ServicePort, ...]) -> RetryDecision:
        """Who retries a host that the consumer lacks."""
        sources = found.sources
        key = (id(sources), id(found.levels), self._relations.facts[consumer].mesh_retries)
        if key not in self._decided:
            self._decided[key] = retry(sources, ports, found.levels, found.order, local=False, mesh_retries=key[2])
        return self._beside_team(self._decided[key], consumer, sources, export_to(sources))

    def _retries_beside(self, consumer: str, found: Arranged, ports: Sequence[ServicePort]) -> RetryDecision:
        """Who retries a host that the consumer has itself."""
        mesh_retries = self._relations.facts[consumer].mesh_retries
        decision = retry(found.sources, ports, found.levels, found.order, local=True, mesh_retries=mesh_retries)
        return self._beside_team(decision, consumer, found.sources, ("*",))

    def _beside_team(
        self, decision: RetryDecision, consumer: str, sources: Sources, ours: Sequence[str]
    ) -> RetryDecision:
        team = self._relations.virtual_services(consumer, sources[0].host)
        return beside_team(decision, team, self._relations.facts[consumer].virtual_service_export, ours)

    def _taking(self, item: Import, group: Group) -> Import:
        return replace(
            item,
            takes=(
                *(taken for source in item.sources for taken in self._entries_of(source, item.sources, group.lead)),
                *self._policies(item.namespace, names.local_policy(item.service.name), item.policy, item.retries),
                *self._of_routes(item),
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

    def _of_routes(self, item: Import) -> Iterator[Taken]:
        """The policy of each alias, and the routes, which are there whoever retries."""
        for alias in item.aliases:
            yield Taken("destinationRule", item.namespace, alias.host)
        if item.routes and item.retries.carrier != "virtualService":
            yield Taken("virtualService", item.namespace, names.local_policy(item.service.name))

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


def export_to(sources: Sources) -> tuple[str, ...]:
    """The namespaces that see a remote-only host, sorted; `*`: all."""
    setting = sources[0].setting
    if setting is None or setting.consumer_namespaces is None:
        return ("*",)
    return tuple(sorted(set(setting.consumer_namespaces)))
