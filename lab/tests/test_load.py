"""Load sent for real, to a server of this process."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest

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


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"cluster": "c1"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


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
def grpc_target() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lab.server", "--cluster", "c1", "--pod", "p", f"grpc:{port}"]
    server = subprocess.Popen(command)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.1)
    yield f"grpc://127.0.0.1:{port}/"
    server.kill()
    server.wait()


def test_a_call_by_grpc_is_counted_like_a_request(grpc_target: str) -> None:
    report = send(HERE, grpc_target, 3)
    assert (report.sent, report.by_cluster, report.lost) == (3, {"c1": 3}, [])


def test_a_call_that_grpc_refuses_says_its_status(grpc_target: str) -> None:
    report = send(HERE, f"{grpc_target}503", 1)
    assert [(r.status, r.answer) for r in report.lost] == [(0, "UNAVAILABLE: as asked")]
