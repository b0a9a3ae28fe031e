from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, host, service, url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

DETAILS = url("details")
IMPATIENT = BOOKINFO.changed()
IMPATIENT.exposed = [{"host": host("details"), "failover": {"retries": {"perTryTimeout": "1s"}}}, host("reviews")]


@pytest.fixture
def details(bookinfo: Lab) -> Iterator[Pod]:
    """The copy of details in c1; a new one takes its place after the scenario."""
    pod = bookinfo.pod("c1", "bookinfo", "details")
    yield pod
    bookinfo.delete_pod(pod)
    bookinfo.start_workload("c1", service("details"))


def _under_load(client: Pod, fault: Callable[[], None], seconds: float, *, method: str = "GET") -> Report:
    """Send to details from c1, break something after 2 s, go on; the last 3 s must all come from c2."""
    with Load(client, DETAILS, method=method) as load:
        time.sleep(2)
        fault()
        time.sleep(seconds)
    assert set(load.report.last(3).by_cluster) == {"c2"}
    return load.report


@pytest.mark.quick
def test_no_request_is_lost_when_the_application_dies_and_comes_back(client: Pod, details: Pod, show: Show) -> None:
    with Load(client, DETAILS) as load:
        time.sleep(2)
        details.stop_server()
        time.sleep(10)
        details.start_server()
        time.sleep(45)
        back = time.time()
        time.sleep(3)
    show("application killed, back 10 s later", load.report)
    assert load.report.lost == []
    assert set(load.report.by_cluster) == {"c1", "c2"}
    assert set(load.report.between(back, time.time()).by_cluster) == {"c1"}


def test_no_request_is_lost_while_a_dead_application_stays_published(client: Pod, details: Pod, show: Show) -> None:
    report = _under_load(client, details.stop_server, 73)
    show("application dead for 73 s, its endpoint published", report)
    assert report.lost == []


def test_no_request_is_lost_when_the_proxy_dies(client: Pod, details: Pod, show: Show) -> None:
    report = _under_load(client, details.stop_proxy, 20)
    show("proxy killed", report)
    assert report.lost == []


def test_no_request_is_lost_when_the_endpoint_vanishes(bookinfo: Lab, client: Pod, details: Pod, show: Show) -> None:
    def vanish() -> None:
        details.published = False
        bookinfo.publish()

    report = _under_load(client, vanish, 10)
    show("endpoint vanished", report)
    assert report.lost == []


def test_no_request_is_lost_when_all_replicas_but_one_die(bookinfo: Lab, client: Pod, details: Pod, show: Show) -> None:
    others = [bookinfo.add_replica(details, f"details-{number}") for number in (1, 2)]
    with Load(client, DETAILS) as load:
        time.sleep(2)
        details.stop_server()
        others[0].stop_server()
        time.sleep(20)
    for pod in others:
        bookinfo.delete_pod(pod)
    show("two of three local replicas dead", load.report)
    assert load.report.lost == []


def test_a_node_that_vanishes_costs_only_requests_on_open_connections(client: Pod, details: Pod, show: Show) -> None:
    open_before = 0

    def vanish() -> None:
        nonlocal open_before
        local = [e for e in client.envoy.endpoints(host("details"), 9080) if e.priority == 0]
        open_before = sum(endpoint.open_connections for endpoint in local)
        details.die()

    report = _under_load(client, vanish, 40)
    show(f"node cut off, {open_before} connections open, no perTryTimeout", report)
    assert len(report.lost) <= open_before


def test_no_post_runs_twice(bookinfo: Lab, client: Pod, details: Pod, show: Show) -> None:
    report = _under_load(client, details.stop_server, 20, method="POST")
    show("POST, application killed (losses measured)", report)
    remote = bookinfo.pod("c2", "bookinfo", "details")
    counts = remote.executed()
    show("executions of one request, at most", max(counts.values()))
    assert max(counts.values()) == 1
    assert {r.key for r in report.requests if r.cluster == "c2"} == counts.keys()


@pytest.mark.parametrize("name", ["details", "reviews"])
def test_no_post_runs_twice_when_the_application_answers_503(bookinfo: Lab, client: Pod, name: str, show: Show) -> None:
    """Two levels and meshgen's retries (details), one level and Istio's own (reviews)."""
    report = send(client, f"{url(name)}503", 30, method="POST")
    keys = {request.key for request in report.requests}
    counts = [n for pod in bookinfo.pods.values() if pod.name == name for k, n in pod.executed().items() if k in keys]
    show(f"POST to {name} answered 503: requests, executions", (len(keys), sum(counts)))
    assert sum(counts) == len(keys)


def test_no_request_is_lost_to_a_node_that_vanishes_with_a_timeout_per_try(stage: Stage, show: Show) -> None:
    lab = stage.boot(IMPATIENT)
    client = lab.new_client("c1")
    report = _under_load(client, lab.pod("c1", "bookinfo", "details").die, 40)
    show("node cut off, perTryTimeout 1 s", report)
    stage.clear()
    assert report.lost == []
