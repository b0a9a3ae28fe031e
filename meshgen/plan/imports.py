"""What a consumer gets for each host: a ServiceEntry where it lacks the service, WorkloadEntries where it has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.analysis.accounts import accounts_by_place
from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.groups import groups, remote_sources
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.policies import remote_levels, retry, service_name, shared_ports, traffic_policy
from meshgen.analysis.protocols import declared_protocol, speaks_http2
from meshgen.plan import names
from meshgen.plan.endpoints import remote_endpoints, remote_gateways, subject_alt_names
from meshgen.plan.gateways import spans, workspace_origin
from meshgen.plan.labels import CANONICAL_NAME, SHADOW_OF, TLS_MODE
from meshgen.plan.model import (
    Origin,
    PlannedPort,
    PlannedServiceEntry,
    PlannedStub,
    PlannedWorkloadEntry,
)
from meshgen.plan.policies import local_rule, local_service, remote_rule, remote_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.analysis.groups import Group
    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.plan.model import (
        PlannedDestinationRule,
        PlannedRemoteGateway,
        PlannedVirtualService,
    )


@dataclass(slots=True)
class Imports:
    """Everything that one consumer gets for the hosts of other clusters."""

    service_entries: list[PlannedServiceEntry] = field(default_factory=list)
    stubs: list[PlannedStub] = field(default_factory=list)
    workload_entries: list[PlannedWorkloadEntry] = field(default_factory=list)
    destination_rules: list[PlannedDestinationRule] = field(default_factory=list)
    virtual_services: list[PlannedVirtualService] = field(default_factory=list)
    remote_gateways: tuple[PlannedRemoteGateway, ...] = ()
    mesh_attempts: int = 0
    """Most attempts that a host wants from the mesh's retry policy; 0: no host asks for it."""


def imports(relations: Relations, cluster: str) -> Imports:
    """Plan the imports of one cluster."""
    found = Imports()
    used: list[Exposure] = []
    for host, exposures in relations.by_host.items():
        sources = relations.sources(cluster, host)
        if not sources:
            continue
        name = service_name(relations, host)
        if relations.lacks(cluster, exposures[0].workspace, name):
            used += sources
            if relations.facts[cluster].dns_capture:
                _remote_only(relations, cluster, sources, found)
            else:
                _stub(relations, cluster, sources, found)
    for group in groups(relations)[cluster]:
        if group.conflict is None:
            used += _local(relations, cluster, group, found)
    namespace = multicluster_namespace(relations.fleet)
    origin = Origin(f"fleet/{relations.fleet.name}", spans(relations.fleet.spec.span()))
    found.remote_gateways = remote_gateways(relations, used, namespace, origin)
    return found


def common_ports(sources: Sequence[Exposure]) -> tuple[PlannedPort, ...]:
    """The ports that consumers call; protocols are the first source's."""
    return tuple(PlannedPort(p.name or "", p.port, declared_protocol(p)) for p in shared_ports(sources))


def _origin(sources: Sequence[Exposure], local: Sequence[ObservedService] = ()) -> Origin:
    workspace = sources[0].workspace
    setting = sources[0].setting
    return Origin(
        workspace_origin(workspace).name,
        spans(
            setting.span() if setting else workspace.span(),
            *(service.span() for service in local),
            *(source.service.span() for source in sources),
            *(source.observed_gateway.span() for source in sources if source.observed_gateway),
        ),
    )


def _export_to(sources: Sequence[Exposure]) -> tuple[str, ...]:
    setting = sources[0].setting
    if setting is None or setting.consumer_namespaces is None:
        return ("*",)
    return tuple(sorted(set(setting.consumer_namespaces)))


def _remote_only(relations: Relations, cluster: str, sources: list[Exposure], found: Imports) -> None:
    host = sources[0].host
    facts = relations.facts[cluster]
    endpoints = tuple(endpoint for source in sources for endpoint in remote_endpoints(relations, source))
    origin = _origin(sources)
    found.service_entries.append(
        PlannedServiceEntry(
            host=host,
            vip=None if facts.allocates_addresses else names.virtual_address(host, facts.vip_range),
            ports=common_ports(sources),
            subject_alt_names=subject_alt_names(relations, sources),
            endpoints=endpoints,
            export_to=_export_to(sources),
            canonical_name=sources[0].service.name,
            origin=origin,
        )
    )
    namespace = multicluster_namespace(relations.fleet)
    _policies(relations, cluster, sources, found, name=host, namespace=namespace, export_to=_export_to(sources))


def _policies(
    relations: Relations,
    cluster: str,
    sources: list[Exposure],
    found: Imports,
    *,
    name: str,
    namespace: str,
    export_to: tuple[str, ...],
    pinged: bool = True,
) -> None:
    """The DestinationRule and the retries of a host that the cluster lacks."""
    levels = remote_levels(relations, cluster, [source.cluster for source in sources])
    endpoints = sum(len(remote_endpoints(relations, source)) for source in sources)
    origin = _origin(sources)
    service = sources[0].name
    ports = shared_ports(sources)
    policy = traffic_policy(relations, cluster, service, ports, local=False)
    beside = namespace == service.namespace
    if not beside or policy.owner == "ours":
        found.destination_rules.append(
            remote_rule(
                sources[0],
                name=name,
                namespace=namespace,
                levels=levels,
                endpoints=endpoints,
                http2_pings=pinged and relations.facts[cluster].pings_http2 and speaks_http2(ports),
                export_to=policy.export_to if beside else export_to,
                origin=origin,
            )
        )
    decision = retry(relations, cluster, sources, ports, local=False)
    if decision.carrier == "virtualService":
        found.virtual_services.append(
            remote_service(
                sources[0],
                decision,
                name=name,
                namespace=namespace,
                export_to=export_to,
                origin=origin,
            )
        )
    elif decision.carrier == "mesh":
        found.mesh_attempts = max(found.mesh_attempts, decision.attempts)


def _stub(relations: Relations, cluster: str, sources: list[Exposure], found: Imports) -> None:
    """Sidecars that do not answer DNS: a Service without pods, and entries that only it selects (variant a2)."""
    name = sources[0].name
    origin = _origin(sources)
    selector = {SHADOW_OF: name.name}
    ports = common_ports(sources)
    found.stubs.append(PlannedStub(name, ports, selector, origin))
    keys = tuple(sorted(port.name for port in ports))
    labels = selector | TLS_MODE | {CANONICAL_NAME: name.name}
    for source in sources:
        found.workload_entries += _entries(relations, [(None, source)], name, labels, keys, origin)
    policy_name = names.local_policy(name.name)
    # Pods that arrive are under this rule from their first moment, and must not be pinged by their own sidecars.
    pinged = relations.services[cluster].get(name) is None
    _policies(
        relations, cluster, sources, found, name=policy_name, namespace=name.namespace, export_to=(), pinged=pinged
    )


def _local(relations: Relations, cluster: str, group: Group, found: Imports) -> list[Exposure]:
    """Entries beside the pods of a group of Services; returns the exposures that they lead to."""
    by_service = {service.name: remote_sources(relations, cluster, service) for service in group.services}
    policies = {
        service.name: traffic_policy(
            relations, cluster, ServiceName(service.namespace, service.name), service.ports, local=True
        )
        for service in group.services
    }
    if any(policy.owner == "refused" for policy in policies.values()):
        return []
    lead_sources = by_service[group.services[0].name]
    labels = dict(sorted((group.labels | TLS_MODE | {CANONICAL_NAME: group.lead.name}).items()))
    keys = port_keys(group.services)
    for index, source in enumerate(lead_sources):
        shared = [(service, by_service[service.name][index]) for service in group.services]
        origin = _origin([source], group.services)
        found.workload_entries += _entries(relations, shared, group.lead, labels, keys, origin)
    for service in group.services:
        sources = by_service[service.name]
        origin = _origin(sources, [service])
        policy = policies[service.name]
        if policy.owner == "ours":
            found.destination_rules.append(local_rule(sources[0], export_to=policy.export_to, origin=origin))
        decision = retry(relations, cluster, sources, service.ports, local=True)
        if decision.carrier == "virtualService":
            found.virtual_services.append(local_service(sources[0], decision, origin=origin))
        elif decision.carrier == "mesh":
            found.mesh_attempts = max(found.mesh_attempts, decision.attempts)
    return [source for sources in by_service.values() for source in sources]


def port_keys(services: Sequence[ObservedService]) -> tuple[str, ...]:
    """Both keys of every port: the Service port's name, and the target port's where it is a name.

    Source: serviceregistry/kube/controller/util.go of Istio.
    """
    keys: set[str] = set()
    for service in services:
        for port in service.ports:
            if port.protocol == "TCP" and port.name is not None:
                keys.add(port.name)
                if isinstance(port.target_port, str):
                    keys.add(port.target_port)
    return tuple(sorted(keys))


def _entries(
    relations: Relations,
    pairs: Sequence[tuple[ObservedService | None, Exposure]],
    lead: ServiceName,
    labels: dict[str, str],
    keys: tuple[str, ...],
    origin: Origin,
) -> list[PlannedWorkloadEntry]:
    """One entry for each address of one source; `pairs` are the local Services and what they fail over to.

    The source's service accounts are spread over them, those that the local Services lack first.
    """
    source = pairs[0][1]
    endpoints = remote_endpoints(relations, source)
    accounts = accounts_by_place([(local, exposure.service) for local, exposure in pairs], len(endpoints))
    stem = names.entry_stem(source.cluster, source.gateway.namespace, source.gateway.name, lead)
    return [
        PlannedWorkloadEntry(
            name=names.entry_name(stem, endpoint.place),
            namespace=lead.namespace,
            hosts=tuple(exposure.host for _, exposure in pairs),
            endpoint=endpoint,
            labels=labels,
            port_keys=keys,
            service_account=accounts[endpoint.place],
            origin=origin,
        )
        for endpoint in endpoints
    ]
