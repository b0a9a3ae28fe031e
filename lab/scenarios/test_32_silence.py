"""Connections whose other end vanishes: nothing is reset, so somebody has to ask whether it still lives.

Services that differ in what asks: what meshgen emits, its neighbours, and nothing at all (WRONG, to know the price).
"""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lab.envoy import wait_until
from lab.gitops import read_tree
from lab.load import Load, MachineStalledError, send
from lab.scenarios.drafts import GRPC, HTTP, HTTP2, IMPATIENT, TCP, Draft, Item, host, service
from lab.workloads import urls

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

NOTHING: dict[str, Any] = {"tcp": {"connectTimeout": "2s"}}


def _pings(interval: str, timeout: str) -> dict[str, Any]:
    return NOTHING | {"http": {"http2KeepAlive": {"interval": interval, "timeout": timeout}}}


OURS = _pings("2s", "2s")


@dataclass(frozen=True)
class Callee:
    """A service: its port, its settings of failover, the `connectionPool` of its rule in c1 where that is not ours."""

    port: Item
    pool: dict[str, Any] | None = None
    failover: Item = field(default_factory=dict)

    def service(self, name: str) -> Item:
        return service(name, ports=[self.port])

    def exposed(self, name: str) -> Item:
        return {"host": host(name)} | ({"failover": self.failover} if self.failover else {})

    def url(self, name: str) -> str:
        return urls(self.service(name))[0]


IDLE = {
    "idle-http": Callee(HTTP),
    "idle-calls": Callee(GRPC),
    "idle-http-bare": Callee(HTTP, NOTHING),
    "idle-calls-bare": Callee(GRPC, NOTHING),
}
FAR_IDLE = {"far-idle-calls": Callee(GRPC)}
CALLED = {
    "calls": Callee(GRPC),
    "calls-impatient": Callee(GRPC, failover=IMPATIENT),
    "http2-impatient": Callee(HTTP2, failover=IMPATIENT),
}
FAR_CALLED = {
    "far-calls": Callee(GRPC),
    "far-calls-1s-1s": Callee(GRPC, _pings("1s", "1s")),
    "far-calls-5s-2s": Callee(GRPC, _pings("5s", "2s")),
    "far-calls-10s-3s": Callee(GRPC, _pings("10s", "3s")),
    "far-calls-bare": Callee(GRPC, NOTHING),
}
HELD = {"mysql": Callee(TCP), "mysql-bare": Callee(TCP, NOTHING)}
CUT = 20  # seconds; calls that take 15 s and longer than this began twice
SLOW = {"slow": Callee(GRPC), "slow-pinged": Callee(GRPC, OURS)}
FAR_SLOW = {"far-slow": Callee(GRPC)}
LOCAL = IDLE | CALLED | HELD | SLOW
"""In c1, and in c3."""
FAR = FAR_IDLE | FAR_CALLED | FAR_SLOW
"""In c2, which is in the region of c1, and in c3."""
CALLEES = LOCAL | FAR
SILENCE = 32.0  # seconds
PATIENT = 8.0  # seconds: two tries of 2 s at a dead endpoint come before one elsewhere
STALL = 1.5  # seconds


def _fleet() -> Draft:
    local, far = ([callee.service(name) for name, callee in group.items()] for group in (LOCAL, FAR))
    return Draft(
        clusters={
            "c1": {"region": "eu-west-2", "network": "network-1"},
            "c2": {"region": "eu-west-2", "network": "network-2"},
            "c3": {"region": "us-east-1", "network": "network-3"},
        },
        services={"c1": local, "c2": far, "c3": [*local, *far]},
        addresses={"c1": ["192.0.2.11"], "c2": ["192.0.2.21"], "c3": ["192.0.2.31"]},
        exposed=[callee.exposed(name) for name, callee in CALLEES.items()],
    )


FLEET = _fleet()


def _boot(stage: Stage) -> Lab:
    """The fleet, with the rules in c1 of those services that have other settings than ours."""
    lab = stage.boot(FLEET)
    changed = {host(name): callee for name, callee in CALLEES.items() if callee.pool is not None}
    for body in read_tree(lab.tree / "c1"):
        if body["kind"] == "DestinationRule" and body["spec"]["host"] in changed:
            body["spec"]["trafficPolicy"]["connectionPool"] = changed[body["spec"]["host"]].pool
            lab.clusters["c1"].api.apply(body, manager="gitops")
    for name, callee in changed.items():
        in_force = partial(_has_settings, lab.client("c1"), f"outbound|{callee.port['port']}||{name}", callee)
        wait_until(in_force, f"the rule of {name} is in force")
    return lab


def _has_settings(client: Pod, cluster: str, callee: Callee) -> bool:
    pings = (callee.pool or {}).get("http", {}).get("http2KeepAlive", {})
    return client.envoy.keepalive(cluster) == ({}, pings)


def test_no_sidecar_pings_its_own_application(stage: Stage) -> None:
    """Istio applies the `connectionPool` of a host's rule to the inbound connections of its pods, too."""
    lab = _boot(stage)
    ours, pinged = (lab.pod("c1", "bookinfo", name).envoy for name in SLOW)
    pings = OURS["http"]["http2KeepAlive"]
    wait_until(lambda: pinged.keepalive("inbound|50051||") == ({}, pings), "the changed rule is in force")
    assert ours.keepalive("inbound|50051||") == (
        {"keepalive_time": 10, "keepalive_interval": 5, "keepalive_probes": 3},
        {},
    )


def test_calls_that_take_long_are_not_cut(stage: Stage, show: Show) -> None:
    """A server of gRPC closes a connection on which pings come too often: WRONG where sidecars ping applications.

    What is cut there is retried, as by Istio itself: it comes late, from elsewhere, and has begun twice.
    """
    lab = _boot(stage)
    client, names = lab.new_client("c1"), [*SLOW, *FAR_SLOW]
    with ThreadPoolExecutor(len(names)) as pool:
        reports = dict(zip(names, pool.map(partial(_send_slow_calls, client), names), strict=True))
    for name, report in reports.items():
        wrong = "WRONG: " if name == "slow-pinged" else ""
        show(f"{wrong}{name}, calls that take 15 s", report)
    assert {name for name, report in reports.items() if report.lost or report.slowest > CUT} == {"slow-pinged"}


def _send_slow_calls(client: Pod, name: str) -> Report:
    return send(client, f"{CALLEES[name].url(name)}slow", 10, rate=10, patience=30)


def test_a_proxy_that_stalls_is_not_taken_for_dead(stage: Stage, show: Show) -> None:
    """It gets no processor for a while, as under a limit: a ping that waits for 1 s only may lose calls (measured)."""
    lab = _boot(stage)
    client, names = lab.new_client("c1"), ("far-calls", "far-calls-1s-1s", "far-calls-bare")
    with ExitStack() as stack, ThreadPoolExecutor(len(names)) as pool:
        loads = {name: stack.enter_context(Load(client, CALLEES[name].url(name), rate=10)) for name in names}
        time.sleep(3)
        for _ in range(3):
            list(pool.map(lambda name: lab.pod("c2", "bookinfo", name).stall(STALL), names))
            time.sleep(4)
    lab.delete_pod(client)
    for name, load in loads.items():
        show(f"{name}, the proxy of its pod stalls three times for {STALL:g} s", load.report)
    if loads["far-calls-bare"].report.slowest > STALL + 0.3:
        raise MachineStalledError("the proxies stalled for longer than they were told to")
    assert (loads["far-calls"].report.lost, set(loads["far-calls"].report.by_cluster)) == ([], {"c2"})


@dataclass(frozen=True)
class Silence:
    """What callers in c1 saw: loads that went on, requests 32 s later, seconds until held connections were closed.

    `start`: when the other end of a service's connections vanished.
    """

    start: dict[str, float]
    loads: dict[str, Report]
    later: dict[str, Report]
    closed: dict[str, float]

    def after(self, seconds: float, name: str) -> Report:
        """The requests of a load that were sent so much later, and before an ejected endpoint is tried again."""
        return self.loads[name].between(self.start[name] + seconds, self.start[name] + 30)


@pytest.fixture(scope="module")
def silence(stage: Stage) -> Silence:
    """The nodes of the local copies vanish, and all of c2."""
    lab = _boot(stage)
    client = lab.new_client("c1")
    idle = IDLE | FAR_IDLE
    for name in idle:
        send(client, CALLEES[name].url(name), 30, rate=300)
    with ThreadPoolExecutor(len(CALLEES)) as pool:
        held = {name: pool.submit(_closed, client, name) for name in HELD}
        with ExitStack() as stack:
            enter = stack.enter_context
            called = CALLED | FAR_CALLED
            loads = {name: enter(Load(client, CALLEES[name].url(name), rate=10, patience=PATIENT)) for name in called}
            for load in loads.values():
                load.wait_until_begun()
            time.sleep(3)
            dying = {name: pool.submit(_vanish, lab, name) for name in IDLE | CALLED | HELD}
            for address in lab.gateways["c2/bookinfo/eastwest-gateway"].addresses.values():
                address.silence()
            silent = time.time()
            start = dict.fromkeys(FAR, silent) | {name: future.result() for name, future in dying.items()}
            time.sleep(SILENCE)
        later = dict(zip(idle, pool.map(partial(_send_later, client), idle), strict=True))
        closed = {name: future.result() - start[name] for name, future in held.items()}
    stage.clear()
    return Silence(start, {name: load.report for name, load in loads.items()}, later, closed)


def _vanish(lab: Lab, name: str) -> float:
    start = time.time()
    lab.pod("c1", "bookinfo", name).die()
    return start


def _closed(client: Pod, name: str) -> float:
    """Open a connection and return when it was closed; infinite where that does not come within the silence."""
    with client.namespace.entered(), socket.create_connection((host(name), TCP["port"]), SILENCE) as connection:
        connection.recv(4096)
        connection.settimeout(SILENCE + 5)
        with contextlib.suppress(TimeoutError):
            connection.recv(4096)
            return time.time()
        return float("inf")


def _send_later(client: Pod, name: str) -> Report:
    return send(client, CALLEES[name].url(name), 30, rate=10, patience=PATIENT)


@pytest.mark.quick
@pytest.mark.parametrize("name", ["idle-http", "idle-calls", "far-idle-calls"])
def test_no_request_is_lost_to_a_connection_that_died_idle(silence: Silence, name: str, show: Show) -> None:
    report = silence.later[name]
    show(f"{name}, the other end gone for {SILENCE:g} s", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c3"})


@pytest.mark.parametrize("name", ["idle-http-bare", "idle-calls-bare"])
def test_requests_are_lost_to_a_connection_that_died_idle_and_nobody_asks(
    silence: Silence, name: str, show: Show
) -> None:
    report = silence.later[name]
    show(f"WRONG: {name}, the other end gone for {SILENCE:g} s", report)
    assert report.lost


@pytest.mark.quick
@pytest.mark.parametrize("name", ["calls-impatient", "far-calls"])
def test_calls_move_within_eight_seconds(silence: Silence, name: str, show: Show) -> None:
    """By a timeout of each try beside a local copy, by pings elsewhere."""
    show(f"{name}, the other end vanishes (losses measured)", silence.loads[name])
    moved = silence.after(8, name)
    assert (moved.lost, set(moved.by_cluster)) == ([], {"c3"})


@pytest.mark.quick
def test_no_request_by_http2_is_lost_with_a_timeout_per_try(silence: Silence, show: Show) -> None:
    report = silence.loads["http2-impatient"]
    show("http2-impatient, its node vanishes", report)
    assert (report.lost, set(silence.after(8, "http2-impatient").by_cluster)) == ([], {"c3"})


@pytest.mark.parametrize("name", ["far-calls-1s-1s", "far-calls-5s-2s", "far-calls-10s-3s"])
def test_the_neighbours_of_our_pings(silence: Silence, name: str, show: Show) -> None:
    """The shorter, the fewer are lost here; test_a_proxy_that_stalls_is_not_taken_for_dead has the price."""
    show(f"{name}, interval and timeout, its cluster vanishes (losses measured)", silence.loads[name])
    assert set(silence.after(20, name).by_cluster) == {"c3"}


@pytest.mark.parametrize("name", ["calls", "far-calls-bare"])
def test_calls_never_move_where_nobody_asks(silence: Silence, name: str, show: Show) -> None:
    """The first is what MG390 says of a host with a local copy and without a timeout."""
    show(f"{name}, neither pings nor a timeout, the other end vanishes", silence.loads[name])
    assert silence.after(0, name).by_cluster == {}


def test_a_tcp_connection_to_a_vanished_node_is_closed(silence: Silence, show: Show) -> None:
    show("seconds until a connection that says nothing is closed, by service", silence.closed)
    assert silence.closed["mysql"] < SILENCE
    assert silence.closed["mysql-bare"] == float("inf")
