"""The objects that bring the hosts of other clusters to one consumer: what its calls take, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshgen.analysis import names
from meshgen.analysis.accounts import accounts_by_place
from meshgen.analysis.addresses import parse_range
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.labels import CANONICAL_NAME, SHADOW_OF, TLS_MODE
from meshgen.calls.endpoints import subject_alt_names
from meshgen.calls.imports import export_to
from meshgen.plan.gateways import spans, workspace_origin
from meshgen.plan.model import (
    Origin,
    PlannedRemoteGateway,
    PlannedServiceEntry,
    PlannedStub,
    PlannedWorkloadEntry,
)
from meshgen.plan.policies import alias_rule, local_rule, remote_rule, virtual_service
from meshgen.plan.ports import planned_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls, Import, RemoteEndpoint
    from meshgen.calls.groups import Group
    from meshgen.language.inventory import ObservedService, ServicePort
    from meshgen.plan.model import PlannedDestinationRule, PlannedPort, PlannedVirtualService


@dataclass(slots=True)
class Imports:
    """Everything that one consumer gets for the hosts of other clusters."""

    service_entries: list[PlannedServiceEntry] = field(default_factory=list)
    stubs: list[PlannedStub] = field(default_factory=list)
    workload_entries: list[PlannedWorkloadEntry] = field(default_factory=list)
    destination_rules: list[PlannedDestinationRule] = field(default_factory=list)
    virtual_services: list[PlannedVirtualService] = field(default_factory=list)
    aliased: list[Import] = field(default_factory=list)
    """The imports with shares beside an own copy."""
    remote_gateways: dict[str, PlannedRemoteGateway] = field(default_factory=dict)
    """By made-up network."""
    mesh_attempts: int = 0
    """Most attempts that a host wants from the mesh's retry policy; 0: no host asks for it."""


class Importer:
    """Plans the imports of one consumer after the other.

    Most consumers of a host get the same objects: such an object is made once and stands in many plans, so that neither
    memory nor emission grows with the number of consumers.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._relations = calls.relations
        fleet = self._relations.fleet
        self._of_fleet = Origin(f"fleet/{fleet.name}", spans(fleet.spec.span()))
        self._ports: dict[int, tuple[PlannedPort, ...]] = {}
        self._origins: dict[int, Origin] = {}
        self._shared: dict[tuple[object, ...], Any] = {}

    def imports(self, consumer: str) -> Imports:
        """What the calls of `consumer` take."""
        found = Imports()
        groups: dict[int, list[Import]] = {}
        for call in self._calls.of(consumer).values():
            for item in call.imports:
                if not item.takes:
                    continue
                if item.form == "serviceEntry":
                    self._service_entry(item, found)
                elif item.form == "stub":
                    self._stub(item, found)
                else:
                    groups.setdefault(id(item.group), []).append(item)
                self._policies(item, found)
                self._remote_gateways(item, found)
        for members in groups.values():
            self._entries_of_group(members, found)
        return found

    def _origin(self, sources: tuple[Exposure, ...]) -> Origin:
        """The origin of what all `sources` together make; one object for the same tuple."""
        if id(sources) not in self._origins:
            self._origins[id(sources)] = origin(sources)
        return self._origins[id(sources)]

    def _planned_ports(self, ports: tuple[ServicePort, ...]) -> tuple[PlannedPort, ...]:
        """The ports that consumers call; protocols are the first source's."""
        if id(ports) not in self._ports:
            self._ports[id(ports)] = tuple(map(planned_port, ports))
        return self._ports[id(ports)]

    def _service_entry(self, item: Import, found: Imports) -> None:
        vip = virtual_address(self._relations, item.consumer, item.host)
        key = ("serviceEntry", id(item.sources), id(item.endpoints), vip)
        if key not in self._shared:
            self._shared[key] = PlannedServiceEntry(
                host=item.host,
                vip=vip,
                ports=self._planned_ports(item.ports),
                subject_alt_names=subject_alt_names(self._relations, item.sources),
                endpoints=item.endpoints,
                export_to=export_to(item.sources),
                canonical_name=item.service.name,
                origin=self._origin(item.sources),
            )
        found.service_entries.append(self._shared[key])

    def _stub(self, item: Import, found: Imports) -> None:
        """Sidecars that do not answer DNS: a Service without pods, and entries that only it selects (variant a2)."""
        ports = self._planned_ports(item.ports)
        selector = {SHADOW_OF: item.service.name}
        made_by = self._origin(item.sources)
        exported = () if "*" in self._relations.facts[item.consumer].service_export else ("*",)
        found.stubs.append(PlannedStub(item.service, ports, selector, exported, made_by))
        keys = tuple(sorted(port.name for port in ports))
        labels = selector | TLS_MODE | {CANONICAL_NAME: item.service.name}
        for source in item.sources:
            found.workload_entries += self._entries([(item, source)], item.service, labels, keys, made_by)

    def _policies(self, item: Import, found: Imports) -> None:
        """The DestinationRule and the retries of a host."""
        key: tuple[object, ...]
        facts = self._relations.facts[item.consumer]
        mutual_tls, exported = not facts.auto_mtls, facts.exports_virtual_services
        aliases = {alias.host: alias for alias in item.aliases}
        if aliases:
            found.aliased.append(item)
        for taken in item.takes:
            if taken.sort == "destinationRule" and taken.name in aliases and item.local is not None:
                made_by = origin(item.sources, [item.local])
                rule = alias_rule(item, aliases[taken.name], taken, made_by, mutual_tls=mutual_tls)
                found.destination_rules.append(rule)
            elif taken.sort == "destinationRule" and item.local is not None:
                made_by = origin(item.sources, [item.local])
                found.destination_rules.append(local_rule(item, taken, made_by, mutual_tls=mutual_tls))
            elif taken.sort == "destinationRule":
                decided = (item.order, len(item.levels), item.pings, item.policy.export_to, mutual_tls)
                key = ("destinationRule", taken, id(item.sources), *decided)
                if key not in self._shared:
                    made_by = self._origin(item.sources)
                    self._shared[key] = remote_rule(item, taken, made_by, mutual_tls=mutual_tls)
                found.destination_rules.append(self._shared[key])
            elif taken.sort == "virtualService" and item.local is not None:
                made_by = origin(item.sources, [item.local])
                found.virtual_services.append(virtual_service(item, taken, made_by, exported=exported))
            elif taken.sort == "virtualService":
                key = ("virtualService", taken, id(item.sources), id(item.retries), item.form, exported)
                if key not in self._shared:
                    made_by = self._origin(item.sources)
                    self._shared[key] = virtual_service(item, taken, made_by, exported=exported)
                found.virtual_services.append(self._shared[key])
        if item.retries.carrier == "mesh":
            found.mesh_attempts = max(found.mesh_attempts, item.retries.attempts)

    def _remote_gateways(self, item: Import, found: Imports) -> None:
        """The gateways among the sources that are known by hostname only, once each."""
        for source in item.sources:
            hostname = source.reach.by_name
            if hostname is None:
                continue
            network = names.gateway_network(source.cluster, source.gateway.namespace, source.gateway.name)
            found.remote_gateways.setdefault(
                network,
                PlannedRemoteGateway(
                    name=names.remote_gateway(network),
                    namespace=self._calls.multicluster_namespace,
                    network=network,
                    hostname=hostname,
                    port=source.reach.port,
                    origin=self._of_fleet,
                ),
            )

    def _entries_of_group(self, members: list[Import], found: Imports) -> None:
        """Entries beside the pods of the Services of a group, which select each other's."""
        group = members[0].group
        if group is None:
            return
        in_order = _as_in(group, members)
        labels = dict(sorted((group.labels | TLS_MODE | {CANONICAL_NAME: group.lead.name}).items()))
        keys = port_keys(group.services)
        for index, source in enumerate(in_order[0].sources):
            shared = [(item, item.sources[index]) for item in in_order]
            made_by = origin([source], group.services)
            found.workload_entries += self._entries(shared, group.lead, labels, keys, made_by)

    def _entries(
        self,
        pairs: Sequence[tuple[Import, Exposure]],
        lead: ServiceName,
        labels: dict[str, str],
        keys: tuple[str, ...],
        made_by: Origin,
    ) -> list[PlannedWorkloadEntry]:
        """One entry for each address of one source; `pairs` are the imports that share it and what each gets.

        The source's service accounts are spread over them, those that the local Services lack first.
        """
        source = pairs[0][1]
        endpoints = [endpoint for endpoint in pairs[0][0].endpoints if _leads_to(endpoint, source)]
        accounts = accounts_by_place([(item.local, exposure.service) for item, exposure in pairs], len(endpoints))
        stem = names.entry_stem(source.cluster, source.gateway.namespace, source.gateway.name, lead)
        hosts = tuple(exposure.host for _, exposure in pairs)
        return [
            PlannedWorkloadEntry(
                name=names.entry_name(stem, endpoint.place),
                namespace=lead.namespace,
                hosts=hosts,
                endpoint=endpoint,
                labels=labels,
                port_keys=keys,
                service_account=accounts[position],
                origin=made_by,
            )
            for position, endpoint in enumerate(endpoints, start=1)
        ]


def origin(sources: Sequence[Exposure], local: Sequence[ObservedService] = ()) -> Origin:
    """What in the fleet makes the objects of a host: its exposure, the Services and the gateways behind it."""
    workspace = sources[0].workspace
    setting = sources[0].setting
    return Origin(
        workspace_origin(workspace).name,
        spans(
            setting.span() if setting else workspace.span(),
            *(service.span() for service in local),
            *(source.service.span() for source in sources),
            *(source.reach.span() for source in sources),
        ),
    )


def virtual_address(relations: Relations, consumer: str, host: str) -> str | None:
    """The address of a host without a Service; None where istiod gives one, or where the range is none (MG319)."""
    facts = relations.facts[consumer]
    if facts.allocates_addresses or parse_range(facts.vip_range) is None:
        return None
    return names.virtual_address(host, facts.vip_range)


def port_keys(services: Sequence[ObservedService]) -> tuple[str, ...]:
    """Both keys of every port: the Service port's name, and the target port's where it is a name.

    Source: serviceregistry/kube/controller/util.go of Istio.
    """
    keys: set[str] = set()
    for service in services:
        for port in service.tcp_ports:
            if port.name is not None:
                keys.add(port.name)
                if isinstance(port.target_port, str):
                    keys.add(port.target_port)
    return tuple(sorted(keys))


def _as_in(group: Group, members: list[Import]) -> list[Import]:
    by_name = {item.service: item for item in members}
    names_in_order = (ServiceName(service.namespace, service.name) for service in group.services)
    return [by_name[name] for name in names_in_order if name in by_name]


def _leads_to(endpoint: RemoteEndpoint, source: Exposure) -> bool:
    gateway = source.gateway
    return (endpoint.source, endpoint.gateway_namespace, endpoint.gateway) == (
        source.cluster,
        gateway.namespace,
        gateway.name,
    )
