"""A proxy whose own address is that of an entry is taken for it (Istio: serviceregistry/util/workloadinstances)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import parse, parse_range
from meshgen.analysis.facts import own_entries
from meshgen.check.places import gateway_object, listed, notes
from meshgen.check.routes import routes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import GatewayKey, Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateway addresses inside the pod and node ranges of clusters that get entries with them.

    One finding for each address, at the first range that it lies in.
    """
    if not own_entries(relations.fleet):
        return
    ranges = {
        cluster.name: [(i, parsed) for i, text in enumerate(cluster.pod_cidrs) if (parsed := parse_range(text))]
        for cluster in relations.fleet.clusters
    }
    inside: dict[tuple[str, GatewayKey, int], dict[str, int]] = {}
    for route in routes(relations):
        observed = route.exposures[0].observed_gateway
        for index, text in enumerate(observed.addresses if observed and ranges[route.consumer] else ()):
            address = parse(text)
            place = next((i for i, pods in ranges[route.consumer] if address is not None and address in pods), None)
            if place is not None:
                inside.setdefault((route.source, route.gateway, index), {})[route.consumer] = place
    for (source, key, index), consumers in inside.items():
        observed = relations.observed_gateways[source][key]
        first, place = next(iter(consumers.items()))
        consumer = relations.cluster(first)
        yield Diagnostic(
            code="MG315",
            severity="error",
            message=f"address `{observed.addresses[index]}` of gateway `{key[1]}` in cluster `{source}` lies in "
            f"`{consumer.pod_cidrs[place]}`, where {listed(consumers)} {'has' if len(consumers) == 1 else 'have'} pods",
            span=observed.span("addresses", index),
            help="Give the gateway an address outside of that range, or correct the range: a pod with that address "
            "would lose its Services.",
            notes=notes((consumer.span("podCIDRs", place), f"`{first}` has its pods here")),
            object=gateway_object(source, key),
        )
