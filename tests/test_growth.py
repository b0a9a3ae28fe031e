"""What a fleet costs grows with it: four times as long a list takes about four times as long, whichever list it is.

Suggestions, which are only advice, are bounded instead. Measured in CPU time of this process.
"""

from __future__ import annotations

import gc
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.diagnostics.near import afresh, near
from meshgen.pipeline import compile_fleet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL, LARGE = 64, 256
MOST = 9.0
"""How many times as long the larger fleet may take: linear is 4, quadratic 16."""
AT_ONCE = 0.3
"""Seconds that are too short to compare."""


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
    "accept": lambda n: fleet(
        services=services(n), spec={"accept": [{"code": "MG311", "object": f"x{k}", "reason": "x"} for k in range(n)]}
    ),
    "clusters that call": lambda n: fleet(
        workspace={"consumers": {"names": ["c1", "c2"]}},
        more=[document("Cluster", f"x{k}", {"region": "r", "network": f"m{k}"}) for k in range(n)],
    ),
    "names of clusters": lambda n: fleet(workspace={"consumers": {"names": [f"x-{letters(k)}" for k in range(n)]}}),
    "unknown fields": lambda n: fleet(spec={f"clusters{letters(k)}": 1 for k in range(n)}),
}


def cost(text: str, directory: Path) -> float:
    """Seconds of this process that a compile takes."""
    file = directory / "fleet.yaml"
    file.write_text(text)
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        compile_fleet(file)
        return time.process_time() - start
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_four_times_as_long_takes_about_four_times_as_long(name: str, tmp_path: Path) -> None:
    cost(LISTS[name](2), tmp_path)  # modules and schemas are read once
    large = cost(LISTS[name](LARGE), tmp_path)
    if large > AT_ONCE:
        small = min(cost(LISTS[name](SMALL), tmp_path) for _ in range(2))
        large = min(large, cost(LISTS[name](LARGE), tmp_path))
        assert large < MOST * small


def test_suggestions_end_where_a_great_many_names_are_wrong() -> None:
    known = [f"web-{letters(number)}" for number in range(2_000)]
    afresh()
    start = time.process_time()
    found = [near(f"wep-{letters(number)}", known) for number in range(2_000)]
    assert time.process_time() - start < 10
    assert found[0] == [known[0]]
    assert found[-1] == []
    afresh()
    assert near("wep-aaaa", known) == ["web-aaaa"]


def test_text_that_looks_like_an_old_number_is_read_at_once(tmp_path: Path) -> None:
    text = fleet().replace('"r"', "1" + "_" * 20_000 + "x")
    assert cost(text, tmp_path) < 2
