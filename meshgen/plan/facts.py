"""The facts of a consumer, beside what it gets: whoever follows a request through the plan needs no fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import ServiceName
from meshgen.plan.model import ConsumerFacts, LocalCopy
from meshgen.plan.ports import planned_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService


def consumer_facts(relations: Relations, cluster: str) -> ConsumerFacts:
    """What is known about one cluster, and its copies of the hosts that any cluster exposes."""
    item = relations.cluster(cluster)
    facts = relations.facts[cluster]
    return ConsumerFacts(
        region=item.region,
        zones=tuple(sorted(item.zones)),
        network=facts.network,
        trust_domain=facts.trust_domain,
        role=item.role,
        state=item.state,
        istio=facts.version,
        dns_capture=facts.dns_capture,
        mesh_retries=facts.mesh_retries,
        copies=tuple(_copies(relations, cluster)),
    )


def _copies(relations: Relations, cluster: str) -> Iterator[LocalCopy]:
    domain = relations.fleet.spec.cluster_domain
    for name, service in sorted(relations.services[cluster].items()):
        host = name.host(domain)
        if host in relations.by_host:
            workspace = relations.workspace_of(cluster, name.namespace)
            yield _copy(service, host, workspace.name if workspace else None)


def _copy(service: ObservedService, host: str, workspace: str | None) -> LocalCopy:
    accounts = service.service_accounts
    ports = service.tcp_ports
    return LocalCopy(
        service=ServiceName(service.namespace, service.name),
        host=host,
        state=service.state,
        workspace=workspace,
        ports=tuple(planned_port(port) for port in sorted(ports, key=lambda port: (port.port, port.name or ""))),
        selector=dict(sorted(service.selector.items())),
        service_accounts=None if accounts is None else tuple(sorted(set(accounts))),
        injected=service.injected,
        node_local=service.internal_traffic_policy == "Local",
    )
