"""Load sent for real, to the server of workload pods."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import subprocess
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from lab.envoy import wait_until
from lab.load import Load, MachineStalledError, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.pod import Pod


class _Here:
    """A pod whose network is that of the test."""

    namespace: Any = None

    def __init__(self) -> None:
        self.namespace = self

    def entered(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """Where the server of workload pods answers by HTTP and by gRPC."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        http, grpc = first.getsockname()[1], second.getsockname()[1]
    command = [sys.executable, "-m", "lab.server", "--cluster", "c1", "--pod", "p", f"http:{http}", f"grpc:{grpc}"]
    server = subprocess.Popen(command)
    for port in (http, grpc):
        wait_until(partial(_listens, port), "the server listens")
    yield http, grpc
    server.kill()
    server.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture
def url(ports: tuple[int, int]) -> str:
    return f"http://127.0.0.1:{ports[0]}/"


@pytest.fixture
def grpc_target(ports: tuple[int, int]) -> str:
    return f"grpc://127.0.0.1:{ports[1]}/"


HERE = cast("Pod", _Here())


def test_every_request_is_counted(url: str) -> None:
    report = send(HERE, url, 5)
    assert (report.sent, report.by_cluster, report.lost) == (5, {"c1": 5}, [])


def _stop(process: int, seconds: float) -> None:
    subprocess.run(["kill", "-STOP", str(process)], check=True)
    time.sleep(seconds)
    subprocess.run(["kill", "-CONT", str(process)], check=True)


def test_a_load_that_could_not_keep_its_schedule_is_void(url: str) -> None:
    load = Load(HERE, url, rate=5)
    load.__enter__()
    time.sleep(1)
    _stop(load.process_id, 1.5)
    time.sleep(0.5)
    with pytest.raises(MachineStalledError, match="late"):
        load.__exit__(None, None, None)


def test_an_error_of_the_scenario_comes_before_a_void_load(url: str) -> None:
    with pytest.raises(KeyError), Load(HERE, url):
        raise KeyError


@pytest.fixture
def url_that_stops() -> Iterator[str]:
    """Where an answer begins and its connection ends."""

    class Stops(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stops) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_an_answer_that_stops_in_the_middle_is_lost(url_that_stops: str) -> None:
    report = send(HERE, url_that_stops, 1)
    assert [(r.status, r.answer, r.begun) for r in report.lost] == [(0, "ConnectionResetError", True)]


def test_an_answer_that_never_came_had_not_begun() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    report = send(HERE, f"http://127.0.0.1:{port}/", 1)
    assert [(r.status, r.answer, r.begun) for r in report.lost] == [(0, "ConnectionRefusedError", False)]


@pytest.mark.parametrize("path", ["", "deadline"])
def test_a_call_by_grpc_is_counted_like_a_request(grpc_target: str, path: str) -> None:
    report = send(HERE, f"{grpc_target}{path}", 3)
    assert (report.sent, report.by_cluster, report.lost) == (3, {"c1": 3}, [])


def test_a_call_that_grpc_refuses_says_its_status(grpc_target: str) -> None:
    report = send(HERE, f"{grpc_target}503", 1)
    assert [(r.status, r.answer) for r in report.lost] == [(0, "UNAVAILABLE: as asked")]
