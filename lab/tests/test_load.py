"""Load sent for real, to the server of workload pods."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lab.ca import WebAuthority
from lab.envoy import wait_until
from lab.load import Load, MachineStalledError, Way, send
from lab.tests.here import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PROTOCOLS = ("http", "http2", "grpc", "tcp")

# As scenarios: what the machine held up is run again, what lost a request is not.
pytestmark = pytest.mark.flaky(reruns=2, only_rerun=["MachineStalledError"])


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """Where the server of workload pods answers, by protocol."""
    with contextlib.ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PROTOCOLS]
        ports = {protocol: found.getsockname()[1] for protocol, found in zip(PROTOCOLS, free, strict=True)}
    command = [sys.executable, "-m", "lab.server", "--cluster", "c1", "--pod", "p"]
    server = subprocess.Popen([*command, *(f"{protocol}:{port}" for protocol, port in ports.items())])
    for port in ports.values():
        wait_until(partial(_listens, port), "the server listens")
    yield ports
    server.kill()
    server.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture
def url(ports: dict[str, int]) -> str:
    return f"http://127.0.0.1:{ports['http']}/"


@pytest.fixture
def grpc_target(ports: dict[str, int]) -> str:
    return f"grpc://127.0.0.1:{ports['grpc']}/"


@pytest.mark.parametrize("target", ["http://{http}/", "http2://{http2}/", "grpc://{grpc}/", "tcp://{tcp}"])
def test_every_request_is_counted(ports: dict[str, int], target: str) -> None:
    addresses = {protocol: f"127.0.0.1:{port}" for protocol, port in ports.items()}
    report = send(HERE, target.format(**addresses), 5)
    assert (report.sent, report.by_cluster, report.lost) == (5, {"c1": 5}, [])


def test_a_request_by_http2_that_fails_says_its_status(ports: dict[str, int]) -> None:
    report = send(HERE, f"http2://127.0.0.1:{ports['http2']}/503", 1)
    assert [r.status for r in report.lost] == [503]


def _stop(process: int, seconds: float) -> None:
    subprocess.run(["kill", "-STOP", str(process)], check=True)
    time.sleep(seconds)
    subprocess.run(["kill", "-CONT", str(process)], check=True)


def test_a_load_that_could_not_keep_its_schedule_is_void(url: str) -> None:
    load = Load(HERE, url, rate=5)
    load.__enter__()
    load.wait_until_begun()
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
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens
        report = send(HERE, f"http://127.0.0.1:{closed.getsockname()[1]}/", 1)
    assert [(r.status, r.answer, r.begun) for r in report.lost] == [(0, "ConnectionRefusedError", False)]


def test_a_call_that_grpc_refuses_says_its_status(grpc_target: str) -> None:
    report = send(HERE, f"{grpc_target}503", 1)
    assert [(r.status, r.answer) for r in report.lost] == [(0, "UNAVAILABLE: as asked")]


@pytest.fixture
def server_that_closes() -> Iterator[tuple[str, list[int]]]:
    """Where every connection answers twice and ends; the list has how many requests each was asked."""
    asked: list[int] = []

    class Closes(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(0)
            place = len(asked) - 1
            while asked[place] < 2 and self.rfile.readline().strip():
                while self.rfile.readline().strip():
                    pass
                asked[place] += 1
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Closes) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        server.shutdown()


def test_connections_that_are_kept_are_used_again_until_the_server_closes_them(
    server_that_closes: tuple[str, list[int]],
) -> None:
    url, asked = server_that_closes
    report = send(HERE, url, 6, rate=20, keep=True)
    assert (report.lost, asked) == ([], [2, 2, 2])


def test_connections_that_are_not_kept_carry_one_request(server_that_closes: tuple[str, list[int]]) -> None:
    url, asked = server_that_closes
    report = send(HERE, url, 3, rate=20)
    assert (report.lost, asked) == ([], [1, 1, 1])


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Way]]:
    """A server that is known as `shop.example.com`, and the way to it."""
    authority = WebAuthority(tmp_path / "web")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    for file, text in zip(files, authority.certify(["shop.example.com"]), strict=True):
        file.write_text(text, encoding="ascii")
    context.load_cert_chain(files[0], files[1])

    class Secure(socketserver.ThreadingTCPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return context.wrap_socket(connection, server_side=True), address

        def handle_error(self, *_: object) -> None:
            """A client that does not trust it goes away."""

    class Answers(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with Secure(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        port = server.server_address[1]
        yield f":{port}/", Way(str(authority.certificate), "127.0.0.1", remembers=False)
        server.shutdown()


def test_https_asks_for_the_name_at_the_address_that_it_was_told(secure: tuple[str, Way]) -> None:
    rest, way = secure
    assert send(HERE, f"https://shop.example.com{rest}", 1, way=way).lost == []


def test_https_refuses_a_certificate_for_another_name(secure: tuple[str, Way]) -> None:
    rest, way = secure
    lost = send(HERE, f"https://else.example.com{rest}", 1, way=way).lost
    assert [(r.status, r.answer) for r in lost] == [(0, "SSLCertVerificationError")]
