"""Users outside call published hosts through edge gateways, and a part of what is behind them dies.

Retries and outlier detection of one edge hide it; DNS (test_67) is for the death of the edge itself.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from lab.load import Load, send
from lab.scenarios.faults import Outcome, strike
from lab.scenarios.front_door import (
    EDGES,
    FRONT_DOOR,
    WORKLOADS,
    edge,
    ingress,
    name_of,
    secure,
    through,
)

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.outside import User
    from lab.scenarios.conftest import Show, Stage

_EJECTED = 47.0  # seconds after which what came back is used again
_GETS = ("GET", "GET over kept connections")
_BETWEEN_TRIES = 2
"""How many requests of a load may be between two tries when the second of two dead levels is ejected: Envoy looks at
the levels at every second try (ADR 38)."""


@pytest.fixture
def front(stage: Stage) -> Lab:
    """The fleet `FRONT_DOOR`, running. A scenario leaves it as it found it."""
    return stage.boot(FRONT_DOOR)


@pytest.fixture
def user(front: Lab) -> User:
    return front.outside.user()


@pytest.mark.quick
@pytest.mark.parametrize("cluster", EDGES)
def test_a_host_answers_by_tls_through_every_edge(front: Lab, user: User, cluster: str, show: Show) -> None:
    """The edge in c1 calls the ingress gateway beside it through its load balancer, as those of other clusters."""
    way = through(front, cluster)
    report = send(user, secure("near"), 100, way=way)
    kept = send(user, secure("near"), 100, way=way, keep=True)
    plain = send(user, f"http://{name_of('near')}/", 5, way=way)
    show(f"through the edge in {cluster}", report)
    show(f"through the edge in {cluster}, over kept connections", kept)
    show("without TLS, statuses", dict(Counter(request.status for request in plain.requests)))
    nearest = {"e1": {"c3"}, "c1": {"c1"}}[cluster]
    assert (report.lost, set(report.by_cluster)) == ([], nearest)
    assert (kept.lost, set(kept.by_cluster)) == ([], nearest)
    assert {request.status for request in plain.requests} == {301}


@pytest.mark.parametrize("cluster", EDGES)
def test_a_route_is_answered_where_its_service_is(front: Lab, user: User, cluster: str, show: Show) -> None:
    """The host's clusters begin with c1, which lacks the service of `/api`; that ejects c1 for nobody."""
    way = through(front, cluster)
    with Load(user, secure("routes"), way=way) as rest, Load(user, secure("routes", "/api"), way=way) as api:
        time.sleep(5)
    show(f"through the edge in {cluster}, /", rest.report)
    show(f"through the edge in {cluster}, /api", api.report)
    assert (rest.report.lost, set(rest.report.by_cluster)) == ([], {"c1"})
    assert (api.report.lost, set(api.report.by_cluster)) == ([], {"c2"})


def _loads(lab: Lab, cluster: str, host: str) -> dict[str, Load]:
    """GET over new and over kept connections, and POST, through one edge; each user is somebody else."""
    way, url = through(lab, cluster), secure(host)
    return {
        _GETS[0]: Load(lab.outside.user(), url, way=way),
        _GETS[1]: Load(lab.outside.user(), url, way=way, keep=True),
        "POST (losses measured)": Load(lab.outside.user(), url, way=way, method="POST", rate=10),
    }


def _executions(lab: Lab, report: Report) -> int:
    """How often, at most, one of these requests ran; on servers that live."""
    keys = {request.key for request in report.requests}
    counts = sum((Counter(lab.pod(c, "bookinfo", "details").executed()) for c in WORKLOADS), Counter[str]())
    return max(counts[key] for key in keys)


def _start_server(lab: Lab, *clusters: str) -> None:
    pods = [lab.pod(cluster, "bookinfo", "details") for cluster in clusters]
    for pod in pods:
        pod.start_server()
    lab.wait_until_ready(pods)


def _stop_servers(lab: Lab, *clusters: str) -> None:
    for cluster in clusters:
        lab.pod(cluster, "bookinfo", "details").stop_server()


def _assert_moves_and_returns(lab: Lab, outcome: Outcome, first: str, then: str, *, between_tries: int = 0) -> None:
    """`between_tries`: how many GETs of each load may find the level ejected that they were to try next."""
    post = outcome.reports["POST (losses measured)"]
    lost = [outcome.reports[name].lost for name in _GETS]
    assert all(len(each) <= between_tries for each in lost), lost
    assert {request.answer for each in lost for request in each} <= {"no healthy upstream"}
    dead = {name: set(report.by_cluster) for name, report in outcome.dead.items()}
    last = {name: set(report.last(3).by_cluster) for name, report in outcome.reports.items()}
    assert (dead, last) == ({name: {then} for name in dead}, {name: {first} for name in last})
    assert _executions(lab, post) == 1


@pytest.mark.quick
def test_no_request_is_lost_when_an_ingress_gateway_resets(front: Lab, show: Show) -> None:
    (pod,) = ingress(front, "c2").pods

    def mend() -> None:
        pod.start_proxy()
        front.wait_until_ready([pod])

    outcome = strike(_loads(front, "e1", "ordered"), pod.stop_proxy, mend, back=_EJECTED)
    outcome.show(show, "ingress gateway of c2 killed, back 10 s later")
    _assert_moves_and_returns(front, outcome, "c2", "c1")


def test_no_request_is_lost_when_the_applications_of_a_cluster_die(front: Lab, show: Show) -> None:
    outcome = strike(
        _loads(front, "e1", "ordered"),
        lambda: _stop_servers(front, "c2"),
        lambda: _start_server(front, "c2"),
        back=_EJECTED,
    )
    outcome.show(show, "applications of c2 killed, back 10 s later")
    _assert_moves_and_returns(front, outcome, "c2", "c1")


def test_no_request_is_lost_when_the_applications_beside_an_edge_die(front: Lab, show: Show) -> None:
    """The edge of c1 calls c1's ingress gateway first, then that of c2 in its region."""
    outcome = strike(
        _loads(front, "c1", "near"),
        lambda: _stop_servers(front, "c1"),
        lambda: _start_server(front, "c1"),
        back=_EJECTED,
    )
    outcome.show(show, "through the edge in c1, applications of c1 killed, back 10 s later")
    _assert_moves_and_returns(front, outcome, "c1", "c2")


def test_the_last_of_three_clusters_answers_when_both_before_it_die(front: Lab, show: Show) -> None:
    outcome = strike(
        _loads(front, "e1", "ordered"),
        lambda: _stop_servers(front, "c1", "c2"),
        lambda: _start_server(front, "c1", "c2"),
        back=_EJECTED,
    )
    outcome.show(show, "applications of c2 and c1 killed, back 10 s later")
    _assert_moves_and_returns(front, outcome, "c2", "c3", between_tries=_BETWEEN_TRIES)


def test_an_ingress_gateway_that_falls_silent_costs_only_open_requests(front: Lab, show: Show) -> None:
    """Packets vanish, nobody resets: 0 with `perTryTimeout`."""
    way, addresses = through(front, "e1"), list(ingress(front, "c2").addresses.values())
    (gateway,) = edge(front, "e1").pods
    opened = 0

    def silence() -> None:
        nonlocal opened
        opened = sum(gateway.envoy.open_connections_to(address.address) for address in addresses)
        for address in addresses:
            address.silence()

    def mend() -> None:
        for address in addresses:
            address.restore()

    loads = {
        name: Load(front.outside.user(), secure(name), way=way, keep=True, patience=8)
        for name in ("ordered", "impatient")
    }
    outcome = strike(loads, silence, mend, dead=25, back=_EJECTED)
    on_their_way = outcome.reports["ordered"].on_their_way(*outcome.struck).sent
    what = f"ingress gateway of c2 silent, {opened} connections open, {on_their_way} requests on their way"
    show(f"{what}, no perTryTimeout", outcome.reports["ordered"])
    show(f"{what}, perTryTimeout 1 s", outcome.reports["impatient"])
    assert len(outcome.reports["ordered"].lost) <= opened + on_their_way
    assert outcome.reports["impatient"].lost == []
    assert {cluster for r in outcome.reports.values() for cluster in r.last(3).by_cluster} == {"c2"}
