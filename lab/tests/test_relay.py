from __future__ import annotations

import socket
import time

from lab.relay import Relay


def test_a_relay_passes_on_after_its_seconds_and_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as backend:
        relay = Relay("127.0.0.1", ("127.0.0.1", backend.getsockname()[1]), 0.3)
        with socket.create_connection(("127.0.0.1", relay.port), 5) as caller:
            accepted, _ = backend.accept()
            with accepted:
                accepted.settimeout(5)
                started = time.monotonic()
                caller.sendall(b"question")
                assert accepted.recv(100) == b"question"
                assert time.monotonic() - started >= 0.3
                accepted.sendall(b"answer")
                assert caller.recv(100) == b"answer"
            relay.close()
            assert caller.recv(100) == b""
