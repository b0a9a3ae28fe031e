"""All objects that make remote services callable in one cluster; the same on every platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.destination_rule import destination_rule
from meshgen.emit.namespace import namespace
from meshgen.emit.remote_gateway import remote_gateway
from meshgen.emit.service_entry import service_entry
from meshgen.emit.stub_service import stub_service
from meshgen.emit.virtual_service import virtual_service
from meshgen.emit.workload_entry import workload_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.manifest import Manifest
    from meshgen.plan.model import ClusterPlan


def entries(plan: ClusterPlan, multicluster_namespace: str) -> Iterator[Manifest]:
    """Namespaces, entries and policies of one cluster."""
    cluster = plan.cluster
    yield from (namespace(cluster, item) for item in plan.namespaces)
    yield from (remote_gateway(cluster, item) for item in plan.remote_gateways)
    yield from (service_entry(cluster, multicluster_namespace, item) for item in plan.service_entries)
    yield from (stub_service(cluster, item) for item in plan.stubs)
    yield from (workload_entry(cluster, item) for item in plan.workload_entries)
    yield from (destination_rule(cluster, item) for item in plan.destination_rules)
    yield from (virtual_service(cluster, item) for item in plan.virtual_services)
