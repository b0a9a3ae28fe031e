from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab.envoy import wait_until
from lab.load import send
from lab.pod import Pod
from lab.scenarios.drafts import host, service, url
from lab.workloads import pod_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.scenarios.conftest import Show


def _replace(lab: Lab, name: str, account: str, suffix: str) -> None:
    """Replace the pod of a service in c2 by one of another account."""
    settings = replace(
        pod_settings(service(name))[0], service_account=account, name=f"{name}-{suffix}" if suffix else name
    )
    new = Pod(lab.clusters["c2"], settings)
    lab.start_pods([new])
    for pod in list(lab.pods.values()):
        if pod is not new and pod.cluster is new.cluster and pod.settings.labels == settings.labels:
            lab.delete_pod(pod)
    gateway = lab.pod("c2", "bookinfo", "eastwest-gateway-0").envoy
    wait_until(
        lambda: gateway.passed_on(host(name), 9080).keys() == {f"{new.address}:9080"},
        f"only the new {name} behind the gateway",
    )


@pytest.fixture(params=["reviews", "details"])
def intruder(request: pytest.FixtureRequest, bookinfo: Lab) -> Iterator[str]:
    """A service of c2 that runs under an account that its inventory does not name."""
    name = str(request.param)
    _replace(bookinfo, name, "intruder", "intruder")
    yield name
    _replace(bookinfo, name, f"bookinfo-{name}", "")


@pytest.mark.quick
def test_an_unexpected_service_account_is_refused(bookinfo: Lab, intruder: str, client: Pod, show: Show) -> None:
    """ServiceEntry (reviews) and WorkloadEntry (details): the client checks the name in the certificate."""
    if intruder == "details":
        bookinfo.pod("c1", "bookinfo", "details").stop_server()
    report = send(client, url(intruder), 30)
    refused = sum(client.envoy.statistics(f"{intruder}.*fail_verify_san").values())
    if intruder == "details":
        details = bookinfo.pod("c1", "bookinfo", "details")
        details.start_server()
        bookinfo.wait_until_ready([details])
    show(f"{intruder} of c2 under a wrong account", report)
    show("certificates refused for their name", refused)
    assert report.by_cluster == {}
    assert refused > 0


def test_the_server_sees_who_calls(client: Pod) -> None:
    callers = {json.loads(r.answer)["caller"] for r in send(client, url("details"), 10).requests}
    assert callers == {"spiffe://cluster.local/ns/lab-client/sa/client"}
