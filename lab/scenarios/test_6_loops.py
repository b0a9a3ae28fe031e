from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.load import send
from lab.pod import Pod
from lab.scenarios.drafts import host, url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show

VIEW = "ISTIO_META_REQUESTED_NETWORK_VIEW"


@pytest.fixture
def applications_down(bookinfo: Lab) -> Iterator[None]:
    """Every application of details is dead, in all clusters; proxies and endpoints are there."""
    pods = _copies(bookinfo)
    for pod in pods:
        pod.stop_server()
    yield
    for pod in pods:
        pod.start_server()
    bookinfo.wait_until_ready(pods)


@pytest.fixture
def pods_down(bookinfo: Lab) -> Iterator[None]:
    """Every pod of details resets connections, in all clusters; their endpoints are there."""
    pods = _copies(bookinfo)
    for pod in pods:
        pod.stop_proxy()
    yield
    for pod in pods:
        pod.start_proxy()
    bookinfo.wait_until_ready(pods)


@pytest.fixture
def without_network_view(bookinfo: Lab) -> Iterator[None]:
    """Gateways whose environment lacks the network view: what goes wrong without what meshgen emits."""
    emitted = {key: gateway.pods for key, gateway in bookinfo.gateways.items()}
    for key, gateway in bookinfo.gateways.items():
        gateway.pods = [_without_view(pod) for pod in emitted[key]]
        bookinfo.start_pods(gateway.pods)
        gateway.connect()
    yield
    for key, gateway in bookinfo.gateways.items():
        for pod in gateway.pods:
            bookinfo.delete_pod(pod)
        gateway.pods = emitted[key]
        gateway.connect()


def _copies(lab: Lab) -> list[Pod]:
    return [lab.pod(cluster, "bookinfo", "details") for cluster in lab.clusters]


def _without_view(pod: Pod) -> Pod:
    env = {name: value for name, value in pod.settings.env.items() if name != VIEW}
    return Pod(pod.cluster, pod.settings.renamed(f"{pod.name}-blind", env=env))


def _hops(lab: Lab, client: Pod, show: Show, number: int = 50) -> tuple[Report, dict[str, int]]:
    """Send requests to details from c1; returns the report and each gateway's connections for it, by cluster."""

    def passed_on(cluster: str) -> int:
        gateway = lab.gateways[f"{cluster}/bookinfo/eastwest-gateway"]
        return sum(sum(pod.envoy.passed_on(host("details"), 9080).values()) for pod in gateway.pods)

    before = {cluster: passed_on(cluster) for cluster in lab.clusters}
    report = send(client, url("details"), number)
    hops = {cluster: passed_on(cluster) - before[cluster] for cluster in lab.clusters}
    show("every copy down", report)
    show("connections that the gateways passed on", hops)
    return report, hops


@pytest.mark.quick
@pytest.mark.usefixtures("applications_down")
def test_every_application_down_gives_a_prompt_error_and_no_second_hop(bookinfo: Lab, client: Pod, show: Show) -> None:
    report, hops = _hops(bookinfo, client, show)
    assert {request.status for request in report.requests} == {503}
    assert max(request.took for request in report.requests) < 2
    assert hops["c2"] > 0
    assert hops["c1"] == 0


@pytest.mark.usefixtures("pods_down")
def test_every_pod_down_gives_a_prompt_error_and_no_second_hop(bookinfo: Lab, client: Pod, show: Show) -> None:
    report, hops = _hops(bookinfo, client, show)
    assert {request.status for request in report.requests} == {503}
    assert max(request.took for request in report.requests) < 2
    assert hops["c1"] == 0


@pytest.mark.usefixtures("pods_down", "without_network_view")
def test_without_the_network_view_requests_come_back_through_a_second_gateway(
    bookinfo: Lab, client: Pod, show: Show
) -> None:
    """The scenario above fails where the network view is missing: it can see loops.

    One request after the other, until one comes back: ten at once open so many connections that the gateways die.
    """
    for _ in range(20):
        _, hops = _hops(bookinfo, client, show, 1)
        if hops["c1"]:
            break
    assert hops["c1"] > 0
