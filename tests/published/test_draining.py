"""A cluster is drained at each of the places that can say it, and nobody is sent there any more."""

from __future__ import annotations

import pytest

from tests.fleets import compiled, fleet
from tests.published.fleets import C1, EDGE, short
from tests.published.istio import WEIGHTED

WORKSPACE = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices: [{host: web.shop.svc.cluster.local}]
"""
CHECKED = f"  {WEIGHTED}\n  healthCheck: {{host: health.shop.example.com, path: /up}}"
THERE = "draining: {names: [c1]}"
PLACES = {
    "cluster": EDGE.replace("{name: c1, region", "{name: c1, state: draining, region"),
    "workspace": fleet(EDGE, f"{WORKSPACE}  {THERE}"),
    "exposed service": fleet(EDGE, WORKSPACE.replace("cluster.local}", f"cluster.local, {THERE}}}")),
    "gateway": EDGE.replace("role: ingress}", f"role: ingress, {THERE}}}"),
    "published host": EDGE,
}


@pytest.mark.parametrize("place", PLACES)
def test_the_edge_forgets_a_cluster_that_drains(place: str) -> None:
    """Its entries, weights and probes; the ingress gateway there goes on to answer."""
    said = f"  {THERE}\n" if place == "published host" else ""
    found = compiled(PLACES[place], short(said + CHECKED))
    addresses = C1.partition("[")[2].rstrip("]").split(", ")
    text = str([item.body for item in found.manifests(cluster="e1")])
    assert [address for address in addresses if address in text] == []
    assert "health-c1.shop.example.com" not in text
    routes = [item for item in found.manifests("VirtualService", cluster="c1") if "shop.example.com" in str(item.body)]
    assert len(routes) == 1, "what is open there is answered"
