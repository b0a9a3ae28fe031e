from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lab.load import send
from lab.scenarios.drafts import host, url

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.pod import Pod
    from lab.scenarios.conftest import Show


@pytest.mark.quick
def test_a_service_that_only_another_cluster_has_answers_under_its_own_name(client: Pod, show: Show) -> None:
    report = send(client, url("reviews"), 50)
    show("reviews from c1", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c2"}


def test_the_clients_identity_arrives_in_the_other_cluster(client: Pod) -> None:
    report = send(client, url("reviews"), 10)
    callers = {json.loads(request.answer)["caller"] for request in report.requests}
    assert callers == {"spiffe://cluster.local/ns/lab-client/sa/client"}


def test_a_service_that_is_not_exposed_does_not_answer(client: Pod, show: Show) -> None:
    report = send(client, url("ratings"), 20)
    show("ratings from c1", report)
    assert report.by_cluster == {}


def test_a_port_that_the_service_does_not_have_does_not_answer(client: Pod, show: Show) -> None:
    report = send(client, url("reviews", 9081), 20)
    show("reviews:9081 from c1", report)
    assert report.by_cluster == {}


def test_the_gateway_lets_exactly_the_exposed_hosts_in(bookinfo: Lab) -> None:
    gateway = bookinfo.pod("c2", "bookinfo", "eastwest-gateway-0")
    names = {f"outbound_.9080_._.{host(name)}" for name in ("details", "reviews")}
    assert gateway.envoy.filter_chain_names() == names
