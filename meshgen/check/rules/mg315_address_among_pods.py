"""A proxy whose own address is that of an entry is taken for it (Istio: serviceregistry/util/workloadinstances)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.addresses import parse, parse_range
from meshgen.check.places import gateway_object, notes
from meshgen.check.routes import routes
from meshgen.diagnostics import Diagnostic
from meshgen.model.facts import own_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateway addresses inside the pod and node ranges of a cluster that gets entries with them."""
    if not own_entries(relations.fleet):
        return
    ranges = {
        cluster.name: [(i, parsed) for i, text in enumerate(cluster.pod_cidrs) if (parsed := parse_range(text))]
        for cluster in relations.fleet.clusters
    }
    seen: set[tuple[str, str, tuple[str, str], int]] = set()
    for route in routes(relations):
        observed = route.exposures[0].observed_gateway
        if not ranges[route.consumer] or observed is None:
            continue
        for index, text in enumerate(observed.addresses):
            address = parse(text)
            place = next((i for i, inside in ranges[route.consumer] if address is not None and address in inside), None)
            if place is None or (route.consumer, route.source, route.gateway, index) in seen:
                continue
            seen.add((route.consumer, route.source, route.gateway, index))
            consumer = relations.cluster(route.consumer)
            yield Diagnostic(
                code="MG315",
                severity="error",
                message=f"address `{text}` of gateway `{route.gateway[1]}` in cluster `{route.source}` lies in "
                f"`{consumer.pod_cidrs[place]}`, where cluster `{consumer.name}` has its pods",
                span=observed.span("addresses", index),
                help="Give the gateway an address outside of that range, or correct the range: a pod with that address "
                "would lose its Services.",
                notes=notes((consumer.span("podCIDRs", place), f"`{consumer.name}` has its pods here")),
                object=gateway_object(route.source, route.gateway),
            )
