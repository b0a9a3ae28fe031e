"""The server in a workload pod: answers who it is and who asked. `python -m lab.server --cluster c1 http:9080`.

Protocols are `http`, `http2` (see `lab.http2`), `grpc` (see `lab.grpc_calls`) and `tcp`.
"""

from __future__ import annotations

import argparse
import json
import socketserver
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_executed: dict[str, int] = {}
_lock = threading.Lock()


def _execute(key: str) -> None:
    with _lock:
        _executed[key] = _executed.get(key, 0) + 1


def _caller(certificate_header: str) -> dict[str, str]:
    _, _, principal = certificate_header.rpartition("URI=")
    return {"caller": principal.partition(";")[0]}


class _Http(BaseHTTPRequestHandler):
    """GET answers; POST counts its `x-request-key` first; `/executed` tells the counts; `/503` answers that."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: the second of two waits 40 ms for the delayed acknowledgement of the first
    identity: dict[str, str]

    def do_GET(self) -> None:
        if self.path == "/executed":
            with _lock:
                self._answer(dict(_executed))
            return
        self._answer(self.identity | _caller(self.headers.get("x-forwarded-client-cert", "")))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        _execute(self.headers.get("x-request-key", ""))
        self.do_GET()

    def _answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(503 if self.path == "/503" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


class _Tcp(socketserver.BaseRequestHandler):
    """A protocol in which the server speaks first."""

    identity: dict[str, str]

    def handle(self) -> None:
        self.request.sendall(json.dumps(self.identity).encode() + b"\n")
        while data := self.request.recv(4096):
            self.request.sendall(data)


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class _HttpServer(ThreadingHTTPServer):
    request_queue_size = 128

    def server_bind(self) -> None:
        # The base class looks its own name up, which takes 5 s where the pod's name server is not there yet.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "", self.server_address[1]


def _http(port: int, identity: dict[str, str]) -> Callable[[], object]:
    return _HttpServer(("0.0.0.0", port), type("Http", (_Http,), {"identity": identity})).serve_forever


def _http2(port: int, identity: dict[str, str]) -> Callable[[], object]:
    from lab.http2 import serve

    return partial(serve, port, lambda certificate: identity | _caller(certificate), _execute)


def _grpc(port: int, identity: dict[str, str]) -> Callable[[], object]:
    from lab.grpc_calls import serve

    return serve(port, lambda certificate: identity | _caller(certificate), _execute).wait_for_termination


def _tcp(port: int, identity: dict[str, str]) -> Callable[[], object]:
    return _TcpServer(("0.0.0.0", port), type("Tcp", (_Tcp,), {"identity": identity})).serve_forever


_SERVERS = {"http": _http, "http2": _http2, "grpc": _grpc, "tcp": _tcp}
"""Protocol → what opens a port and returns what answers there until the process ends."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--pod", required=True)
    parser.add_argument("ports", nargs="+", metavar="PROTOCOL:PORT")
    options = parser.parse_args()
    threads = []
    for text in options.ports:
        protocol, _, port = text.partition(":")
        identity = {"cluster": options.cluster, "pod": options.pod, "port": port}
        threads.append(threading.Thread(target=_SERVERS[protocol](int(port), identity)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
