"""Real programs: a stand-in for AWS that serves Route 53's API, OctoDNS, ExternalDNS. `make dns` brings them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".cache/dns/bin"
STAND_IN = ROOT / "tools/dns/stand_in.py"
EXTERNAL_DNS = ROOT / ".cache/bin/externaldns"
_PATIENCE = 60


@dataclass(frozen=True)
class Aws:
    """Route 53 of nobody."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        said = {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return os.environ | said | {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}

    def run(self, program: Path | str, *arguments: str, fails: bool = False) -> str:
        """What a program prints, on both streams; it must succeed, or fail where it `fails`."""
        place = PROGRAMS / program
        done = subprocess.run(
            [place, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def reset(self) -> None:
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")):  # noqa: S310
            pass

    def create_zone(self, name: str) -> None:
        self.run("python", str(STAND_IN), "create", name)

    def state(self) -> dict[str, Any]:
        """Everything that it holds, as `tools/dns/stand_in.py` shows it."""
        state: dict[str, Any] = json.loads(self.run("python", str(STAND_IN), "show"))
        return state


@pytest.fixture(scope="session")
def _aws_server() -> Iterator[Aws]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(PROGRAMS / "python"), str(STAND_IN), "serve", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + _PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert server.poll() is None, "the stand-in for AWS ended"
                    assert time.monotonic() < until, "the stand-in for AWS does not listen"
                    time.sleep(0.1)
            yield Aws(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


@pytest.fixture
def aws(_aws_server: Aws) -> Aws:
    """A Route 53 with nothing but an empty zone `example.com`."""
    _aws_server.reset()
    _aws_server.create_zone("example.com")
    return _aws_server
