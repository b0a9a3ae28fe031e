"""Users find entry points by DNS as the plan says: a GSLB probes them, and its answers are kept for their TTL."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from lab.envoy import wait_until
from lab.load import Load, send
from lab.scenarios.faults import strike
from lab.scenarios.front_door import (
    EDGES,
    ENTRY_SHARES,
    FRONT_DOOR,
    INTERVAL,
    THRESHOLD,
    TTL,
    edge,
    name_of,
    secure,
)
from lab.scenarios.shares import differences, percent

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage

NUMBER = 10_000
_LONGEST_PROBE = 4.0  # seconds


@pytest.fixture
def front(stage: Stage) -> Lab:
    """The fleet `FRONT_DOOR`, running, its names answered. A scenario leaves it as it found it."""
    lab = stage.boot(FRONT_DOOR)
    lab.follow_dns()
    return lab


def test_an_edge_that_dies_is_left_when_dns_says_so(front: Lab, show: Show) -> None:
    """Users come through e1 (and get to c3, its nearest) until the GSLB has seen it dead and answers have expired."""
    (pod,) = edge(front, "e1").pods

    def mend() -> None:
        pod.start_proxy()
        front.wait_until_ready([pod])

    loads = {
        name: Load(front.outside.user(), secure("near"), way=front.way(), keep=keep)
        for name, keep in (("GET (losses measured)", False), ("GET over kept connections (losses measured)", True))
    }
    outcome = strike(loads, pod.stop_proxy, mend, dead=25, back=15)
    outcome.show(show, f"edge e1 killed, probes each {INTERVAL} s, {THRESHOLD} decide, TTL {TTL} s")
    noticed = THRESHOLD * (INTERVAL + _LONGEST_PROBE) + TTL
    settled = {name: r.between(outcome.struck[1] + noticed, outcome.mended) for name, r in outcome.reports.items()}
    for name, report in settled.items():
        show(f"from {noticed:g} s after its death on, {name}", report)
    assert [(report.lost, set(report.by_cluster)) for report in settled.values()] == [([], {"c1"})] * 2
    assert {cluster for r in outcome.reports.values() for cluster in r.last(2).by_cluster} == {"c3"}


def test_one_address_of_an_edge_that_dies_costs_only_requests_on_their_way(front: Lab, show: Show) -> None:
    """Users have both addresses from DNS, and dial the other one."""
    address = next(iter(edge(front, "e1").addresses.values()))
    outcome = strike(
        {"GET": Load(front.outside.user(), secure("near"), way=front.way())}, address.refuse, address.restore, back=5
    )
    report = outcome.reports["GET"]
    on_their_way = report.on_their_way(*outcome.struck).requests
    show(f"one of two addresses of edge e1 refuses, {len(on_their_way)} requests on their way", report)
    assert [request for request in report.lost if request not in on_their_way] == []


def test_the_shares_of_entry_points_in_ten_thousand_answers(front: Lab, show: Show) -> None:
    """Whatever the number of addresses behind each of them: here two."""
    edges = {a: cluster for cluster in EDGES for a in edge(front, cluster).addresses}
    found = Counter(edges[addresses[0]] for addresses in front.outside.user().ask(name_of("spread"), NUMBER))
    show(f"shares {ENTRY_SHARES}, percent of answers", percent(found))
    assert differences(found, ENTRY_SHARES) == {}


def test_an_entry_point_whose_region_is_dead_is_left(front: Lab, show: Show) -> None:
    """Users could still be served through it, from elsewhere: its probe says that somebody nearer does."""
    gslb, name = front.follow_dns(), name_of("near")
    details = front.pod("c3", "bookinfo", "details")
    before = gslb.alive(name)
    details.stop_server()
    wait_until(lambda: not all(gslb.alive(name).values()), "the GSLB knows", 30)
    dead = gslb.alive(name)
    report = send(front.outside.user(), secure("near"), 40, way=front.way())
    details.start_server()
    front.wait_until_ready([details])
    wait_until(lambda: all(gslb.alive(name).values()), "the GSLB knows that it is back", 90)
    show("entry points alive: before, c3 dead", (before, dead))
    show("users that ask DNS meanwhile", report)
    assert set(before.values()) == {True}
    assert {entry_point.partition("/")[0] for entry_point, alive in dead.items() if not alive} == {"e1"}
    assert (report.lost, set(report.by_cluster)) == ([], {"c1"})
