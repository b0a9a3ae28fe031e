"""A gateway that somebody else runs needs the network view too (Istio: pilot/pkg/model/proxy_view.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.networks import made_up_networks
from meshgen.check.places import gateway_object, gateway_place, network_place, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways with `managed: false` that would send traffic on to the remote endpoints of their own cluster.

    In a mesh without network names any view does that is nobody's network: local endpoints always pass.
    """
    if not own_entries(relations.fleet):
        return
    made_up = made_up_networks(relations)
    for cluster, gateways in relations.gateway_places.items():
        network = relations.facts[cluster].network
        for key in gateways:
            if relations.gateways[key].managed:
                continue
            observed = relations.observed_gateways[cluster].get(key)
            view = observed.network_view if observed else None
            if view and (view == network or (not network and view not in made_up)):
                continue
            shown = "not known" if view is None else f"`{view}`" if view else "empty"
            wanted = f"`{network}`" if network else "the cluster's network" if network is None else "any unused name"
            yield Diagnostic(
                code="MG308",
                severity="error",
                message=f"gateway `{key[1]}` of cluster `{cluster}` is not managed, and its network view is "
                f"{shown}, so traffic could go in circles",
                span=gateway_place(relations, cluster, key),
                help=f"Set ISTIO_META_REQUESTED_NETWORK_VIEW of its pods to {wanted}, and `networkView` in the "
                "inventory.",
                notes=notes((network_place(relations, cluster), f"the network is `{network}`")) if network else (),
                object=gateway_object(cluster, key),
            )
