"""Why callers are not sent to one cluster, whether that one exposes the host or not: a typed reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.analysis.unexposed import unexposed
from meshgen.calls.model import Reason
from meshgen.calls.reasons import left_out, not_dialled, not_serving

if TYPE_CHECKING:
    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.relations import Relations
    from meshgen.calls.model import Call
    from meshgen.calls.table import Calls


def absent_source(calls: Calls, consumer: str, host: str, cluster: str) -> Reason:
    """Why callers of `consumer` do not reach `host` in another cluster, which the fleet need not have."""
    relations = calls.relations
    if cluster not in relations.facts:
        return Reason("no cluster", cluster)
    exposure = relations.exposure(cluster, host)
    if exposure is None:
        return _not_exposed(relations, cluster, host)
    if not relations.consumes(relations.cluster(consumer), exposure):
        return Reason("no consumer", cluster, (consumer,))
    return (
        not_serving(exposure)
        or not_dialled(relations, consumer, exposure)
        or _unused(calls.of(consumer)[host], exposure)
    )


def absent_copy(relations: Relations, cluster: str, name: ServiceName) -> Reason | None:
    """Why a cluster has no Service of its own that answers, and stays; None where it has one."""
    service = relations.services[cluster].get(name)
    if service is not None:
        return None if service.state == "active" else Reason("source state", cluster, (service.state,))
    return _no_namespace(relations, cluster, name) or Reason("source gone", cluster)


def _no_namespace(relations: Relations, cluster: str, name: ServiceName) -> Reason | None:
    inventory = relations.inventory(cluster)
    if inventory is not None and any(namespace.name == name.namespace for namespace in inventory.namespaces):
        return None
    return Reason("no namespace", cluster, (name.namespace,))


def _not_exposed(relations: Relations, cluster: str, host: str) -> Reason:
    name = parse_host(host, relations.fleet.spec.cluster_domain)
    if name is None:  # the cluster domain changed
        return Reason("source gone", cluster)
    gone = _no_namespace(relations, cluster, name) or absent_copy(relations, cluster, name)
    if gone is not None:
        return gone
    found = unexposed(relations, cluster, relations.services[cluster][name])
    return Reason("source gone", cluster) if found is None else Reason(found.why, cluster, found.names)


def _unused(call: Call, exposure: Exposure) -> Reason:
    """Why a call takes nothing of an exposure that serves it: the caller's own copy keeps it."""
    if call.standing == "namesake":
        return Reason("namesake", call.consumer, (exposure.workspace.name,))
    for unused in call.unused:
        if unused.cluster == exposure.cluster:
            return left_out(unused)
    if call.unfit is not None:
        return Reason("cannot", call.consumer, (call.unfit,))
    if call.stays is not None:
        return Reason("stays", call.consumer, (call.stays,))
    if not exposure.failover.enabled:
        return Reason("failover off", call.consumer)
    group = next((item.group for item in call.imports if item.group is not None), None)
    if group is not None:
        return Reason("shared entries", call.consumer, tuple(service.name for service in group.services))
    return Reason("other workspace", call.consumer)
