"""Health checks on Istio: what stands at entry points and at ingress gateways behind edges."""

from __future__ import annotations

from typing import Any

from meshgen.analysis import names
from tests.fleets import Compiled, compiled
from tests.published.fleets import EDGE, WITHOUT_EDGE, short

CHECK = "  healthCheck: {host: health.shop.example.com, path: /up}"
REGION = "health.shop.example.com"
C2 = "health-c2.shop.example.com"
BOTH_NEAR = EDGE.replace("region: us", "region: eu")


def spec(found: Compiled, kind: str, cluster: str, host: str, gateway: str) -> dict[str, Any]:
    return found.spec(kind, cluster=cluster, name=names.exposure(gateway, host))


def test_at_an_edge_the_region_is_asked_with_ejection_and_retries() -> None:
    found = compiled(BOTH_NEAR, short(CHECK))
    entry = spec(found, "ServiceEntry", "e1", REGION, "edge")
    assert [endpoint["address"] for endpoint in entry["endpoints"]] == [
        "192.0.2.11", "192.0.2.12", "192.0.2.21", "192.0.2.22", "192.0.2.23",
    ]  # fmt: skip
    policy = spec(found, "DestinationRule", "e1", REGION, "edge")["trafficPolicy"]
    assert policy["tls"] == {"mode": "ISTIO_MUTUAL", "sni": REGION}
    assert policy["outlierDetection"]["maxEjectionPercent"] == 100
    routes = spec(found, "VirtualService", "e1", REGION, "edge")["http"]
    assert {route["retries"]["attempts"] for route in routes} == {4}


def test_at_an_edge_other_regions_never_answer() -> None:
    entry = spec(compiled(EDGE, short(CHECK)), "ServiceEntry", "e1", REGION, "edge")
    assert [endpoint["address"] for endpoint in entry["endpoints"]] == ["192.0.2.11", "192.0.2.12"]


def test_a_cluster_is_asked_alone_without_ejection_and_retries() -> None:
    found = compiled(EDGE, short(CHECK))
    entry = spec(found, "ServiceEntry", "e1", C2, "edge")
    assert [endpoint["address"] for endpoint in entry["endpoints"]] == ["192.0.2.21", "192.0.2.22", "192.0.2.23"]
    assert "outlierDetection" not in spec(found, "DestinationRule", "e1", C2, "edge")["trafficPolicy"]
    (route,) = spec(found, "VirtualService", "e1", C2, "edge")["http"]
    assert route["retries"] == {"attempts": 0}


def test_an_ingress_gateway_behind_an_edge_takes_probes_by_mutual_tls() -> None:
    found = compiled(EDGE, short(CHECK))
    (server,) = spec(found, "Gateway", "c2", C2, "ingress")["servers"]
    assert (server["hosts"], server["tls"]) == ([C2], {"mode": "ISTIO_MUTUAL"})
    (route,) = spec(found, "VirtualService", "c2", C2, "ingress")["http"]
    assert (route["route"], route["retries"]) == (
        [{"destination": {"host": "web.shop.svc.cluster.local", "port": {"number": 80}}}],
        {"attempts": 0},
    )


def test_without_an_edge_only_the_own_pods_answer() -> None:
    found = compiled(EDGE, WITHOUT_EDGE, short(CHECK, edge=False))
    route, *_ = spec(found, "VirtualService", "c1", REGION, "ingress")["http"]
    assert route["route"][0]["destination"]["subset"] == "meshgen-own-pods"
    (rule,) = [
        item.body["spec"] for item in found.manifests("DestinationRule", cluster="c1") if "subsets" in item.body["spec"]
    ]
    assert rule["host"] == "web.shop.svc.cluster.local"
    assert rule["subsets"] == [{"name": "meshgen-own-pods", "labels": {"topology.istio.io/network": "n1"}}]
