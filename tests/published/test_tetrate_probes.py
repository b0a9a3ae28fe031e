"""Health checks on Tetrate's platforms: hosts of their own, and who may answer."""

from __future__ import annotations

from tests.fleets import Compiled, compiled, read
from tests.published.tetrate import EDGE, TLS, WEB, WEIGHTS, clusters, fleet, found, published, service

CHECK = "healthCheck: {host: health.example.com, path: /web}"
CANARY = "canary: {host: canary.example.com, image: example.com/canary}"


def hosts(found: Compiled) -> dict[str, dict[str, object]]:
    """Gateway and cluster → host → where its only rule leads to; without redirects."""
    specs = found.specs("Gateway.gateway.tsb.tetrate.io")
    return {
        name.rpartition("-")[0]: {
            server["hostname"]: server["routing"]["rules"][0]
            for server in spec["http"]
            if "redirect" not in server["routing"]["rules"][0]
        }
        for name, spec in specs.items()
    }


def test_the_probe_of_an_edge_is_about_its_region_and_that_of_a_cluster_about_this_alone() -> None:
    led = hosts(found(f"{EDGE}\n{TLS}\n{WEB}\n{WEIGHTS}\n{CHECK}"))
    assert led["edge-gateway-e1"] == {
        "shop.example.com": read(
            "route: {clusterDestination: {clusters: [{name: c1, weight: 70}, {name: c2, weight: 30}]}}"
        ),
        "health.example.com": clusters("c1"),
        "health-c1.example.com": clusters("c1"),
        "health-c2.example.com": clusters("c2"),
    }
    assert led["ingress-gateway-c2"] == {
        "shop.example.com": service("web", 80),
        "health-c2.example.com": service("web", 80),
    }


def test_probes_come_by_tls_where_users_do() -> None:
    edge, ingress, _ = found(f"{EDGE}\n{TLS}\n{WEB}\n{CHECK}").specs("Gateway.gateway.tsb.tetrate.io").values()
    asked = [[s for s in spec["http"] if s["hostname"] == "health.example.com"] for spec in (edge, ingress)]
    assert [[(server["port"], server.get("tls")) for server in servers] for servers in asked] == [
        [(443, {"mode": "SIMPLE", "secretName": "shop-cert"})],
        [(80, None)],
    ]


def test_the_canary_is_published_through_every_entry_point() -> None:
    text = fleet().replace("  workspaces:\n", f"  {CANARY}\n  workspaces:\n")
    led = hosts(compiled(text, published(f"{EDGE}\n{WEB}")))
    answers = read("""
route: {serviceDestination: {host: meshgen-canary/canary.meshgen-canary.svc.cluster.local, port: 80}}
""")
    assert led["edge-gateway-e1"]["canary.example.com"] == clusters("c1")
    assert led["ingress-gateway-c1"]["canary.example.com"] == answers
