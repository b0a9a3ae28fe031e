"""Connections whose other end vanishes: nothing is reset, so somebody has to ask whether it still lives.

Services that differ in what asks: what meshgen emits, its neighbours, and nothing at all (WRONG, to know the price).
"""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lab.gitops import read_tree
from lab.load import Load, MachineStalledError, send
from lab.scenarios.drafts import BOOKINFO, Draft, Item, host, service
from lab.workloads import urls

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

HTTP: Item = {"name": "http", "port": 9080}
HTTP2: Item = {"name": "http2", "port": 9080}
GRPC: Item = {"name": "grpc", "port": 50051}
TCP: Item = {"name": "tcp-mysql", "port": 3306}
NOTHING: dict[str, Any] = {"tcp": {"connectTimeout": "2s"}}


def _pings(interval: str, timeout: str) -> dict[str, Any]:
    return NOTHING | {"http": {"http2KeepAlive": {"interval": interval, "timeout": timeout}}}


@dataclass(frozen=True)
class Callee:
    """A service: its port, the `connectionPool` of its rule where that is not ours, the path that callers ask for."""

    port: Item
    pool: dict[str, Any] | None = None
    path: str = ""

    def service(self, name: str) -> Item:
        return service(name, ports=[self.port])

    def url(self, name: str) -> str:
        return urls(self.service(name))[0] + self.path


IDLE = {
    "idle-http": Callee(HTTP),
    "idle-calls": Callee(GRPC),
    "idle-http-bare": Callee(HTTP, NOTHING),
    "idle-calls-bare": Callee(GRPC, NOTHING),
}
CALLED = {
    "http2": Callee(HTTP2),
    "calls": Callee(GRPC),
    "calls-1s-1s": Callee(GRPC, _pings("1s", "1s")),
    "calls-5s-2s": Callee(GRPC, _pings("5s", "2s")),
    "calls-10s-3s": Callee(GRPC, _pings("10s", "3s")),
    "calls-deadline": Callee(GRPC, NOTHING, "deadline"),
    "calls-bare": Callee(GRPC, NOTHING),
}
FAR = {"far-calls": Callee(GRPC), "far-calls-bare": Callee(GRPC, NOTHING)}
"""In c2 alone, behind three addresses."""
HELD = {"mysql": Callee(TCP), "mysql-bare": Callee(TCP, NOTHING)}
CALLEES = IDLE | CALLED | FAR | HELD
SILENCE = 32.0  # seconds
STALL = 1.5  # seconds


def _fleet() -> Draft:
    draft = BOOKINFO.changed()
    services = {name: callee.service(name) for name, callee in CALLEES.items()}
    draft.services = {"c1": [item for name, item in services.items() if name not in FAR], "c2": list(services.values())}
    draft.exposed = [host(name) for name in CALLEES]
    return draft


FLEET = _fleet()


def _boot(stage: Stage) -> Lab:
    """The fleet, with the rules in c1 of those services that have other settings than ours."""
    lab = stage.boot(FLEET)
    pools = {host(name): callee.pool for name, callee in CALLEES.items() if callee.pool is not None}
    for body in read_tree(lab.tree / "c1"):
        if body["kind"] == "DestinationRule" and body["spec"]["host"] in pools:
            body["spec"]["trafficPolicy"]["connectionPool"] = pools[body["spec"]["host"]]
            lab.clusters["c1"].api.apply(body, manager="gitops")
    time.sleep(2)
    return lab


@dataclass(frozen=True)
class Silence:
    """What callers in c1 saw: loads that went on, requests 32 s later, seconds until a held connection was closed.

    `start`: when all was silent.
    """

    start: float
    loads: dict[str, Report]
    later: dict[str, Report]
    closed: dict[str, float]

    def after(self, seconds: float, name: str) -> Report:
        """The requests of a load that were sent so much later, and before an ejected endpoint is tried again."""
        return self.loads[name].between(self.start + seconds, self.start + 30)


def _seconds_until_closed(client: Pod, name: str) -> float:
    """Open a connection and wait for its end; infinite where it does not come within the silence."""
    with client.namespace.entered(), socket.create_connection((host(name), TCP["port"]), SILENCE) as connection:
        connection.recv(4096)
        opened = time.monotonic()
        connection.settimeout(SILENCE + 5)
        with contextlib.suppress(TimeoutError):
            connection.recv(4096)
            return time.monotonic() - opened
        return float("inf")


@pytest.fixture(scope="module")
def silence(stage: Stage) -> Silence:
    """The nodes of the local copies vanish, and one of the addresses of c2."""
    lab = _boot(stage)
    client = lab.new_client("c1")
    for name in IDLE:
        send(client, CALLEES[name].url(name), 30, rate=300)
    with ThreadPoolExecutor(len(CALLEES)) as pool:
        held = {name: pool.submit(_seconds_until_closed, client, name) for name in HELD}
        with ExitStack() as stack:
            enter = stack.enter_context
            loads = {name: enter(Load(client, CALLEES[name].url(name), rate=10)) for name in CALLED | FAR}
            time.sleep(3)
            for name in IDLE | CALLED | HELD:
                lab.pod("c1", "bookinfo", name).die()
            next(iter(lab.gateways["c2/bookinfo/eastwest-gateway"].addresses.values())).silence()
            start = time.time()
            time.sleep(SILENCE)
        later = dict(zip(IDLE, pool.map(partial(_send_later, client), IDLE), strict=True))
        closed = {name: future.result() for name, future in held.items()}
    stage.clear()
    return Silence(start, {name: load.report for name, load in loads.items()}, later, closed)


def _send_later(client: Pod, name: str) -> Report:
    return send(client, CALLEES[name].url(name), 30, rate=10)


@pytest.mark.quick
@pytest.mark.parametrize("name", ["idle-http", "idle-calls"])
def test_no_request_is_lost_to_a_connection_that_died_idle(silence: Silence, name: str, show: Show) -> None:
    report = silence.later[name]
    show(f"{name}, its node gone for {SILENCE:g} s", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c2"})


@pytest.mark.parametrize("name", ["idle-http-bare", "idle-calls-bare"])
def test_requests_are_lost_to_a_connection_that_died_idle_and_nobody_asks(
    silence: Silence, name: str, show: Show
) -> None:
    report = silence.later[name]
    show(f"WRONG: {name}, its node gone for {SILENCE:g} s", report)
    assert report.lost


@pytest.mark.quick
@pytest.mark.parametrize("name", ["http2", "calls", "far-calls"])
def test_calls_move_within_eight_seconds(silence: Silence, name: str, show: Show) -> None:
    show(f"{name}, its node or one of its addresses vanishes (losses measured)", silence.loads[name])
    moved = silence.after(8, name)
    assert (moved.lost, set(moved.by_cluster)) == ([], {"c2"})


@pytest.mark.parametrize("name", ["calls-1s-1s", "calls-5s-2s", "calls-10s-3s"])
def test_the_neighbours_of_our_pings(silence: Silence, name: str, show: Show) -> None:
    """The shorter, the fewer are lost here; test_a_proxy_that_stalls has the price."""
    show(f"{name}, interval and timeout, its node vanishes (losses measured)", silence.loads[name])
    assert set(silence.after(20, name).by_cluster) == {"c2"}


def test_calls_with_a_deadline_move_without_pings(silence: Silence, show: Show) -> None:
    """Envoy counts a deadline that passes as an error: what MG390 tells those whose Istio cannot ping."""
    show("no pings, deadlines of 5 s, its node vanishes (losses measured)", silence.loads["calls-deadline"])
    moved = silence.after(15, "calls-deadline")
    assert (moved.lost, set(moved.by_cluster)) == ([], {"c2"})


def test_calls_never_move_where_nobody_asks(silence: Silence, show: Show) -> None:
    show("WRONG: no pings, no deadlines, its node vanishes", silence.loads["calls-bare"])
    show("WRONG: the same, one of three addresses vanishes (losses measured)", silence.loads["far-calls-bare"])
    assert silence.after(0, "calls-bare").by_cluster == {}


def test_a_tcp_connection_to_a_vanished_node_is_closed(silence: Silence, show: Show) -> None:
    show("seconds until a connection that says nothing is closed, by service", silence.closed)
    assert silence.closed["mysql"] < SILENCE
    assert silence.closed["mysql-bare"] == float("inf")


def test_a_proxy_that_stalls_is_not_taken_for_dead(own_stage: Stage, show: Show) -> None:
    """It gets no processor for a while, as under a limit: a ping that waits for 1 s only may lose calls (measured)."""
    lab = _boot(own_stage)
    client, names = lab.new_client("c1"), ("calls", "calls-1s-1s")
    with ExitStack() as stack, ThreadPoolExecutor(len(names)) as pool:
        loads = {name: stack.enter_context(Load(client, CALLEES[name].url(name), rate=10)) for name in names}
        time.sleep(3)
        for _ in range(3):
            stalled = list(pool.map(lambda name: lab.pod("c1", "bookinfo", name).stall(STALL), names))
            if max(stalled) > STALL + 0.2:
                raise MachineStalledError(f"proxies stalled for {max(stalled):.1f} s instead of {STALL:g} s")
            time.sleep(4)
    for name, load in loads.items():
        show(f"{name}, its proxy stalls three times for {STALL:g} s", load.report)
    assert (loads["calls"].report.lost, set(loads["calls"].report.by_cluster)) == ([], {"c1"})
