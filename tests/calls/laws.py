"""What ties calls, planned objects and findings together in every fleet, also in one that rules refuse."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.calls import Taken
from meshgen.check.origins import service_object
from meshgen.check.rules import groups, remote_hosts, retries, traffic_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Calls
    from meshgen.calls.model import Sort
    from meshgen.pipeline import Checked
    from meshgen.plan.model import ClusterPlan

ABOUT_CALLS = {rule.code for topic in (groups, remote_hosts, retries, traffic_policy) for rule in topic.RULES}
"""Codes whose findings, where they name a Service of a cluster, are about what that cluster gets for it."""

OF_OBJECTS: dict[str, Sort] = {
    "MG359": "workloadEntry",
    "MG361": "destinationRule",
    "MG365": "virtualService",
    "MG371": "destinationRule",
    "MG376": "serviceEntry",
    "MG377": "serviceEntry",
    "MG378": "stub",
    "MG381": "workloadEntry",
    "MG383": "workloadEntry",
    "MG387": "workloadEntry",
    "MG389": "workloadEntry",
}
"""Codes whose findings speak of what an object of ours does: a call that they are about takes one."""


def untied(checked: Checked) -> Iterator[str]:
    """One sentence for each object without a call, call without its objects, and finding without either."""
    if checked.calls is None or checked.draft is None:
        return
    for cluster in checked.draft.clusters:
        yield from _objects_and_calls(checked.calls, cluster)
        yield from _endpoints(checked.calls, cluster)
    yield from _findings(checked)


def _objects_and_calls(calls: Calls, cluster: ClusterPlan) -> Iterator[str]:
    taken: dict[Taken, set[str]] = defaultdict(set)
    if own_entries(calls.relations.fleet):
        for host, call in calls.of(cluster.cluster).items():
            for item in call.imports:
                for each in item.takes:
                    taken[each].add(host)
    planned = dict(_planned(calls, cluster))
    for each in planned.keys() - taken.keys():
        yield f"{cluster.cluster}: no call takes {each}"
    for each in taken.keys() - planned.keys():
        yield f"{cluster.cluster}: {each}, which {sorted(taken[each])} takes, is not planned"
    for each in planned.keys() & taken.keys():
        if planned[each] is not None and planned[each] != taken[each]:
            yield f"{cluster.cluster}: {each} is for {planned[each]}, but {taken[each]} take it"


def _planned(calls: Calls, cluster: ClusterPlan) -> Iterator[tuple[Taken, set[str] | None]]:
    """The objects that calls take, and the hosts that each says it is for."""
    shared = calls.multicluster_namespace
    yield from ((Taken("serviceEntry", shared, item.host), {item.host}) for item in cluster.service_entries)
    yield from ((Taken("stub", item.service.namespace, item.service.name), None) for item in cluster.stubs)
    for entry in cluster.workload_entries:
        yield Taken("workloadEntry", entry.namespace, entry.name), set(entry.hosts)
    alias_of = {alias.host: alias.of for alias in cluster.aliases}
    # A draft that is refused (MG445) has the routes to aliases that no gateway of its platform lets in.
    for call in calls.of(cluster.cluster).values():
        alias_of |= {route.host: call.host for item in call.imports for route in item.routes}
    for rule in cluster.destination_rules:
        yield Taken("destinationRule", rule.namespace, rule.name), {alias_of.get(rule.host, rule.host)}
    for service in cluster.virtual_services:
        yield Taken("virtualService", service.namespace, service.name), {service.host}
    yield from ((Taken("remoteGateway", item.namespace, item.name), None) for item in cluster.remote_gateways)


def _endpoints(calls: Calls, cluster: ClusterPlan) -> Iterator[str]:
    """An object leads to the endpoints of its calls, and to no others."""
    of_consumer = calls.of(cluster.cluster)
    for entry in cluster.service_entries:
        expected = {str(e) for item in of_consumer[entry.host].imports if item.local is None for e in item.endpoints}
        if {str(endpoint) for endpoint in entry.endpoints} != expected:
            yield f"{cluster.cluster}: the ServiceEntry for {entry.host} leads elsewhere than its call"
    for workload in cluster.workload_entries:
        for host in workload.hosts:
            if workload.endpoint not in [e for item in of_consumer[host].imports for e in item.endpoints]:
                yield f"{cluster.cluster}: {workload.name} leads elsewhere than the call of {host}"


def _findings(checked: Checked) -> Iterator[str]:
    """What is said of a call is said of one that takes part: it gets endpoints, or is the source of somebody's."""
    assert checked.calls is not None
    imports = [item for call in checked.calls for item in call.imports]
    taking_part = {item.object for item in imports} | {
        service_object(source.cluster, source.service) for item in imports for source in item.sources
    }
    every = {call.object for call in checked.calls}
    takers: dict[Sort, set[str]] = defaultdict(set)
    for item in imports:
        for each in item.takes:
            takers[each.sort] |= {item.object, item.host, f"cluster/{item.consumer}"}
    for found in checked.diagnostics:
        if found.code in OF_OBJECTS and found.object not in takers[OF_OBJECTS[found.code]]:
            yield f"{found.code} is about {found.object}, whose calls take no {OF_OBJECTS[found.code]}"
        if found.code in ABOUT_CALLS and found.object in every - taking_part:
            yield f"{found.code} is about {found.object}, which has nothing to do with other clusters"
