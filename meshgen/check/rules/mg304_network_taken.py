"""Made-up networks differ from all real ones (Istio: pilot/pkg/model/network.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.networks import made_up_networks
from meshgen.check.places import gateway_place, network_place, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters whose network has the name that meshgen gives to a remote gateway.

    Their gateways' network view would let remote endpoints in, and istiod could replace addresses.
    """
    made_up = made_up_networks(relations)
    for cluster in relations.fleet.clusters:
        network = relations.facts[cluster.name].network
        if not network or network not in made_up:
            continue
        source, key = made_up[network]
        yield Diagnostic(
            code="MG304",
            severity="error",
            message=f"network `{network}` of cluster `{cluster.name}` is also meshgen's name for the gateway "
            f"`{key[1]}` of cluster `{source}`",
            span=network_place(relations, cluster.name),
            help="Give the cluster's network a name that does not start with `meshgen-`.",
            notes=notes((gateway_place(relations, source, key), "the gateway is here")),
            object=f"cluster/{cluster.name}",
        )
