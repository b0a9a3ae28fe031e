"""The local copy of a service dies under load, in c1: its callers move to c2.

Every fault has a service of its own, and all of them strike at the same moment.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, GRPC, HTTP, HTTP2, IMPATIENT, TCP, Draft, Item, host, service, url
from lab.workloads import urls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.fleet import Lab
    from lab.load import Report, Request
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage


@dataclass(frozen=True)
class Fault:
    """What happens to the local pods of a service, in steps of (seconds after the start, step)."""

    steps: tuple[tuple[float, Callable[[Lab, list[Pod]], None]], ...]
    seconds: float
    method: str = "GET"
    ports: tuple[Item, ...] = (HTTP,)
    rate: float = 20
    replicas: int = 1
    failover: Item = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether its servers count what they run, and can be asked."""
        return HTTP in self.ports and (self.method == "POST" or GRPC in self.ports)

    def service(self, name: str) -> Item:
        return service(name, ports=list(self.ports))


@dataclass(frozen=True)
class Outcome:
    """What callers saw of a fault.

    `open_before`: HTTP connections to the local copy when it struck; `struck`: from when to when that took; `executed`:
    how often those servers that are alive at the end ran each POST or call, by its key.
    """

    report: Report
    open_before: int
    struck: tuple[float, float]
    executed: Mapping[str, int]

    @property
    def on_their_way(self) -> list[Request]:
        """The requests that had been sent and not been answered when it struck."""
        return self.report.on_their_way(*self.struck).requests

    def between(self, start: float, end: float) -> Report:
        """The requests sent in a span of seconds after the first one."""
        first = self.report.requests[0].sent
        return self.report.between(first + start, first + end)


def _kill_application(_: Lab, pods: list[Pod]) -> None:
    pods[0].stop_server()


def _start_application(_: Lab, pods: list[Pod]) -> None:
    pods[0].start_server()


def _kill_proxy(_: Lab, pods: list[Pod]) -> None:
    pods[0].stop_proxy()


def _kill_applications_but_one(_: Lab, pods: list[Pod]) -> None:
    for pod in pods[1:]:
        pod.stop_server()


def _hang_application(_: Lab, pods: list[Pod]) -> None:
    pods[0].hang_server()


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
    "impatient": Fault(((2, _cut_off_node),), 42, failover=IMPATIENT),
    "hung": Fault(((2, _hang_application),), 24),
    "hung-impatient": Fault(((2, _hang_application),), 24, failover=IMPATIENT),
    "posts": Fault(((2, _kill_application),), 22, method="POST"),
    "http2": Fault(((2, _kill_application),), 22, ports=(HTTP2,), rate=5),  # a request takes the client 6 ms
    "http2-proxy": Fault(((2, _kill_proxy),), 22, ports=(HTTP2,), rate=5),
    "calls": Fault(((2, _kill_application),), 22, ports=(GRPC, HTTP)),
    "calls-proxy": Fault(((2, _kill_proxy),), 22, ports=(GRPC, HTTP)),
    "mysql": Fault(((2, _kill_application), (17, _take_endpoint_out)), 24, ports=(TCP,)),
    "mysql-proxy": Fault(((2, _kill_proxy),), 22, ports=(TCP,)),
}
SPARED = Fault((), 0)


def _fleet() -> Draft:
    """The services that faults strike in both clusters, one more that nothing strikes; reviews in c2 alone."""
    draft = BOOKINFO.changed()
    services = [fault.service(name) for name, fault in (FAULTS | {"spared": SPARED}).items()]
    draft.services = {"c1": services, "c2": [*services, service("reviews")]}
    settings = {name: {"host": host(name), "failover": f.failover} for name, f in FAULTS.items() if f.failover}
    draft.exposed = [settings.get(name, host(name)) for name in (*FAULTS, "spared", "reviews")]
    return draft


FLEET = _fleet()


_AT_ONCE = 5
"""How many faults strike at a time: with all of them two slow cores stall for seconds, and requests with them."""


@pytest.fixture(scope="module")
def outcomes(stage: Stage) -> dict[str, Outcome]:
    """What callers in c1 saw of each fault, by the name of its service."""
    lab = stage.boot(FLEET)
    local = {name: [lab.pod("c1", "bookinfo", name)] for name in FAULTS}
    for name, pods in local.items():
        pods += [lab.add_replica(pods[0], f"{name}-{number}") for number in range(1, FAULTS[name].replicas)]
    client = lab.new_client("c1")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(FAULTS, pool.map(partial(_strike, lab, client), FAULTS, local.values()), strict=True))


def _strike(lab: Lab, client: Pod, name: str, local: list[Pod]) -> Outcome:
    fault, opened, moments = FAULTS[name], [], []
    with Load(client, urls(fault.service(name))[0], rate=fault.rate, method=fault.method) as load:
        load.wait_until_begun()
        started = time.time()
        for due, step in fault.steps:
            time.sleep(max(0, started + due - time.time()))
            moments.append(time.time())
            opened.append(_open_connections(client, name))
            step(lab, local)
            moments.append(time.time())
        time.sleep(max(0, started + fault.seconds - time.time()))
    counted = [pod for pod in (lab.pod("c2", "bookinfo", name), *local) if fault.counts and pod.serves]
    executed = sum((Counter(pod.executed()) for pod in counted), Counter[str]())
    return Outcome(load.report, opened[0], (moments[0], moments[1]), executed)


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
    outcome = outcomes["node"]
    report, on_their_way = outcome.report, len(outcome.on_their_way)
    show(f"node cut off, {outcome.open_before} connections open, {on_their_way} on their way, no perTryTimeout", report)
    assert len(report.lost) <= outcome.open_before + on_their_way
    assert set(report.last(3).by_cluster) == {"c2"}


@pytest.mark.quick
def test_no_request_is_lost_to_a_node_that_vanishes_with_a_timeout_per_try(
    outcomes: dict[str, Outcome], show: Show
) -> None:
    """Envoy tries again until an answer begins: one that is cut in the middle cannot be taken back from the caller."""
    outcome = outcomes["impatient"]
    report, on_their_way = outcome.report, outcome.on_their_way
    show(f"node cut off, {len(on_their_way)} on their way, perTryTimeout 1 s", report)
    assert [r for r in report.lost if not (r in on_their_way and r.begun)] == []
    assert set(report.last(3).by_cluster) == {"c2"}


def test_callers_of_an_application_that_hangs_move_when_it_takes_no_more_connections(
    outcomes: dict[str, Outcome], show: Show
) -> None:
    """Until then its proxy waits with the caller, which is no error: 128 connections here. Measured."""
    report = outcomes["hung"].report
    show("application hangs, no perTryTimeout (losses measured)", report)
    assert report.lost
    assert (report.last(3).lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
def test_no_request_is_lost_to_an_application_that_hangs_with_a_timeout_per_try(
    outcomes: dict[str, Outcome], show: Show
) -> None:
    report = outcomes["hung-impatient"].report
    show("application hangs, perTryTimeout 1 s", report)
    assert (report.lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
@pytest.mark.parametrize("name", ["http2", "http2-proxy"])
def test_no_request_by_http2_is_lost(outcomes: dict[str, Outcome], name: str, show: Show) -> None:
    """But one whose answer the application that is killed had begun: its status is a frame before its content."""
    report = outcomes[name].report
    show(f"HTTP/2, {'application' if name == 'http2' else 'proxy'} killed, 5 requests a second", report)
    cut = [request for request in report.lost if request.begun]
    assert (report.lost, set(report.last(3).by_cluster)) == (cut, {"c2"})
    assert len(cut) <= 1


@pytest.mark.quick
def test_no_post_runs_twice(outcomes: dict[str, Outcome], show: Show) -> None:
    report, counts = outcomes["posts"].report, outcomes["posts"].executed
    show("POST, application killed (losses measured)", report)
    show("executions of one request, at most", max(counts.values()))
    assert max(counts.values()) == 1
    assert {r.key for r in report.requests if r.cluster == "c2"} == counts.keys()


def _all_ran_once(outcome: Outcome) -> bool:
    keys = {request.key for request in outcome.report.requests}
    return {number for key, number in outcome.executed.items() if key in keys} == {1}


@pytest.mark.quick
def test_no_grpc_call_runs_twice_when_the_application_dies(outcomes: dict[str, Outcome], show: Show) -> None:
    """The live proxy answers UNAVAILABLE for its dead application, which is tried again as Istio does (ADR 27)."""
    report = outcomes["calls"].report
    show("gRPC, application killed (losses measured)", report)
    assert (report.last(3).lost, set(report.last(3).by_cluster)) == ([], {"c2"})
    assert _all_ran_once(outcomes["calls"])


@pytest.mark.quick
def test_no_grpc_call_runs_twice_when_the_proxy_dies(outcomes: dict[str, Outcome], show: Show) -> None:
    report = outcomes["calls-proxy"].report
    show("gRPC, proxy killed (losses measured)", report)
    assert (report.last(3).lost, set(report.last(3).by_cluster)) == ([], {"c2"})
    assert _all_ran_once(outcomes["calls-proxy"])


@pytest.mark.quick
def test_tcp_connections_fail_over_when_the_proxy_dies(outcomes: dict[str, Outcome], show: Show) -> None:
    """Nobody retries a connection: those are lost that come before the dead endpoint is ejected. Measured."""
    report = outcomes["mysql-proxy"].report
    show("TCP, proxy killed (losses measured)", report)
    assert (report.last(3).lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.quick
def test_tcp_connections_do_not_fail_over_while_a_proxy_lives_without_its_application(
    outcomes: dict[str, Outcome], show: Show
) -> None:
    """The proxy takes each connection and closes it, which is no error to the caller's: until its endpoint goes."""
    report = outcomes["mysql"].report
    show("TCP, application killed behind its proxy, its endpoint gone 15 s later (losses measured)", report)
    assert outcomes["mysql"].between(3, 15).by_cluster == {}
    assert (report.last(3).lost, set(report.last(3).by_cluster)) == ([], {"c2"})


@pytest.mark.parametrize("target", [f"{url('spared')}503", f"{url('reviews')}503"])
def test_nothing_runs_twice_that_the_application_answers_503(stage: Stage, target: str, show: Show) -> None:
    """Two levels and meshgen's retries (spared), one level and Istio's own (reviews)."""
    lab = stage.boot(FLEET)
    report = send(lab.new_client("c1"), target, 30, method="POST")
    keys = {request.key for request in report.requests}
    servers = [pod for key, pod in lab.pods.items() if key.endswith(("/spared", "/reviews"))]
    executed = sum(n for pod in servers for key, n in pod.executed().items() if key in keys)
    show(f"POST {target}: requests, executions", (report.sent, executed))
    assert executed == report.sent
