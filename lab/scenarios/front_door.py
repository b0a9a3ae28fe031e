"""The fleet that publishes hosts: two edges in front of three workload clusters in two regions.

One edge is a cluster of its own, e1; the other is in c1, which has an ingress gateway too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.scenarios.drafts import Draft, Item, host, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.fleet import Lab
    from lab.gateway import Gateway
    from lab.load import Way

WORKLOADS = ("c1", "c2", "c3")
EDGES = ("e1", "c1")
TTL = 2  # seconds
INTERVAL = 1  # seconds between two probes
THRESHOLD = 2  # of them in a row change what is believed of an entry point
INGRESS = {"name": "ingress-gateway", "namespace": "bookinfo"}
EDGE = {"name": "edge-gateway", "namespace": "edge"}
ZONE = "example.com"


def name_of(host: str) -> str:
    return f"{host}.{ZONE}"


def secure(host: str, path: str = "/") -> str:
    """The URL of a published host."""
    return f"https://{name_of(host)}{path}"


def ordered(*clusters: str) -> Item:
    return {"mode": "ordered", "order": [{"names": [name]} for name in clusters]}


def weighted(shares: Mapping[str, int]) -> Item:
    return {"mode": "weighted", "weights": [{"names": [name], "share": share} for name, share in shares.items()]}


def published(name: str, **fields: Any) -> Item:
    """A host of zone `ZONE` that leads to details in every cluster, by TLS, through both edges: e1 first."""
    answer = {} if "routes" in fields else {"service": host("details"), "port": 9080}
    return {
        "name": name,
        "host": name_of(name),
        "workspace": "bookinfo",
        **answer,
        "tls": {"credentialName": "web-cert", "redirect": True},
        "ingressGateway": INGRESS,
        "edgeGateway": EDGE,
        "entryPoints": ordered(*EDGES),
        **fields,
    }


HEALTH_CHECK = {
    "host": name_of("health-near"),
    "path": "/",
    "expectedStatus": 200,
    "interval": f"{INTERVAL}s",
    "threshold": THRESHOLD,
}


def _gateways(*found: tuple[Item, list[str]]) -> list[Item]:
    return [{**gateway, "addresses": addresses} for gateway, addresses in found]


_EASTWEST = {"name": "eastwest-gateway", "namespace": "bookinfo"}
SHARES = {"c1": 50, "c2": 30, "c3": 20}
ENTRY_SHARES = {"e1": 70, "c1": 30}

FRONT_DOOR = Draft(
    clusters={
        "e1": {"region": "us-east-1", "network": "network-e", "role": "edge"},
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "eu-west-2", "network": "network-2"},
        "c3": {"region": "us-east-1", "network": "network-3"},
    },
    services={
        "e1": [],
        "c1": [service("details")],
        "c2": [service("details"), service("reviews")],
        "c3": [service("details"), service("reviews")],
    },
    addresses={},
    exposed=[host("details")],
    inventories={
        "e1": {
            "namespaces": [{"name": "edge"}],
            "gateways": _gateways((EDGE, ["192.0.2.101", "192.0.2.102"])),
        },
        "c1": {
            "namespaces": [{"name": "bookinfo"}, {"name": "edge"}],
            "gateways": _gateways(
                (_EASTWEST, ["192.0.2.11"]), (INGRESS, ["192.0.2.111"]), (EDGE, ["192.0.2.103", "192.0.2.104"])
            ),
        },
        "c2": {"gateways": _gateways((_EASTWEST, ["192.0.2.21"]), (INGRESS, ["192.0.2.121", "192.0.2.122"]))},
        "c3": {
            "gateways": _gateways((_EASTWEST, ["192.0.2.31"]), (INGRESS, ["192.0.2.131", "192.0.2.132", "192.0.2.133"]))
        },
    },
    spec={
        "gateways": [
            {**INGRESS, "role": "ingress", "replicas": 1},
            {**EDGE, "role": "edge", "replicas": 1, "clusters": {"names": list(EDGES)}},
        ],
        "dns": {"zones": [{"name": ZONE, "provider": "none", "ttl": TTL}]},
        "publishedHosts": [
            published("near", healthCheck=HEALTH_CHECK),
            published("ordered", traffic=ordered("c2", "c1", "c3")),
            published("weighted", traffic=weighted(SHARES)),
            published("spread", entryPoints=weighted(ENTRY_SHARES)),
            published("impatient", traffic=ordered("c2", "c1", "c3"), failover={"retries": {"perTryTimeout": "1s"}}),
            published(
                "routes",
                routes=[
                    {"match": {"prefix": "/api"}, "service": host("reviews"), "port": 9080},
                    {"service": host("details"), "port": 9080},
                ],
                traffic=ordered("c1", "c2", "c3"),
            ),
        ],
    },
)
"""c1, c2 and c3 have one, two and three addresses. c1 lacks reviews, which a route of the host `routes` leads to."""


def edge(lab: Lab, cluster: str) -> Gateway:
    return lab.gateways[f"{cluster}/{EDGE['namespace']}/{EDGE['name']}"]


def ingress(lab: Lab, cluster: str) -> Gateway:
    return lab.gateways[f"{cluster}/{INGRESS['namespace']}/{INGRESS['name']}"]


def through(lab: Lab, cluster: str) -> Way:
    """The way of somebody who has only the first address of the edge in a cluster."""
    return lab.way(next(iter(edge(lab, cluster).addresses)))
