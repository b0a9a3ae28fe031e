"""Where the lines of files for published hosts come from."""

from __future__ import annotations

from meshgen.views import file
from tests.fleets import compiled
from tests.published.fleets import EDGE, host

ROUTES = host("""
  routes:
  - match: {prefix: /api}
    service: web.shop.svc.cluster.local
    rewrite: {path: /v1}
  - service: web.shop.svc.cluster.local
""")


def explained(path: str, text: str) -> list[str]:
    """What is said below the first line of a file that reads `text`."""
    found = compiled(EDGE, ROUTES)
    artifact = file.find(found.plan, path)
    assert artifact is not None
    assert found.compilation.calls is not None
    lines = file.file(artifact, found.compilation.calls, found.compilation.checked.sources, None).splitlines()
    start = next(place for place, line in enumerate(lines) if line.endswith(f"| {text}"))
    return [
        line.partition("  ")[2].strip() if ".yaml:" in line else line.strip() for line in lines[start + 1 : start + 3]
    ]


def test_an_address_at_the_edge_is_in_the_inventory_of_its_cluster() -> None:
    path = "e1/edge/serviceentry.networking.istio.io_edge-shop-d6dbd1a789b90707.yaml"
    reason, place = explained(path, "  - address: 192.0.2.21")
    assert reason == "= an address of the cluster's ingress gateway, or its name"
    assert "192.0.2.21" in place


def test_a_rewrite_is_in_its_route() -> None:
    path = "c1/shop/virtualservice.networking.istio.io_ingress-shop-104e7265a7a6bd32.yaml"
    reason, place = explained(path, "        rewrite: /v1")
    assert reason == "= what changes before the service gets it"
    assert "rewrite: {path: /v1}" in place
