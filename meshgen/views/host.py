"""All about one host: who exposes it, how each cluster reaches it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.views.matrix import cell
from meshgen.views.reasons import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Calls, RemoteEndpoint
    from meshgen.plan.model import ClusterPlan, Plan

_RETRIES = {"virtualService": "a VirtualService", "mesh": "the mesh's retry policy", "none": "nobody"}


def host(calls: Calls, plan: Plan, name: str) -> str | None:
    """The text about host `name`, None where no cluster exposes it."""
    found = [call for call in calls if call.host == name]
    if not found:
        return None
    clusters = {cluster.cluster: cluster for cluster in plan.clusters}
    lines = [name]
    for call in found:
        lines += ["", f"{call.consumer}: {cell(call)}"]
        lines += [f"  because {sentence(reason)}" for reason in call.reasons]
        if call.state in ("failover", "remote"):
            lines += [f"  retries: {_RETRIES[call.retries]}"]
        lines += [f"  {line}" for line in _endpoints(clusters[call.consumer], name)]
    if any(call.exposes for call in found):
        lines += ["", "* exposes it to the other clusters"]
    return "\n".join(lines) + "\n"


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
    return f"{address}:{endpoint.port} in {endpoint.source}{f', {endpoint.locality}' if endpoint.locality else ''}"


def hosts(calls: Calls) -> tuple[str, ...]:
    """Every exposed host, sorted."""
    return tuple(dict.fromkeys(call.host for call in calls))
