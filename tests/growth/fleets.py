"""Fleets with one long list each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE = 64, 256


def document(kind: str, name: str, spec: dict[str, Any]) -> str:
    return json.dumps({"apiVersion": "meshgen.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def letters(number: int) -> str:
    """A name of its own, far from most others: digits make no difference to suggestions."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in f"{number * 7919 % 65536:04x}")


def service(number: int, namespace: str = "shop", **fields: Any) -> dict[str, Any]:
    return {
        "name": f"web-{letters(number)}",
        "namespace": namespace,
        "labels": {"app": f"web{number}"},
        "selector": {"app": f"web{number}"},
        "ports": [{"name": "http", "port": 80}],
        "serviceAccounts": ["default"],
        "injected": True,
        **fields,
    }


def host(number: int) -> str:
    return f"web-{letters(number)}.shop.svc.cluster.local"


def fleet(
    inventory: dict[str, Any] | None = None,
    services: list[dict[str, Any]] | None = None,
    workspace: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    more: list[str] | None = None,
) -> str:
    """Two clusters with a workspace, whose inventories are alike but for the addresses of the gateways."""
    observed = {
        "namespaces": [{"name": "shop"}],
        "services": services or [service(0)],
        "gateways": [{"name": "ew", "namespace": "shop", "addresses": ["192.0.2.1"]}],
        **(inventory or {}),
    }
    selector = {"namespaceSelector": {"names": ["*/shop"]}, "eastWestGateway": {"name": "ew", "namespace": "shop"}}
    documents = [
        document("Fleet", "f", {"platform": "istio", **(spec or {})}),
        *(document("Cluster", c, {"region": "r", "network": f"n-{c}", **(cluster or {})}) for c in ("c1", "c2")),
        document("Workspace", "shop", {**selector, **(workspace or {})}),
        document("Inventory", "c1", observed),
        document("Inventory", "c2", observed).replace('"192.0.2.', '"198.51.100.').replace('"172.16.', '"172.17.'),
        *(more or []),
    ]
    return "\n---\n".join(documents)


def services(count: int) -> list[dict[str, Any]]:
    return [service(number) for number in range(count)]


def policies(section: str, item: Callable[[int], dict[str, Any]]) -> Callable[[int], str]:
    """As many objects of a list of the inventory as there are Services."""
    return lambda count: fleet(
        {section: [{"name": f"r{number}", "namespace": "shop", **item(number)} for number in range(count)]},
        services(count),
    )


def workspaces(wanted: str) -> Callable[[int], str]:
    return lambda count: fleet(
        {"namespaces": [{"name": "shop"}, *({"name": f"n-{letters(number)}"} for number in range(count))]},
        more=[
            document("Workspace", f"w{number}", {"namespaceSelector": {"names": [f"*/{wanted}-{letters(number)}"]}})
            for number in range(count)
        ],
    )


ARGO_CD = {"engine": "argocd", "repoURL": "https://git.example.com/fleet.git"}
LISTS: dict[str, Callable[[int], str]] = {
    "services": lambda n: fleet(services=services(n)),
    "services that share a selector": lambda n: fleet(services=[service(k, selector={"app": "x"}) for k in range(n)]),
    "exposedServices": lambda n: fleet(
        services=services(n), workspace={"exposedServices": [host(k) for k in range(n)]}
    ),
    "exposedServices that nobody has": lambda n: fleet(
        services=services(n), workspace={"exposedServices": [host(k).replace("web", "wep") for k in range(n)]}
    ),
    "exposedServices with settings": lambda n: fleet(
        services=services(n),
        workspace={"exposedServices": [{"host": host(k), "failover": {"zoneAware": True}} for k in range(n)]},
    ),
    "services on tsb": lambda n: fleet(
        services=services(n),
        workspace={"exposedServices": [host(k) for k in range(n // 2)]},
        spec={"platform": "tsb", "tetrate": {"managementCluster": "c1"}},
    ),
    "ports": lambda n: fleet(services=[service(0, ports=[{"name": f"tcp-{k}", "port": k + 1} for k in range(n)])]),
    "serviceAccounts": lambda n: fleet(services=[service(0, serviceAccounts=[f"a{k}" for k in range(n)])]),
    "labels of a Service": lambda n: fleet(services=[service(0, labels={f"l{k}": "x" for k in range(n)})]),
    "addresses": lambda n: fleet(
        {"gateways": [{"name": "ew", "namespace": "shop", "addresses": [f"172.16.0.{k}" for k in range(n)]}]}
    ),
    "gateways of the inventory": lambda n: fleet(
        {
            "gateways": [
                {"name": "ew", "namespace": "shop", "addresses": ["192.0.2.1"]},
                *({"name": f"g{k}", "namespace": "shop", "addresses": [f"172.16.0.{k}"]} for k in range(n)),
            ]
        },
        cluster={"podCIDRs": [f"10.0.{k}.0/24" for k in range(n)]},
    ),
    "destinationRules": policies("destinationRules", lambda k: {"host": host(k), "subsets": ["v1"]}),
    "destinationRules for one host": policies("destinationRules", lambda _: {"host": host(0), "subsets": ["v1"]}),
    "destinationRules with a policy": policies("destinationRules", lambda k: {"host": host(k), "trafficPolicy": True}),
    "destinationRules with wildcards": policies("destinationRules", lambda k: {"host": f"*.{letters(k)}.local"}),
    "virtualServices": policies("virtualServices", lambda k: {"hosts": [host(k)]}),
    "serviceEntries": policies("serviceEntries", lambda k: {"hosts": [host(k)], "resolution": "DNS"}),
    "sidecars": policies("sidecars", lambda k: {"workloadSelector": {"app": f"x{k}"}, "egressHosts": ["./*"]}),
    "peerAuthentications": policies(
        "peerAuthentications", lambda k: {"selector": {"app": f"web{k}"}, "mode": "STRICT"}
    ),
    "peerAuthentications of ports": policies(
        "peerAuthentications", lambda k: {"selector": {"app": f"web{k}"}, "disabledPorts": [80]}
    ),
    "istioGateways": policies(
        "istioGateways", lambda k: {"selector": {"istio": f"x{k}"}, "servers": [{"port": 80, "hosts": [host(k)]}]}
    ),
    "workspaces": workspaces("n"),
    "workspaces of unknown namespaces": workspaces("m"),
    "patterns": lambda n: fleet(
        {"namespaces": [{"name": "shop"}, *({"name": f"n-{letters(k)}"} for k in range(n))]},
        workspace={"namespaceSelector": {"names": ["*/shop", *(f"*/n-{letters(k)}*" for k in range(n))]}},
    ),
    "gateways": lambda n: fleet(spec={"gateways": [{"name": f"g{letters(k)}", "namespace": "shop"} for k in range(n)]}),
    "publishedHosts": lambda n: fleet(
        services=services(n),
        more=[
            document(
                "PublishedHost",
                f"p{k}",
                {
                    "workspace": "shop",
                    "service": host(k),
                    "ingressGateway": {"name": f"g{letters(k)}", "namespace": "shop"},
                },
            )
            for k in range(n)
        ],
    ),
    "routes": lambda n: fleet(
        services=services(n),
        more=[
            document(
                "PublishedHost",
                "p",
                {
                    "host": "p.example.com",
                    "workspace": "shop",
                    "ingressGateway": {"name": "ew", "namespace": "shop"},
                    "routes": [{"match": {"prefix": f"/{k}"}, "service": host(k), "port": 80} for k in range(n)],
                },
            )
        ],
    ),
    "directories": lambda n: fleet(
        spec={
            "directories": [
                {"path": ".", "workspaces": ["shop", *(f"s-{letters(k)}" for k in range(n))]},
                *({"path": f"d{k}"} for k in range(n)),
            ]
        }
    ),
    "zones": lambda n: fleet(spec={"dns": {"zones": [{"name": f"{letters(k)}.example.com"} for k in range(n)]}}),
    "waves of a delivery": lambda n: fleet(
        spec={"delivery": {**ARGO_CD, "waves": [{"wave": k % 100, "revision": f"w-{letters(k)}"} for k in range(n)]}},
        cluster={"wave": 0},
    ),
    "leaving clusters": lambda n: fleet(
        spec={"delivery": {**ARGO_CD, "leaving": [f"x-{letters(k)}" for k in range(n)]}}
    ),
    "clusters that are delivered": lambda n: fleet(
        spec={"delivery": ARGO_CD},
        more=[document("Cluster", f"x{k}", {"region": "r", "network": f"m{k}", "wave": k % 100}) for k in range(n)],
    ),
    "accept": lambda n: fleet(
        services=services(n), spec={"accept": [{"code": "MG311", "object": f"x{k}", "reason": "x"} for k in range(n)]}
    ),
    "clusters that call": lambda n: fleet(
        workspace={"consumers": {"names": ["c1", "c2"]}},
        more=[document("Cluster", f"x{k}", {"region": "r", "network": f"m{k}"}) for k in range(n)],
    ),
    "names of clusters": lambda n: fleet(workspace={"consumers": {"names": [f"x-{letters(k)}" for k in range(n)]}}),
    "unexposedServices": lambda n: fleet(
        services=services(n), workspace={"unexposedServices": [host(k) for k in range(n)]}
    ),
    "consumerNamespaces": lambda n: fleet(
        services=services(4),
        workspace={
            "exposedServices": [
                {"host": host(k), "consumerNamespaces": [f"n-{letters(j)}" for j in range(n)]} for k in range(4)
            ]
        },
    ),
    "regions": lambda n: fleet(
        services=services(4),
        spec={"regions": [{"name": f"r{k}", "near": [f"r{k + 1}"]} for k in range(n)]},
    ),
    "near regions": lambda n: fleet(spec={"regions": [{"name": "r", "near": [f"r-{letters(k)}" for k in range(n)]}]}),
    "order": lambda n: fleet(
        workspace={"traffic": {"mode": "ordered", "order": [{"names": [f"x-{letters(k)}"]} for k in range(n)]}}
    ),
    "weights": lambda n: fleet(
        workspace={
            "traffic": {"mode": "weighted", "weights": [{"names": [f"x-{letters(k)}"], "share": 1} for k in range(n)]}
        }
    ),
    "overrides": lambda n: fleet(
        spec={
            "gateways": [
                {
                    "name": "ew",
                    "namespace": "shop",
                    "overrides": [
                        {"clusters": {"names": [f"x-{letters(k)}"]}, "loadBalancerSourceRanges": ["192.0.2.0/24"]}
                        for k in range(n)
                    ],
                }
            ]
        }
    ),
    "loadBalancerSourceRanges": lambda n: fleet(
        spec={
            "gateways": [
                {"name": "ew", "namespace": "shop", "loadBalancerSourceRanges": [f"10.0.{k}.0/24" for k in range(n)]}
            ]
        }
    ),
    "hosts of a VirtualService": lambda n: fleet(
        {"virtualServices": [{"name": "v", "namespace": "shop", "hosts": [host(k) for k in range(n)]}]}, services(n)
    ),
    "hosts of a ServiceEntry": lambda n: fleet(
        {"serviceEntries": [{"name": "s", "namespace": "shop", "hosts": [host(k) for k in range(n)]}]}, services(n)
    ),
    "egressHosts of a Sidecar": lambda n: fleet(
        {"sidecars": [{"name": "s", "namespace": "shop", "egressHosts": [f"./{host(k)}" for k in range(n)]}]},
        services(n),
    ),
    "subsets": lambda n: fleet(
        {
            "destinationRules": [
                {"name": "d", "namespace": "shop", "host": host(0), "subsets": [f"v{k}" for k in range(n)]}
            ]
        }
    ),
    "ports of a DestinationRule": lambda n: fleet(
        {
            "destinationRules": [
                {
                    "name": "d",
                    "namespace": "shop",
                    "host": host(0),
                    "portLevelSettings": [{"port": k + 1, "tlsMode": "ISTIO_MUTUAL"} for k in range(n)],
                }
            ]
        },
        [service(0, ports=[{"name": f"tcp-{k}", "port": k + 1} for k in range(n)])],
    ),
    "servers of a Gateway": lambda n: fleet(
        {
            "istioGateways": [
                {
                    "name": "g",
                    "namespace": "shop",
                    "selector": {"istio": "x"},
                    "servers": [{"port": k + 1, "hosts": [host(k)]} for k in range(n)],
                }
            ]
        },
        services(n),
    ),
    "hosts of a server": lambda n: fleet(
        {
            "istioGateways": [
                {
                    "name": "g",
                    "namespace": "shop",
                    "selector": {"istio": "x"},
                    "servers": [{"port": 80, "hosts": [host(k) for k in range(n)]}],
                }
            ]
        },
        services(n),
    ),
    "Services of a PeerAuthentication": lambda n: fleet(
        {
            "peerAuthentications": [
                {
                    "name": "p",
                    "namespace": "shop",
                    "selector": {"app": "x"},
                    "mode": "STRICT",
                    "services": [f"web-{letters(k)}" for k in range(n)],
                    "servicesInPart": [f"api-{letters(k)}" for k in range(n)],
                }
            ]
        },
        services(n),
    ),
    "discoverySelectors": lambda n: fleet(
        {
            "istio": {"discoverySelectors": [{"matchLabels": {"team": letters(k)}} for k in range(n)]},
            "namespaces": [{"name": "shop", "labels": {"team": letters(0)}}],
        },
        services(n),
    ),
    "unknown fields": lambda n: fleet(spec={f"clusters{letters(k)}": 1 for k in range(n)}),
}
