"""The local copy of a service dies under load, in c1: its callers move to c2.

Every fault has a service of its own, and all of them strike at the same moment.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, Draft, host, service, url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage


@dataclass(frozen=True)
class Fault:
    """What happens to the local pods of a service, in steps of (seconds after the start, step)."""

    steps: tuple[tuple[float, Callable[[Lab, list[Pod]], None]], ...]
    seconds: float
    method: str = "GET"
    replicas: int = 1
    failover: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What callers saw of a fault.

    `open_before`: connections to the local copy when it struck; `executed`: how often c2 ran each POST, by its key.
    """

    report: Report
    open_before: int
    executed: dict[str, int]


def _kill_application(_: Lab, pods: list[Pod]) -> None:
    pods[0].stop_server()


def _start_application(_: Lab, pods: list[Pod]) -> None:
    pods[0].start_server()


def _kill_proxy(_: Lab, pods: list[Pod]) -> None:
    pods[0].stop_proxy()


def _kill_applications_but_one(_: Lab, pods: list[Pod]) -> None:
    for pod in pods[1:]:
        pod.stop_server()


def _take_endpoint_out(lab: Lab, pods: list[Pod]) -> None:
    pods[0].published = False
    lab.publish()


def _cut_off_node(_: Lab, pods: list[Pod]) -> None:
    pods[0].die()


FAULTS = {
    "returns": Fault(((2, _kill_application), (12, _start_application)), 60),
    "stays-dead": Fault(((2, _kill_application),), 75),
    "proxy": Fault(((2, _kill_proxy),), 22),
    "endpoint": Fault(((2, _take_endpoint_out),), 12),
    "replicas": Fault(((2, _kill_applications_but_one),), 22, replicas=3),
    "node": Fault(((2, _cut_off_node),), 42),
    "impatient": Fault(((2, _cut_off_node),), 42, failover={"retries": {"perTryTimeout": "1s"}}),
    "posts": Fault(((2, _kill_application),), 22, method="POST"),
}


def _fleet() -> Draft:
    """The services that faults strike in both clusters, one more that nothing strikes; reviews in c2 alone."""
    draft = BOOKINFO.changed()
    services = [service(name) for name in (*FAULTS, "spared")]
    draft.services = {"c1": services, "c2": [*services, service("reviews")]}
    settings = {name: {"host": host(name), "failover": f.failover} for name, f in FAULTS.items() if f.failover}
    draft.exposed = [settings.get(name, host(name)) for name in (*FAULTS, "spared", "reviews")]
    return draft


FLEET = _fleet()


@pytest.fixture(scope="module")
def outcomes(stage: Stage) -> dict[str, Outcome]:
    """What callers in c1 saw of each fault, by the name of its service."""
    lab = stage.boot(FLEET)
    local = {name: [lab.pod("c1", "bookinfo", name)] for name in FAULTS}
    for name, pods in local.items():
        pods += [lab.add_replica(pods[0], f"{name}-{number}") for number in range(1, FAULTS[name].replicas)]
    client = lab.new_client("c1")
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        return dict(zip(FAULTS, pool.map(partial(_strike, lab, client), FAULTS, local.values()), strict=True))


def _strike(lab: Lab, client: Pod, name: str, local: list[Pod]) -> Outcome:
    fault, opened = FAULTS[name], []
    with Load(client, url(name), method=fault.method) as load:
        started = time.time()
        for due, step in fault.steps:
            time.sleep(max(0, started + due - time.time()))
            opened.append(_open_connections(client, name))
            step(lab, local)
        time.sleep(max(0, started + fault.seconds - time.time()))
    return Outcome(load.report, opened[0], lab.pod("c2", "bookinfo", name).executed())


def _open_connections(client: Pod, name: str) -> int:
    return sum(e.open_connections for e in client.envoy.endpoints(host(name), 9080) if e.priority == 0)


@pytest.mark.quick
def test_no_request_is_lost_when_the_application_dies_and_comes_back(outcomes: dict[str, Outcome], show: Show) -> None:
    report = outcomes["returns"].report
    show("application killed, back 10 s later", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c1", "c2"}
    assert set(report.last(3).by_cluster) == {"c1"}


@pytest.mark.quick
def test_no_request_is_lost_while_a_dead_application_stays_published(outcomes: dict[str, Outcome], show: Show) -> None:
    report = outcomes["stays-dead"].report
    show("application dead for 73 s, its endpoint published", report)
    assert (report.lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
def test_no_request_is_lost_when_the_proxy_dies(outcomes: dict[str, Outcome], show: Show) -> None:
    report = outcomes["proxy"].report
    show("proxy killed", report)
    assert (report.lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
def test_no_request_is_lost_when_the_endpoint_vanishes(outcomes: dict[str, Outcome], show: Show) -> None:
    report = outcomes["endpoint"].report
    show("endpoint vanished", report)
    assert (report.lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
def test_no_request_is_lost_when_all_replicas_but_one_die(outcomes: dict[str, Outcome], show: Show) -> None:
    """Envoy sends a part away from a level with less than 72 % of its endpoints alive."""
    report = outcomes["replicas"].report
    show("two of three local replicas dead", report)
    assert (report.lost, set(report.last(3).by_cluster)) == ([], {"c1", "c2"})


@pytest.mark.quick
def test_a_node_that_vanishes_costs_only_requests_on_open_connections(outcomes: dict[str, Outcome], show: Show) -> None:
    report, open_before = outcomes["node"].report, outcomes["node"].open_before
    show(f"node cut off, {open_before} connections open, no perTryTimeout", report)
    assert len(report.lost) <= open_before
    assert set(report.last(3).by_cluster) == {"c2"}


@pytest.mark.quick
def test_no_request_is_lost_to_a_node_that_vanishes_with_a_timeout_per_try(
    outcomes: dict[str, Outcome], show: Show
) -> None:
    report = outcomes["impatient"].report
    show("node cut off, perTryTimeout 1 s", report)
    assert (report.lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
def test_no_post_runs_twice(outcomes: dict[str, Outcome], show: Show) -> None:
    report, counts = outcomes["posts"].report, outcomes["posts"].executed
    show("POST, application killed (losses measured)", report)
    show("executions of one request, at most", max(counts.values()))
    assert max(counts.values()) == 1
    assert {r.key for r in report.requests if r.cluster == "c2"} == counts.keys()


@pytest.mark.parametrize("name", ["spared", "reviews"])
def test_no_post_runs_twice_when_the_application_answers_503(stage: Stage, name: str, show: Show) -> None:
    """Two levels and meshgen's retries (spared), one level and Istio's own (reviews)."""
    lab = stage.boot(FLEET)
    report = send(lab.new_client("c1"), f"{url(name)}503", 30, method="POST")
    keys = {request.key for request in report.requests}
    counts = [n for pod in lab.pods.values() if pod.name == name for k, n in pod.executed().items() if k in keys]
    show(f"POST to {name} answered 503: requests, executions", (len(keys), sum(counts)))
    assert sum(counts) == len(keys)
