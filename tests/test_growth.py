"""What a fleet costs grows with it: four times as long a list takes about four times as long, whichever list it is.

Suggestions, which are only advice, are bounded instead. Measured in CPU time of this process.
"""

from __future__ import annotations

import gc
import json
import time
from inspect import get_annotations
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from meshgen.diagnostics.near import afresh, near
from meshgen.inventory.collect import collect
from meshgen.language.typed import MODELS
from meshgen.load.json_text import read_json
from meshgen.pipeline import compile_fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SMALL, LARGE = 64, 256
MOST = 9.0
"""How many times as long the larger fleet may take: linear is 4, quadratic 16."""
LONG = 32
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
    "zones": lambda n: fleet(spec={"dns": {"zones": [{"name": f"{letters(k)}.example.com"} for k in range(n)]}}),
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


_DOCUMENTS = "items are documents here"
_LOOKED_UP = "read once, where somebody asks for one of its items"
_WRITTEN = "written as it is, and compared with nothing"
SHORT = {
    "Advertised.addresses": "the same as `addresses` of a gateway",
    "Cluster.zones": _LOOKED_UP,
    "Cors.allowHeaders": _WRITTEN,
    "Cors.allowOrigins": _WRITTEN,
    "Cors.exposeHeaders": _WRITTEN,
    "FleetSpec.clusters": _DOCUMENTS,
    "FleetSpec.publishedHosts": _DOCUMENTS,
    "FleetSpec.workspaces": _DOCUMENTS,
    "GatewayOverride.loadBalancerSourceRanges": "the same as a gateway's own",
    "LabelRequirement.values": _LOOKED_UP,
    "LabelSelector.matchExpressions": "all have to hold, like `matchLabels`",
    "ObservedDestinationRule.exportTo": _LOOKED_UP,
    "ObservedDestinationRule.failoverPriority": "the labels of a locality and a network",
    "ObservedGateway.ports": "the ports of one Service, as `ports`",
    "ObservedIstio.defaultDestinationRuleExportTo": _LOOKED_UP,
    "ObservedIstio.defaultServiceExportTo": _LOOKED_UP,
    "ObservedIstio.defaultVirtualServiceExportTo": _LOOKED_UP,
    "ObservedIstio.injectionRevisions": _LOOKED_UP,
    "ObservedPeerAuthentication.disabledPorts": _LOOKED_UP,
    "ObservedPeerAuthentication.enabledPorts": _LOOKED_UP,
    "ObservedPortPolicy.failoverPriority": "the labels of a locality and a network",
    "ObservedService.exportTo": _LOOKED_UP,
    "ObservedService.workloads": "kinds, of which there are few",
    "ObservedServiceEntry.exportTo": _LOOKED_UP,
    "ObservedVirtualService.exportTo": _LOOKED_UP,
    "ObservedVirtualService.gateways": _LOOKED_UP,
    "Retries.idempotentRequests": _WRITTEN,
    "ServiceEntryVisibility.policies": "the first that fits decides, for one namespace",
    "ServicePort.containerPorts": _LOOKED_UP,
    "VisibilityPolicy.namespaceSelectors": "all have to hold, for one namespace",
}
"""Lists that are not tried, by model and field, and why."""


def lists(model: type[BaseModel], seen: dict[str, Any]) -> dict[str, Any]:
    """Every list that people may write below `model`, by model and field; those of a few words are none."""
    for name, field in model.model_fields.items():
        for annotation in _parts(field.annotation):
            if get_origin(annotation) is list and get_origin(get_args(annotation)[0]) is not Literal:
                seen.setdefault(_called(model, name), annotation)
        for inner in _models(field.annotation):
            if inner.__name__ not in seen:
                seen[inner.__name__] = None
                lists(inner, seen)
    return {name: found for name, found in seen.items() if found is not None}


def _called(model: type[BaseModel], name: str) -> str:
    """A field by the model that declares it."""
    declares = next(each for each in reversed(model.__mro__) if name in get_annotations(each))
    return f"{declares.__name__}.{model.model_fields[name].alias or name}"


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation, without what is optional or only annotated."""
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    elif get_origin(annotation) is Annotated:
        yield from _parts(get_args(annotation)[0])
    else:
        yield annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and get_origin(part) is None and issubclass(part, BaseModel):
            yield part
        for inner in get_args(part) if get_origin(part) in (list, dict) else ():
            yield from _models(inner)


def grown(model: type[BaseModel], data: Any) -> Iterator[str]:
    """The lists of `data` that are long."""
    for name, field in model.model_fields.items():
        value = data.get(field.alias or name) if isinstance(data, dict) else None
        if isinstance(value, list) and len(value) >= LONG:
            yield _called(model, name)
        for item in value if isinstance(value, list) else [value]:
            for inner in _models(field.annotation):
                yield from grown(inner, item)


def test_every_list_of_the_language_is_tried_or_said_to_be_short() -> None:
    known: dict[str, Any] = {}
    for model in MODELS.values():
        lists(model, known)
    tried: set[str] = set()
    for text in (make(SMALL) for make in LISTS.values()):
        for document in map(json.loads, text.split("\n---\n")):
            tried.update(grown(MODELS[document["kind"]], document["spec"]))
    untried = {name for name, found in known.items() if found is not None} - tried
    assert sorted(untried) == sorted(SHORT), "add a fleet with the list to LISTS, or say in SHORT why there is none"


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


def deployment(number: int, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web{number}", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": f"web{number}"}}},
    }


def cluster_service(number: int, **selector: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"web{number}", "namespace": "shop"},
        "spec": {"selector": selector, "ports": [{"name": "http", "port": 80}]},
    }


def peer_authentication(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": f"web{number}", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": f"web{number}"}}, "mtls": {"mode": "STRICT"}},
    }


def everywhere(*makers: Callable[[int], dict[str, Any]]) -> Callable[[int], list[dict[str, Any]]]:
    return lambda count: [make(number) for make in makers for number in range(count)]


IMPORTS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "one workload behind each Service": everywhere(
        lambda k: deployment(k, app=f"web{k}"), lambda k: cluster_service(k, app=f"web{k}")
    ),
    "all of one release": everywhere(
        lambda k: deployment(k, release="x", app=f"web{k}"), lambda k: cluster_service(k, release="x", app=f"web{k}")
    ),
    "Services without a selector": everywhere(lambda k: deployment(k, app=f"web{k}"), cluster_service),
    "a policy for each workload": everywhere(
        lambda k: deployment(k, app=f"web{k}"), lambda k: cluster_service(k, app=f"web{k}"), peer_authentication
    ),
}
IMPORT_SMALL, IMPORT_LARGE = 300, 1_200
MOST_OF_AN_IMPORT = 7.0
"""Of a quadratic search, which costs less an object than what is linear, more than half would have to be hidden."""


def import_cost(objects: list[dict[str, Any]]) -> float:
    """Seconds of this process to find the facts of `objects`, reading them left out."""
    found = read_json(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}), "x.json")
    assert found is not None
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        _, problems = collect(found[0], "default")
        assert problems == []
        return time.process_time() - start
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_of_four_times_as_many_objects_takes_about_four_times_as_long(name: str) -> None:
    import_cost(IMPORTS[name](2))
    small = min(import_cost(IMPORTS[name](IMPORT_SMALL)) for _ in range(2))
    large = min(import_cost(IMPORTS[name](IMPORT_LARGE)) for _ in range(2))
    assert large < MOST_OF_AN_IMPORT * small


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
