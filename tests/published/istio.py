"""Short ways to what published hosts become on plain Istio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fleets import Compiled

EDGE_NAME, INGRESS_NAME = "edge-shop-d6dbd1a789b90707", "ingress-shop-104e7265a7a6bd32"
WEIGHTED = "traffic: {mode: weighted, weights: [{names: [c1], share: 70}, {names: [c2], share: 30}]}"


def front_door(found: Compiled, cluster: str) -> dict[str, Any]:
    """`<kind>/<name>` → spec of what a published host makes in a cluster."""
    return {
        f"{item.kind}/{item.name}": item.body["spec"]
        for item in found.manifests(cluster=cluster)
        if item.metadata["annotations"]["meshgen.io/source"] == "publishedHost/shop"
    }


def entry(found: Compiled) -> dict[str, Any]:
    return found.spec("ServiceEntry", cluster="e1", name=EDGE_NAME)


def rule(found: Compiled) -> dict[str, Any]:
    return found.spec("DestinationRule", cluster="e1", name=EDGE_NAME)


def http(found: Compiled, cluster: str, name: str) -> Any:
    return found.spec("VirtualService", cluster=cluster, name=name)["http"]
