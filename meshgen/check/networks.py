"""Real and made-up networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.names import gateway_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.relations import Relations
    from meshgen.language.cluster import Cluster


def unknown_networks(relations: Relations) -> Iterator[Cluster]:
    """The clusters with a gateway of ours that has a network view, whose network neither fleet nor inventory names."""
    for cluster in relations.fleet.clusters:
        setups = relations.gateway_setups[cluster.name]
        viewing = any(setup.local and relations.gateways[key].managed for key, setup in setups.items())
        if viewing and relations.facts[cluster.name].network is None:
            yield cluster


def made_up_networks(relations: Relations) -> dict[str, tuple[str, GatewayKey]]:
    """Meshgen's names of the remote gateways → their cluster, namespace and name."""
    return {
        gateway_network(cluster, *key): (cluster, key)
        for cluster, gateways in relations.gateway_places.items()
        for key in gateways
    }
