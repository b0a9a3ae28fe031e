from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.load import send
from lab.scenarios.drafts import host, url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.pod import Pod
    from lab.scenarios.conftest import Show


def _gateway_connections(lab: Lab) -> dict[str, int]:
    """How many connections each cluster's gateway has passed on for details."""
    found = {}
    for cluster in lab.clusters:
        statistics = lab.pod(cluster, "bookinfo", "eastwest-gateway-0").envoy.statistics("upstream_cx_total")
        found[cluster] = sum(n for name, n in statistics.items() if host("details") in name)
    return found


@pytest.fixture
def every_copy_down(bookinfo: Lab) -> Iterator[None]:
    """All copies of details are dead in every cluster; their endpoints stay published."""
    pods = [bookinfo.pod(cluster, "bookinfo", "details") for cluster in bookinfo.clusters]
    for pod in pods:
        pod.stop_server()
    yield
    for pod in pods:
        pod.start_server()


@pytest.mark.quick
@pytest.mark.usefixtures("every_copy_down")
def test_every_copy_down_gives_a_prompt_error_and_no_second_hop(bookinfo: Lab, client: Pod, show: Show) -> None:
    before = _gateway_connections(bookinfo)
    report = send(client, url("details"), 50)
    after = _gateway_connections(bookinfo)
    passed = {cluster: after[cluster] - before[cluster] for cluster in after}
    show("every copy down", report)
    show("connections that gateways passed on", passed)
    assert report.by_cluster == {}
    assert {request.status for request in report.requests} == {503}
    assert max(request.took for request in report.requests) < 2
    assert passed["c1"] == 0
