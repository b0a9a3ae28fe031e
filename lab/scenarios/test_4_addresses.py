from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.gateway import PASSTHROUGH
from lab.load import Load, send
from lab.pod import Pod
from lab.scenarios.drafts import BOOKINFO, host, url
from lab.scenarios.test_5_changes import FLEET as THREE_CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.fleet import Lab
    from lab.network import LoadBalancerAddress
    from lab.scenarios.conftest import Show, Stage

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


def test_an_address_that_falls_silent_costs_only_requests_on_open_connections(
    client: Pod, addresses: list[LoadBalancerAddress], show: Show
) -> None:
    open_before = 0
    start = end = 0.0

    def silence() -> None:
        nonlocal open_before, start, end
        start = time.time()
        known = client.envoy.endpoints(host("reviews"), 9080)
        open_before = sum(e.open_connections for e in known if e.address.startswith(f"{addresses[0].address}:"))
        addresses[0].silence()
        end = time.time()

    report = _load(client, silence, 30).report
    on_their_way = report.on_their_way(start, end).sent
    show(f"one of three addresses falls silent, {open_before} connections open, {on_their_way} on their way", report)
    assert len(report.lost) <= open_before + on_their_way


def test_requests_over_a_slow_address_are_late_but_not_lost(
    bookinfo: Lab, client: Pod, addresses: list[LoadBalancerAddress], show: Show
) -> None:
    """Nothing fails on it, so nothing ejects it: a third of the requests stay late."""
    addresses[0].slow(PASSTHROUGH, 1)
    with Load(client, REVIEWS) as load:
        time.sleep(20)
    late = [request for request in load.report.requests if request.took >= 1]
    show("one of three addresses holds back what is sent by 1 s", load.report)
    show("of these later than 1 s", len(late))
    assert load.report.lost == []
    assert late
    for address in addresses[1:]:
        address.slow(PASSTHROUGH, 1)
    slow = send(bookinfo.new_client("c1"), REVIEWS, 50)
    show("all addresses hold it back, a new client", slow)
    assert slow.lost == []
    assert min(request.took for request in slow.requests) >= 1


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


def _replace_pod(lab: Lab, key: str, name: str) -> None:
    """Roll a gateway of one pod out, as its Deployment says: the new pod is ready before the old one ends."""
    gateway = lab.gateways[key]
    (old,) = gateway.pods
    new = Pod(gateway.cluster, old.settings.renamed(name))
    lab.start_pods([new])
    gateway.pods = [new]
    gateway.connect()
    lab.end_pod(old)


def test_a_gateway_is_rolled_out(own_stage: Stage, show: Show) -> None:
    """Connections through it end with its pod: requests on their way are tried again where that is safe."""
    lab = own_stage.boot(BOOKINFO)
    client = lab.new_client("c1")
    with Load(client, REVIEWS) as load, Load(client, REVIEWS, method="POST") as posts:
        time.sleep(2)
        _replace_pod(lab, "c2/bookinfo/eastwest-gateway", "eastwest-gateway-1")
        time.sleep(3)
    show("the gateway of c2 rolled out, its old pod drains for 45 s", load.report)
    show("the same, POST (losses measured)", posts.report)
    assert load.report.lost == []


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


def test_callers_move_while_their_own_control_plane_is_dead(bookinfo: Lab, client: Pod, show: Show) -> None:
    own, details = bookinfo.clusters["c1"], bookinfo.pod("c1", "bookinfo", "details")
    with Load(client, url("details")) as load:
        time.sleep(2)
        own.stop_control_plane()
        time.sleep(2)
        details.stop_server()
        time.sleep(10)
    details.start_server()
    own.restart_control_plane()
    bookinfo.wait_until_ready([details])
    show("details, API server and istiod of c1 dead, then its local copy", load.report)
    assert (load.report.lost, set(load.report.last(3).by_cluster)) == ([], {"c2"})


def test_a_remote_cluster_that_vanishes_is_left_for_another(stage: Stage, show: Show) -> None:
    """Every gateway address of c2 falls silent; c3 has the service too, and a local copy does not care."""
    lab = stage.boot(THREE_CLUSTERS)
    client = lab.new_client("c1")
    gateway = lab.gateways["c2/bookinfo/eastwest-gateway"]
    with Load(client, REVIEWS) as remote, Load(client, url("details")) as local:
        time.sleep(2)
        for address in gateway.addresses.values():
            address.silence()
        gone = time.time()
        time.sleep(28)
    for address in gateway.addresses.values():
        address.restore()
    show("reviews, c2 silent (losses measured)", remote.report)
    settled = remote.report.between(gone + 15, gone + 25)
    show("reviews, 15 to 25 s later", settled)
    show("details, local copy alive", local.report)
    assert (settled.lost, set(settled.by_cluster)) == ([], {"c3"})
    assert (local.report.lost, set(local.report.by_cluster)) == ([], {"c1"})
