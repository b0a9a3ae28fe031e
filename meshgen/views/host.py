"""All about one host: where it is, who exposes it, how each cluster reaches it, and why."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.analysis.unexposed import unexposed
from meshgen.calls.places import percent
from meshgen.views.matrix import EXPOSES, cell
from meshgen.views.reasons import sentence, unexposed_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls, RemoteEndpoint
    from meshgen.plan.model import ClusterPlan, Plan

_RETRIES = {"virtualService": "a VirtualService", "mesh": "the mesh's retry policy", "none": "nobody"}


def host(calls: Calls, plan: Plan, name: str, consumer: str | None = None) -> str | None:
    """The text about the Service `name`, a full name: where it is, whether it is exposed, how each cluster reaches it.

    `consumer`: how this one does only. None where no inventory has the Service and no cluster exposes it.
    """
    service = parse_host(name, calls.relations.fleet.spec.cluster_domain)
    if service is None or name not in known_hosts(calls):
        return None
    consumers = [consumer] if consumer is not None else list(calls.consumers)
    clusters = {cluster.cluster: cluster for cluster in plan.clusters}
    lines = [name, *(f"  {line}" for line in _places(calls.relations, service))]
    exposes = False
    for cluster in consumers:
        call = calls.of(cluster).get(name)
        if call is None:
            lines += ["", *_unexposed_call(calls.relations, cluster, service)]
            continue
        exposes = exposes or call.exposes
        lines += ["", f"{cluster}: {cell(call)}"]
        lines += [f"  because {sentence(reason)}" for reason in call.reasons]
        if call.state in ("failover", "remote"):
            lines += [f"  retries: {_RETRIES[call.retries]}"]
        lines += [f"  {line}" for line in _routes(clusters[cluster], name)]
        lines += [f"  {line}" for line in _endpoints(clusters[cluster], name)]
    if exposes:
        lines += ["", EXPOSES]
    return "\n".join(lines) + "\n"


def _places(relations: Relations, service: ServiceName) -> Iterator[str]:
    """A line for each cluster that has the Service: through what it is exposed, or why it is not."""
    name = service.host(relations.fleet.spec.cluster_domain)
    exposures = {exposure.cluster: exposure for exposure in relations.by_host.get(name, ())}
    for cluster, services in relations.services.items():
        observed = services.get(service)
        if observed is None:
            continue
        state = "" if observed.state == "active" else f", {observed.state}"
        why = unexposed(relations, cluster, observed)
        if why is not None:
            yield f"in {cluster}{state}, not exposed: {unexposed_sentence(why)}"
            continue
        gateway = exposures[cluster].gateway
        others = ", ".join(f"{port.protocol} {port.port}" for port in observed.ports if port.protocol != "TCP")
        without = f", without {others}: only TCP passes a gateway" if others else ""
        yield f"in {cluster}{state}, exposed through gateway `{gateway.namespace}/{gateway.name}`{without}"


def _unexposed_call(relations: Relations, cluster: str, service: ServiceName) -> Iterator[str]:
    """How a cluster reaches a Service that nobody exposes."""
    if service in relations.services[cluster]:
        yield f"{cluster}: local"
        yield f"  because `{cluster}` has the Service, so callers stay local"
    else:
        yield f"{cluster}: not reachable"
        yield "  because no Service of that name here"
    yield "  because no cluster exposes it"


def resolve(calls: Calls, text: str) -> list[str]:
    """The full names that `text` may mean: a full name, or its first labels, as far as they are given."""
    known = known_hosts(calls)
    return [text] if text in known else [name for name in known if name.startswith(f"{text}.")]


def known_hosts(calls: Calls) -> dict[str, None]:
    """The full name of every Service of every inventory, and every exposed host, sorted."""
    domain = calls.relations.fleet.spec.cluster_domain
    names = {name.host(domain) for services in calls.relations.services.values() for name in services}
    return dict.fromkeys(sorted(names | set(calls.relations.by_host)))


def _endpoints(cluster: ClusterPlan, name: str) -> Iterator[str]:
    for entry in cluster.service_entries:
        if entry.host == name:
            vip = entry.vip or "an address that istiod gives"
            yield f"ServiceEntry `{entry.host}`, {vip}"
            yield from (f"  {_endpoint(endpoint)}" for endpoint in entry.endpoints)
    for workload in cluster.workload_entries:
        if name in workload.hosts:
            yield f"WorkloadEntry `{workload.namespace}/{workload.name}`"
            yield f"  {_endpoint(workload.endpoint)}"


def _endpoint(endpoint: RemoteEndpoint) -> str:
    address = endpoint.address or "the gateway's hostname"
    locality = f", {endpoint.locality}" if endpoint.locality else ""
    weight = "" if endpoint.weight is None else f", weight {endpoint.weight}"
    return f"{address}:{endpoint.port} in {endpoint.source}{locality}{weight}"


def _routes(cluster: ClusterPlan, name: str) -> Iterator[str]:
    for routed in cluster.virtual_services:
        total = sum(share.weight for share in routed.shares)
        if routed.host == name and total:
            yield f"VirtualService `{routed.namespace}/{routed.name}`"
            for share in routed.shares:
                yield f"  {percent(Fraction(share.weight, total))} to `{share.host}`"
