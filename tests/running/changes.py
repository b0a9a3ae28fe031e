"""Ways in which what a client knows may differ from the plan, each with the code of its one finding."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Dump = dict[str, Any]
GATEWAY_PORT, POD_PORT = 15443, 8080


def assignments(dump: Dump) -> list[Dump]:
    return [each["endpoint_config"] for each in dump["configs"][1]["dynamic_endpoint_configs"]]


def placed(dump: Dump) -> Iterator[tuple[Dump, Dump, Dump]]:
    """Every assignment, group of one priority and endpoint."""
    for assignment in assignments(dump):
        for group in assignment["endpoints"]:
            for endpoint in group["lb_endpoints"]:
                yield assignment, group, endpoint


def remote(dump: Dump) -> list[tuple[Dump, Dump, Dump]]:
    """Those at gateways."""
    return [each for each in placed(dump) if each[2]["endpoint"]["address"]["socket_address"]["port_value"] == 15443]


def without_host(dump: Dump, place: int) -> str:
    configs = dump["configs"][1]["dynamic_endpoint_configs"]
    del configs[place % len(configs)]
    return "MG766"


def without_endpoint(dump: Dump, place: int) -> str:
    several = remote(dump)
    _, group, endpoint = several[place % len(several)]
    group["lb_endpoints"].remove(endpoint)
    return "MG767"


def old_address(dump: Dump, place: int) -> str:
    several = remote(dump)
    _, group, endpoint = several[place % len(several)]
    more = copy.deepcopy(endpoint)
    more["endpoint"]["address"]["socket_address"]["address"] = "192.0.2.200"
    more["metadata"]["filter_metadata"]["istio"]["workload"] = f"k-web-{'0' * 32};shop;web;;c"
    group["lb_endpoints"].append(more)
    return "MG768"


def other_port(dump: Dump, place: int) -> str:
    """An endpoint at another port of its gateway is one too few and one too many: the first of two causes counts."""
    several = remote(dump)
    _, group, endpoint = several[place % len(several)]
    more = copy.deepcopy(endpoint)
    more["endpoint"]["address"]["socket_address"]["port_value"] = 15444
    more["metadata"]["filter_metadata"]["istio"]["workload"] = f"k-web-{'0' * 32};shop;web;;c"
    group["lb_endpoints"].append(more)
    return "MG768"


def ejected(dump: Dump, place: int) -> str:
    several = remote(dump)
    several[place % len(several)][2]["health_status"] = "UNHEALTHY"
    return "MG772"


def weight(dump: Dump, place: int) -> str:
    """Of one of several endpoints of a level."""
    groups = [group for _, group, _ in remote(dump) if len(group["lb_endpoints"]) > 1]
    group = groups[place % len(groups)]
    group["lb_endpoints"][-1]["load_balancing_weight"] *= 7
    return "MG771"


def together(dump: Dump, place: int) -> str:
    """All of a host in one level."""
    several = [each for each in assignments(dump) if len(each["endpoints"]) > 1]
    for group in several[place % len(several)]["endpoints"]:
        group["priority"] = 0
    return "MG770"


def backwards(dump: Dump, place: int) -> str:
    several = [each for each in assignments(dump) if len(each["endpoints"]) > 1]
    groups = several[place % len(several)]["endpoints"]
    for group in groups:
        group["priority"] = len(groups) - 1 - group["priority"]
    return "MG770"


def without_pods(dump: Dump, place: int) -> str:
    own = [each for each in placed(dump) if each[2]["endpoint"]["address"]["socket_address"]["port_value"] == 8080]
    chosen = own[place % len(own)][0]
    for assignment, group, endpoint in own:
        if assignment is chosen:
            group["lb_endpoints"].remove(endpoint)
    chosen["endpoints"] = [group for group in chosen["endpoints"] if group["lb_endpoints"]]
    return "MG769"


def other_network(dump: Dump, place: int) -> str:
    dump["configs"][0]["bootstrap"]["node"]["metadata"]["NETWORK"] = f"elsewhere-{place}"
    return "MG765"


def other_shares(dump: Dump, place: int) -> str:
    routes = dump["configs"][2]["dynamic_route_configs"][0]["route_config"]["virtual_hosts"][0]["routes"]
    clusters = routes[place % len(routes)]["route"]["weighted_clusters"]["clusters"]
    clusters[0]["weight"], clusters[1]["weight"] = clusters[1]["weight"], clusters[0]["weight"]
    return "MG771"


Change = "Callable[[Dump, int], str]"
ANYWHERE = [without_host, without_endpoint, old_address, other_port, ejected, other_network]
BESIDE_PODS = [*ANYWHERE, together, backwards, without_pods]
