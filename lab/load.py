"""Open-loop load: requests start on schedule, whether or not earlier ones were answered.

Run in the network namespace of the client: `python -m lab.load URL`. It sends until its standard input closes,
waits for the answers that are due and prints one JSON line per request, before all of them one that it has begun.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
import traceback
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Protocol
    from urllib.parse import SplitResult

    from lab.network import Namespace

    class Sender(Protocol):
        """Whatever sends from a network namespace: a pod, or somebody outside the mesh."""

        @property
        def namespace(self) -> Namespace: ...

    Exchange = Callable[[str, bytearray], Coroutine[None, None, tuple[int, str]]]
    """Takes the key of a request and what collects its answer; returns status and answer."""

PATIENCE = 5.0  # seconds after which a request counts as lost
_BEGUN = "begun"
_STALL = 1.0  # seconds that a request may leave behind its schedule


class MachineStalledError(Exception):
    """The machine stood still for so long that a load measured the machine, not the mesh: the scenario is void."""


@dataclass(frozen=True)
class Request:
    """One request and its fate; times in seconds.

    `status` 0: no answer, or, where it had `begun` (HTTP/1.1, HTTP/2), not all of it. `late`: behind its schedule.
    """

    key: str
    sent: float
    took: float = 0.0
    status: int = 0
    answer: str = ""
    late: float = 0.0
    begun: bool = False

    @property
    def lost(self) -> bool:
        return self.status != 200  # noqa: PLR2004 - the HTTP status

    @property
    def cluster(self) -> str:
        try:
            return str(json.loads(self.answer)["cluster"])
        except (ValueError, KeyError, TypeError):
            return ""


@dataclass(frozen=True)
class Report:
    """All requests of one load."""

    requests: list[Request]

    @property
    def sent(self) -> int:
        return len(self.requests)

    @property
    def lost(self) -> list[Request]:
        return [request for request in self.requests if request.lost]

    @property
    def by_cluster(self) -> dict[str, int]:
        """How many answers came from which cluster."""
        return dict(sorted(Counter(r.cluster for r in self.requests if not r.lost).items()))

    @property
    def longest_gap(self) -> float:
        """The longest time between two answers that followed each other."""
        times = sorted(r.sent + r.took for r in self.requests if not r.lost)
        return max((b - a for a, b in itertools.pairwise(times)), default=0.0)

    @property
    def slowest(self) -> float:
        return max((r.took for r in self.requests if not r.lost), default=0.0)

    def between(self, start: float, end: float) -> Report:
        """The requests sent in a span of `time.time()`."""
        return Report([r for r in self.requests if start <= r.sent < end])

    def on_their_way(self, start: float, end: float) -> Report:
        """The requests that were sent and not answered yet at some moment of a span of `time.time()`."""
        return Report([r for r in self.requests if r.sent <= end and r.sent + r.took >= start])

    def last(self, seconds: float) -> Report:
        """The requests sent in the last so many seconds of the load."""
        end = max((r.sent for r in self.requests), default=0.0)
        return Report([r for r in self.requests if r.sent >= end - seconds])

    def _moments(self) -> list[str]:
        """The seconds of the load in which requests were lost, with their number."""
        start = self.requests[0].sent
        seconds = Counter(int(r.sent - start) for r in self.lost)
        return [f"{second} ({number})" for second, number in sorted(seconds.items())][:12]

    def __str__(self) -> str:
        answers = ", ".join(f"{name or '?'} {n}" for name, n in self.by_cluster.items()) or "none"
        fates = Counter(f"{r.status or 'no answer'} {r.answer[:90]!r}" for r in self.lost)
        lost = f"{len(self.lost)}" + "".join(f"\n    {n} x {fate}" for fate, n in fates.most_common(5))
        if self.lost:
            lost += f"\n    at seconds {', '.join(self._moments())}"
        times = f"longest gap {self.longest_gap:.2f} s, slowest {self.slowest:.2f} s"
        return f"sent {self.sent}, answered {answers}, {times}, lost {lost}"


@dataclass(frozen=True)
class Way:
    """How somebody outside the mesh finds the other end of HTTP/1.1, and what proves it; see `http1.Client`."""

    authority: str = ""
    address: str = ""
    remembers: bool = True

    @property
    def options(self) -> list[str]:
        said = {"--authority": self.authority, "--address": self.address}
        return [word for name, value in said.items() if value for word in (name, value)] + (
            ["--remembers"] if self.remembers else []
        )


class Load:
    """A context in which load runs; afterwards `report` has every request.

    Leaving it raises `MachineStalledError` where requests did not leave on schedule.
    """

    def __init__(
        self,
        client: Sender,
        url: str,
        *,
        rate: float = 20,
        method: str = "GET",
        number: int = 0,
        patience: float = PATIENCE,
        keep: bool = False,
        way: Way | None = None,
    ) -> None:
        self._client = client
        options = ["--rate", str(rate), "--method", method, "--number", str(number), "--patience", str(patience)]
        options += [*(["--keep"] if keep else []), *(way.options if way else [])]
        self._command = [sys.executable, "-m", "lab.load", url, *options]
        self._process: subprocess.Popen[str] | None = None
        self._output = ""
        self.report = Report([])

    def __enter__(self) -> Self:
        with self._client.namespace.entered():
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def wait_until_begun(self) -> None:
        """Wait until the first request is sent: until then a program starts."""
        if self._process and self._process.stdout:
            self._process.stdout.readline()

    @property
    def process_id(self) -> int:
        return self._process.pid if self._process else 0

    def wait(self) -> None:
        """Wait until a load with a number has sent it all and has its answers."""
        if self._process and self._process.stdout:
            self._output = self._process.stdout.read()
            self._process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            rest, _ = self._process.communicate("")
            if self._process.returncode and not kind:
                raise RuntimeError("the load failed; its error is above")
            lines = (self._output or rest).splitlines()
            self.report = Report([Request(**json.loads(line)) for line in lines if line != _BEGUN])
            late = max((request.late for request in self.report.requests), default=0.0)
            if late > _STALL and not kind:
                raise MachineStalledError(f"requests left up to {late:.1f} s late: {self.report}")


def send(
    client: Sender,
    url: str,
    number: int = 20,
    *,
    rate: float = 50,
    method: str = "GET",
    patience: float = PATIENCE,
    keep: bool = False,
    way: Way | None = None,
) -> Report:
    """Send so many requests, each on a connection of its own unless HTTP/1.1 is told to `keep` them.

    `http2://host:port`: by HTTP/2; `grpc://host:port`: call; `tcp://host:port`: read what the server says.
    """
    with Load(client, url, rate=rate, method=method, number=number, patience=patience, keep=keep, way=way) as load:
        load.wait()
    return load.report


async def _send(exchange: Exchange, request: Request, patience: float) -> Request:
    """Fill the fate of a request in."""
    started, content = time.monotonic(), bytearray()
    status, answer = 0, ""
    try:
        async with asyncio.timeout(patience):
            status, answer = await exchange(request.key, content)
    except (OSError, ValueError) as error:
        answer = type(error).__name__
    return replace(request, took=time.monotonic() - started, status=status, answer=answer, begun=bool(content))


def _exchange(options: argparse.Namespace) -> Exchange:
    """How to send one request. What that needs is imported here, before the schedule begins."""
    url, parts = options.url, urlsplit(options.url)
    if parts.scheme == "grpc":
        from lab.grpc_calls import call

        return lambda key, _: call(url, key)
    if parts.scheme == "http2":
        from lab.http2 import request

        return lambda key, content: request(url.replace("http2:", "http:", 1), options.method, key, content)
    if parts.scheme == "tcp":
        return lambda _, __: _first_line(parts)
    from lab.http1 import Client

    return Client(
        url,
        options.method,
        authority=options.authority,
        keep=options.keep,
        address=options.address,
        remembers=options.remembers,
    ).exchange


async def _first_line(parts: SplitResult) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        return (200, line.decode()) if (line := await reader.readline()) else (0, "closed")
    finally:
        writer.close()


async def _run(options: argparse.Namespace) -> None:
    exchange, rate, number = _exchange(options), options.rate, options.number
    closed = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    tasks: list[asyncio.Task[Request]] = []
    started = time.monotonic()
    print(_BEGUN, flush=True)  # noqa: T201 - the output of this program
    while not closed.done() and (not number or len(tasks) < number):
        late = max(0.0, time.monotonic() - started - len(tasks) / rate)
        request = Request(uuid.uuid4().hex, time.time(), late=late)
        tasks.append(asyncio.create_task(_send(exchange, request, options.patience)))
        due = started + len(tasks) / rate
        await asyncio.wait([closed], timeout=max(0.0, due - time.monotonic()))
    for request in await asyncio.gather(*tasks):
        print(json.dumps(asdict(request)), flush=True)  # noqa: T201 - the output of this program


async def _run_and_exit(options: argparse.Namespace) -> None:
    code = 1
    try:
        await _run(options)
        code = 0
    except Exception:  # noqa: BLE001 - whatever it is, the other side has to see it
        traceback.print_exc()
    os._exit(code)  # the thread that reads standard input does not end by itself


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--method", default="GET")
    parser.add_argument("--number", type=int, default=0, help="end after so many requests")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="count a request as lost after so many seconds"
    )
    parser.add_argument("--keep", action="store_true", help="use connections again")
    parser.add_argument("--authority", type=Path, help="file with the certificate authority of https")
    parser.add_argument("--address", default="", help="connect to this address, whatever names say")
    parser.add_argument("--remembers", action="store_true", help="ask the name server, keep answers for their TTL")
    asyncio.run(_run_and_exit(parser.parse_args()))


if __name__ == "__main__":
    main()
