from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.load import Load
from lab.scenarios.drafts import service, url

DETAILS = url("details")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show


@pytest.fixture
def details(bookinfo: Lab) -> Iterator[Pod]:
    """The copy of details in c1; a new one takes its place after the scenario."""
    pod = bookinfo.pod("c1", "bookinfo", "details")
    yield pod
    bookinfo.delete_pod(pod)
    bookinfo.add_service("c1", service("details"))


def _under_load(client: Pod, fault: Callable[[], None], seconds: float, *, method: str = "GET") -> Report:
    with Load(client, DETAILS, method=method) as load:
        time.sleep(2)
        fault()
        time.sleep(seconds)
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
    report = _under_load(client, details.stop_proxy, 40)
    show("proxy killed", report)
    assert report.lost == []


def test_no_request_is_lost_when_the_endpoint_vanishes(bookinfo: Lab, client: Pod, details: Pod, show: Show) -> None:
    def vanish() -> None:
        details.published = False
        bookinfo.publish()

    report = _under_load(client, vanish, 10)
    show("endpoint vanished", report)
    assert report.lost == []


def test_no_request_is_lost_when_the_pod_dies_without_a_goodbye(client: Pod, details: Pod, show: Show) -> None:
    report = _under_load(client, details.die, 40)
    show("node cut off", report)
    assert report.lost == []


def test_no_post_runs_twice(bookinfo: Lab, client: Pod, details: Pod, show: Show) -> None:
    report = _under_load(client, details.stop_server, 20, method="POST")
    show("POST, application killed", report)
    servers = [pod for pod in bookinfo.pods.values() if pod.name == "details"]
    counts = [count for pod in servers if pod is not details for count in pod.executed().values()]
    show("executions per request, at most", max(counts))
    assert max(counts) == 1
