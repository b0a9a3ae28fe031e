"""The teams' DestinationRules of every sort and routes to their subsets: what meshgen says, and what the mesh does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from lab import isolation
from lab.api import reference
from lab.fleet import CLIENT_NAMESPACE
from lab.load import Load
from lab.pod import PodSettings
from lab.scenarios.drafts import BOOKINFO, Draft, Item, service

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lab.api import Object
    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage

SUBSETS: Object = {"subsets": [{"name": "v1", "labels": {"version": "v1"}}]}
BALANCED: Object = {"loadBalancer": {"simple": "LEAST_REQUEST"}}
DETECTION: Object = {
    "outlierDetection": {
        "consecutiveGatewayErrors": 5,
        "consecutive5xxErrors": 0,
        "interval": "5s",
        "baseEjectionTime": "30s",
        "maxEjectionPercent": 100,
    }
}
ORDER = ["topology.kubernetes.io/region", "topology.istio.io/network"]
COMPLETE: Object = {
    **DETECTION,
    "loadBalancer": {"localityLbSetting": {"enabled": True, "failoverPriority": ORDER}},
}
PLAIN: Object = {"tls": {"mode": "DISABLE"}}
PRIVATE: Object = {"exportTo": ["."]}
EVERYBODY: Object = {"exportTo": ["*"]}
ONLY_CLIENT: Object = {"workloadSelector": {"matchLabels": {"app": "client"}}}

FAILS_OVER, SHARES, STAYS = "local first, then c2", "c1 and c2 alike", "local only"
UNREACHED = "no answer"
CLIENT, UNLABELLED, ELSEWHERE, BESIDE = (
    "labelled client",
    "client without the label",
    "client elsewhere",
    "client beside",
)
PODS = {
    CLIENT: PodSettings("labelled", CLIENT_NAMESPACE, labels={"app": "client"}),
    UNLABELLED: PodSettings("unlabelled", CLIENT_NAMESPACE),
    ELSEWHERE: PodSettings("elsewhere", "elsewhere"),
    BESIDE: PodSettings("beside", "bookinfo", labels={"app": "client"}),
}


@dataclass(frozen=True)
class Sort:
    """A rule but its host, the codes that meshgen has for it, and what each client then sees.

    `routed`: the team's VirtualService sends everything to the rule's subset. `refused`: the codes are errors. meshgen
    builds without such a rule: the team writes it after the import.
    """

    spec: Object = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    sees: dict[str, str] = field(default_factory=lambda: {CLIENT: FAILS_OVER})
    namespace: str = "bookinfo"
    newer: bool = False
    routed: bool = False
    refused: bool = False


def _policy(policy: Object, **more: Any) -> Object:
    return {"trafficPolicy": policy, **more}


def _port(policy: Object) -> Object:
    return {"portLevelSettings": [{"port": {"number": 9080}, **policy}]}


SORTS: dict[str, Sort] = {
    "none": Sort(),
    "subsets": Sort(SUBSETS, ("MG361",)),
    "subsets-newer": Sort(SUBSETS, ("MG361",), newer=True),
    # Of two rules that are not merged clients take the newest that they see.
    "subsets-private": Sort(SUBSETS | PRIVATE, ("MG361", "MG371"), {CLIENT: FAILS_OVER, BESIDE: FAILS_OVER}),
    "subsets-private-newer": Sort(
        SUBSETS | PRIVATE, ("MG361", "MG371"), {CLIENT: FAILS_OVER, BESIDE: SHARES}, newer=True
    ),
    "subsets-named-newer": Sort(
        SUBSETS | {"exportTo": ["elsewhere"]}, ("MG361", "MG371"), {CLIENT: FAILS_OVER, ELSEWHERE: SHARES}, newer=True
    ),
    "subsets-star": Sort(SUBSETS | EVERYBODY, ("MG361",)),
    "subsets-star-newer": Sort(SUBSETS | EVERYBODY, ("MG361",), newer=True),
    # Where ours would hide theirs, the subset that a route needs is not there.
    "routed": Sort(SUBSETS, ("MG361", "MG363"), {CLIENT: STAYS}, routed=True),
    "routed-star": Sort(SUBSETS | EVERYBODY, ("MG361", "MG363"), {CLIENT: STAYS}, routed=True),
    "routed-private": Sort(
        SUBSETS | PRIVATE, ("MG361", "MG363", "MG389"), {BESIDE: UNREACHED}, routed=True, refused=True
    ),
    "routed-complete": Sort(
        _policy(COMPLETE) | SUBSETS | PRIVATE,
        ("MG359", "MG361", "MG363", "MG389"),
        {BESIDE: UNREACHED},
        routed=True,
        refused=True,
    ),
    "complete": Sort(_policy(COMPLETE), ("MG359",)),
    "complete-mutual": Sort(_policy(COMPLETE | {"tls": {"mode": "ISTIO_MUTUAL"}}), ("MG359",)),
    # Ours stands beside it, for those that do not see it.
    "complete-private": Sort(_policy(COMPLETE, **PRIVATE), ("MG359",), {CLIENT: FAILS_OVER, BESIDE: FAILS_OVER}),
    "complete-private-newer": Sort(
        _policy(COMPLETE, **PRIVATE), ("MG359",), {CLIENT: FAILS_OVER, BESIDE: FAILS_OVER}, newer=True
    ),
    # Settings of a port replace the whole policy for it.
    "port": Sort(_policy(COMPLETE | _port(BALANCED)), ("MG358",), {CLIENT: SHARES}, refused=True),
    "port-complete": Sort(_policy(_port(COMPLETE)), ("MG359",)),
    "port-plain": Sort(_policy(_port(COMPLETE | PLAIN)), ("MG360",), {CLIENT: STAYS}, refused=True),
    "port-plain-rule": Sort(_policy(PLAIN | _port(COMPLETE)), ("MG360",), {CLIENT: STAYS}, refused=True),
    "balanced": Sort(_policy(BALANCED), ("MG358",), {CLIENT: SHARES}, refused=True),
    # The oldest policy counts: ours, until somebody deletes it.
    "balanced-newer": Sort(_policy(BALANCED), ("MG358",), newer=True, refused=True),
    # The clusters are in different regions, and without a priority Istio compares these.
    "detection": Sort(_policy(DETECTION), ("MG358",), refused=True),
    "plain": Sort(_policy(PLAIN), ("MG360",), {CLIENT: STAYS}, refused=True),
    "clients": Sort(_policy(BALANCED), ("MG362",), {CLIENT: SHARES, ELSEWHERE: FAILS_OVER}, CLIENT_NAMESPACE),
    # A rule with a selector hides ours from every client of its namespace, whom it selects or not.
    "clients-selected": Sort(
        _policy(BALANCED) | ONLY_CLIENT,
        ("MG362",),
        {CLIENT: SHARES, UNLABELLED: SHARES, ELSEWHERE: FAILS_OVER},
        CLIENT_NAMESPACE,
    ),
    "clients-complete": Sort(
        _policy(COMPLETE) | ONLY_CLIENT,
        ("MG362",),
        {CLIENT: FAILS_OVER, UNLABELLED: SHARES, ELSEWHERE: FAILS_OVER},
        CLIENT_NAMESPACE,
    ),
    "selected": Sort(_policy(BALANCED) | ONLY_CLIENT, ("MG362",), {CLIENT: FAILS_OVER, BESIDE: SHARES}),
    "selected-complete": Sort(_policy(COMPLETE) | ONLY_CLIENT, (), {CLIENT: FAILS_OVER, BESIDE: FAILS_OVER}),
    # Ours is more specific, or nearer.
    "wildcard": Sort(_policy(BALANCED), ("MG391",), namespace="wild"),
    "root": Sort(_policy(BALANCED), ("MG391",), namespace="istio-system"),
}
"""Sort, under the name of its service and its rule."""


def _home(name: str) -> str:
    return "wild" if name == "wildcard" else "bookinfo"


def _host(name: str) -> str:
    return f"{name}.{_home(name)}.svc.cluster.local"


def _rule(name: str) -> Object:
    sort = SORTS[name]
    written = "*.wild.svc.cluster.local" if name == "wildcard" else _host(name)
    # A short name is one of the rule's own namespace.
    written = name if sort.namespace == "bookinfo" else written
    body = reference("networking.istio.io/v1", "DestinationRule", name, sort.namespace)
    return body | {"spec": {"host": written, **sort.spec}}


def _route(name: str) -> Object:
    body = reference("networking.istio.io/v1", "VirtualService", name, "bookinfo")
    destination = {"host": _host(name), "subset": "v1"}
    return body | {"spec": {"hosts": [_host(name)], "http": [{"route": [{"destination": destination}]}]}}


def _objects(name: str) -> list[Object]:
    """What the team of a sort writes."""
    sort = SORTS[name]
    return [*([_rule(name)] if sort.spec else []), *([_route(name)] if sort.routed else [])]


def _service(name: str) -> Item:
    return service(name, _home(name), selector={"app": name, "version": "v1"})


def _fleet() -> Draft:
    draft = BOOKINFO.changed()
    services = [_service(name) for name in SORTS]
    draft.services = {"c1": services, "c2": services}
    draft.exposed = [_host(name) for name in SORTS]
    draft.workspace = {"namespaceSelector": {"names": ["*/bookinfo", "*/wild"]}}
    draft.inventories = {c: {"namespaces": [{"name": "bookinfo"}, {"name": "wild"}]} for c in draft.clusters}
    return draft


def _meshgen(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "meshgen", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def _write(names: Iterable[str], directory: Path) -> Path:
    """Write the fleet whose inventory of c1 has these rules, as `meshgen inventory import` reads them."""
    draft = _fleet()
    empty = directory / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    manifests = empty / "rules.json"
    items = [body for name in names for body in _objects(name)]
    manifests.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    command = ["inventory", "import", "--cluster", "c1", "--fleet", str(empty), "-o", "-", str(manifests)]
    imported: Item = YAML(typ="safe").load(_meshgen(*command))
    for kind in ("destinationRules", "virtualServices"):
        draft.inventories["c1"][kind] = json.loads(json.dumps(imported["spec"].get(kind, [])))
    return draft.write(directory)


def _said(fleet: Path) -> dict[str, tuple[str, ...]]:
    """The codes of the warnings and errors that name a rule or its host, by sort."""
    findings = json.loads(_meshgen("validate", "--format", "json", str(fleet)))
    return {
        name: tuple(
            sorted(
                f["code"]
                for f in findings
                if f["severity"] != "hint" and re.search(rf"`{name}(`|\.{_home(name)}\.)", f["message"])
            )
        )
        for name in SORTS
    }


def _words(name: str) -> str:
    sort = SORTS[name]
    return f"{name}, meshgen says {', '.join(sort.codes) or 'nothing'}{' and refuses it' if sort.refused else ''}"


def test_meshgen_says_of_every_sort_what_it_does() -> None:
    """Each refused rule alone: a fleet with errors hears no more than these."""
    accepted = [name for name, sort in SORTS.items() if not sort.refused]
    said = _said(_write(accepted, isolation.WORK / "accepted"))
    for name in SORTS.keys() - accepted:
        said[name] = _said(_write([name], isolation.WORK / name))[name]
    assert said == {name: sort.codes for name, sort in SORTS.items()}


def _apply(lab: Lab, *, newer: bool) -> None:
    for name, sort in SORTS.items():
        if sort.newer is newer:
            lab.clusters["c1"].ensure_namespace(sort.namespace)
            for body in _objects(name):
                lab.clusters["c1"].api.apply(body, manager="team")


def _boot(stage: Stage) -> Lab:
    fleet = _write([name for name, sort in SORTS.items() if not sort.refused], isolation.WORK / "sorts")
    lab = stage.open()
    lab.start_clusters(fleet)
    _apply(lab, newer=False)
    time.sleep(1.1)  # ages are counted in seconds
    lab.roll_out(fleet)
    time.sleep(1.1)
    _apply(lab, newer=True)
    time.sleep(2)
    return lab


def test_every_sort_while_the_local_copy_dies(own_stage: Stage, show: Show) -> None:
    """The application dies behind its proxy, its endpoint stays published."""
    lab = _boot(own_stage)
    clients = {who: lab.new_client("c1", settings) for who, settings in PODS.items()}
    cases = [(name, who) for name, sort in SORTS.items() for who in sort.sees]
    levels = {(name, who): {e.priority for e in clients[who].envoy.endpoints(_host(name), 9080)} for name, who in cases}
    with ExitStack() as loads:
        running = {
            (name, who): loads.enter_context(Load(clients[who], f"http://{_host(name)}:9080/", rate=5))
            for name, who in cases
        }
        for load in running.values():
            load.wait_until_begun()
        time.sleep(8)
        death = time.time()
        for name in SORTS:
            lab.pod("c1", _home(name), name).stop_server()
        time.sleep(14)
    for case, load in running.items():
        before = load.report.between(0, death - 1).by_cluster
        show(f"{_words(case[0])}; {case[1]}, priorities {sorted(levels[case])}, before {before}", load.report)
    found = {case: _seen(load.report, death, levels[case]) for case, load in running.items()}
    assert found == {(name, who): SORTS[name].sees[who] for name, who in cases}


def _seen(report: Report, death: float, levels: set[int]) -> str:
    """What a client saw, in words; words of another sort where that is none of the outcomes.

    Whether clients that share lose requests is left to their retries.
    """
    before, after = report.between(0, death - 1).by_cluster, report.last(3).by_cluster
    if set(before) == {"c1"} and not after:
        return STAYS
    if not before and not after:
        return UNREACHED
    if levels == {0}:
        return SHARES
    if len(levels) > 1 and set(before) == {"c1"} and set(after) == {"c2"} and not report.lost:
        return FAILS_OVER
    return f"{before}, then {after}, lost {len(report.lost)}"
