"""A managed gateway runs with the network view that meshgen emits (Istio: pilot/pkg/model/proxy_view.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.places import gateway_object, network_place, notes
from meshgen.diagnostics import Diagnostic
from meshgen.plan.gateways import NO_NETWORK_VIEW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways whose pods were seen with another network view than the one that is emitted for them."""
    if not own_entries(relations.fleet):
        return
    for cluster, gateways in relations.gateway_places.items():
        network = relations.facts[cluster].network
        for key in gateways:
            observed = relations.observed_gateways[cluster].get(key)
            if network is None or not relations.gateways[key].managed or observed is None:
                continue
            wanted = network or NO_NETWORK_VIEW
            shown = observed.network_view or '""'
            if observed.network_view is None or observed.network_view == wanted:
                continue
            yield Diagnostic(
                code="MG309",
                severity="warning",
                message=f"gateway `{key[1]}` of cluster `{cluster}` ran with the network view "
                f"`{shown}`, but gets `{wanted}`",
                span=observed.span("networkView"),
                help="Check the cluster's `network`; if it is right, sync the gateway before others get entries.",
                notes=notes((network_place(relations, cluster), "the network is here")),
                object=gateway_object(cluster, key),
            )
