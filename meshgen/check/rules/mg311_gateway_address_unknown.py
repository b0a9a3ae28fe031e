"""Consumers get endpoints once the gateway's address is known (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.places import gateway_object, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways of active clusters without an address, which is normal before the first sync."""
    if not own_entries(relations.fleet):
        return
    for cluster, gateways in relations.gateway_places.items():
        inventory = relations.inventory(cluster)
        if relations.cluster(cluster).state != "active" or inventory is None:
            continue
        for key, workspaces in gateways.items():
            observed = relations.observed_gateways[cluster].get(key)
            if observed is not None and (observed.addresses or observed.hostname):
                continue
            namespace, name = key
            declared = next((w.east_west_gateway for w in workspaces if w.east_west_gateway), relations.gateways[key])
            yield Diagnostic(
                code="MG311",
                severity="warning",
                message=f"the address of gateway `{name}` in cluster `{cluster}` is not known yet, so other clusters "
                "get no entries for its services",
                span=declared.span("name"),
                help=f"Once its load balancer has one, run `kubectl get service {name} -n {namespace} -o yaml | "
                f"meshgen inventory import --cluster {cluster} -`.",
                notes=notes(
                    (observed.span(), "the inventory has no address here")
                    if observed
                    else (inventory.span("name"), "the inventory that will have it")
                ),
                object=gateway_object(cluster, key),
            )
