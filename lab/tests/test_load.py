"""Load sent for real, to a server of this process."""

from __future__ import annotations

import contextlib
import subprocess
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
