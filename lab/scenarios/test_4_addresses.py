from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import host, url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.fleet import Lab
    from lab.network import LoadBalancerAddress
    from lab.pod import Pod
    from lab.scenarios.conftest import Show

REVIEWS = url("reviews")


@pytest.fixture
def addresses(bookinfo: Lab) -> Iterator[list[LoadBalancerAddress]]:
    """The addresses of c2's gateway, whole again afterwards."""
    gateway = bookinfo.gateways["c2/bookinfo/eastwest-gateway"]
    yield list(gateway.addresses.values())
    for address in gateway.addresses.values():
        address.restore()


def _load(client: Pod, fault: Callable[[], None], seconds: float) -> Load:
    with Load(client, REVIEWS) as load:
        time.sleep(2)
        fault()
        time.sleep(seconds)
    return load


@pytest.mark.quick
def test_no_request_is_lost_when_one_of_three_addresses_refuses(
    client: Pod, addresses: list[LoadBalancerAddress], show: Show
) -> None:
    report = _load(client, addresses[0].refuse, 20).report
    show("one of three addresses refuses", report)
    assert report.lost == []


def test_new_connections_avoid_an_address_that_is_silent(
    client: Pod, addresses: list[LoadBalancerAddress], show: Show
) -> None:
    addresses[0].silence()
    with Load(client, REVIEWS) as load:
        time.sleep(30)
    show("one of three addresses silent before the first connection", load.report)
    assert load.report.lost == []


def test_an_address_that_falls_silent_under_load(client: Pod, addresses: list[LoadBalancerAddress], show: Show) -> None:
    report = _load(client, addresses[0].silence, 30).report
    show("one of three addresses falls silent (losses measured)", report)
    settled = report.between(report.requests[-1].sent - 10, report.requests[-1].sent + 1)
    show("the last 10 s of it", settled)


def test_all_addresses_dead_gives_an_error_and_recovers(
    client: Pod, addresses: list[LoadBalancerAddress], show: Show
) -> None:
    send(client, REVIEWS, 20)
    for address in addresses:
        address.refuse()
    dead = send(client, REVIEWS, 50)
    show("all addresses refuse", dead)
    assert dead.by_cluster == {}
    for address in addresses:
        address.restore()
    time.sleep(35)
    back = send(client, REVIEWS, 50)
    show("35 s after they are back", back)
    assert back.lost == []


def test_nothing_happens_when_the_other_clusters_control_plane_dies(bookinfo: Lab, client: Pod, show: Show) -> None:
    source = bookinfo.clusters["c2"]
    with Load(client, REVIEWS) as load:
        time.sleep(2)
        source.stop_control_plane()
        time.sleep(15)
        source.restart_control_plane()
        time.sleep(5)
    show("API server and istiod of c2 dead for 15 s", load.report)
    assert load.report.lost == []
    assert client.envoy.endpoints(host("reviews"), 9080)
