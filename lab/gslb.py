"""What a GSLB does that somebody has set up by hand from `output/_dns/plan.json`.

It probes every entry point and answers with those that live: the first pool that has one, there by weight; in the mode
`nearest` the pool of the client's region first. It knows the plan's published form, nothing of meshgen's own code.
"""

from __future__ import annotations

import contextlib
import random
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any

from lab.dns import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from lab.outside import User

_INTERVAL = 10  # seconds, and failures in a row: where a plan leaves them to the GSLB
_THRESHOLD = 3
_LONGEST = 4.0  # seconds that an answer to a probe may take

Record = dict[str, Any]
Member = dict[str, Any]


@dataclass
class Health:
    """What is known of one address of an entry point: it changes after so many equal results in a row."""

    alive: bool = True
    in_a_row: int = 0
    results: Counter[bool] = field(default_factory=Counter)

    def take(self, *, passed: bool, threshold: int) -> None:
        self.results[passed] += 1
        self.in_a_row = 0 if passed == self.alive else self.in_a_row + 1
        if self.in_a_row >= threshold:
            self.alive, self.in_a_row = passed, 0


class Gslb:
    """Follows one plan after the other. `resolve`: the addresses of a hostname; `regions`: those of clients."""

    def __init__(
        self, prober: User, authority: Path, resolve: Callable[[str], Iterable[str]], regions: dict[str, str]
    ) -> None:
        self._prober = prober
        self._tls = ssl.create_default_context(cafile=authority)
        self._resolve = resolve
        self._regions = regions
        self._records: dict[str, Record] = {}
        self._health: dict[tuple[str, str], Health] = {}
        self._random = random.Random(0)  # noqa: S311 - the same run, the same choices
        self._ended = threading.Event()
        self._rounds: list[threading.Thread] = []

    def follow(self, plan: dict[str, Any]) -> None:
        """Answer as a plan says from now on; what is known of entry points stays."""
        self._end_rounds()
        self._records = {record["host"]: record for zone in plan["zones"] for record in zone["records"]}
        self._ended = threading.Event()
        self._rounds = [
            threading.Thread(target=self._probe_for_ever, args=(record, self._ended), daemon=True)
            for record in self._records.values()
            if "probe" in record
        ]
        for thread in self._rounds:
            thread.start()

    def close(self) -> None:
        self._end_rounds()

    def answer(self, host: str, client: str) -> Answer | None:
        """The answer to one query, for one entry point; None: the host is not in the plan."""
        record = self._records.get(host)
        return self._choose(record, self._regions.get(client, "")) if record else None

    def alive(self, host: str) -> dict[str, bool]:
        """Entry point → whether one of its addresses passes the probe of a host."""
        return {m["entryPoint"]: bool(self._living(host, m)) for m in _members(self._records[host])}

    def results(self, host: str) -> dict[str, Counter[bool]]:
        """Entry point → how often the probes of a host passed and failed."""
        return {
            member["entryPoint"]: sum(
                (self._of(host, address).results for address in self._addresses(member)), Counter[bool]()
            )
            for member in _members(self._records[host])
        }

    def _choose(self, record: Record, region: str) -> Answer:
        host = record["host"]
        pools = record["pools"]
        if record["steering"] == "nearest":
            pools = sorted(pools, key=lambda pool: pool.get("region") != region)
        for pool in pools:
            living = [m for m in pool["members"] if m["state"] == "active" and self._living(host, m) and m["weight"]]
            if living:
                return self._of_members(record, living)
        last = [m for m in _members(record) if m["entryPoint"] in record["lastResort"]]
        return self._of_members(record, last) if last else Answer(record["ttl"])

    def _of_members(self, record: Record, members: list[Member]) -> Answer:
        (chosen,) = self._random.choices(members, [member["weight"] or 1 for member in members])
        if hostname := chosen.get("hostname"):
            return Answer(record["ttl"], alias=hostname)
        addresses = self._living(record["host"], chosen) or chosen.get("addresses", [])
        return Answer(record["ttl"], tuple(self._random.sample(addresses, len(addresses))))

    def _addresses(self, member: Member) -> list[str]:
        return list(member.get("addresses") or self._resolve(member.get("hostname", "")))

    def _living(self, host: str, member: Member) -> list[str]:
        return [address for address in self._addresses(member) if self._of(host, address).alive]

    def _of(self, host: str, address: str) -> Health:
        return self._health.setdefault((host, address), Health())

    def _probe_for_ever(self, record: Record, ended: threading.Event) -> None:
        probe = record["probe"]
        while not ended.is_set():
            due = time.monotonic() + probe.get("intervalSeconds", _INTERVAL)
            for member in _members(record):
                for address in self._addresses(member):
                    passed = self._passes(record, address)
                    self._of(record["host"], address).take(passed=passed, threshold=probe.get("threshold", _THRESHOLD))
            ended.wait(max(0.0, due - time.monotonic()))

    def _passes(self, record: Record, address: str) -> bool:
        probe = record["probe"]
        try:
            with self._prober.namespace.entered():
                status = self._ask(probe, probe.get("host", record["host"]), address)
        except (OSError, HTTPException):
            return False
        return status == int(probe.get("expectedStatus", 200))

    def _ask(self, probe: dict[str, Any], host: str, address: str) -> int:
        """The status of an answer; 200 where a connection is all that is asked for."""
        if probe["protocol"] == "tcp":
            connection = HTTPConnection(address, probe["port"], timeout=_LONGEST)
            with contextlib.closing(connection):
                connection.connect()
            return 200
        make = _secure(self._tls, host) if probe["protocol"] == "https" else HTTPConnection
        with contextlib.closing(make(address, probe["port"], timeout=_LONGEST)) as connection:
            connection.request("GET", probe.get("path", "/"), headers={"Host": host, "Connection": "close"})
            return int(connection.getresponse().status)

    def _end_rounds(self) -> None:
        self._ended.set()
        for thread in self._rounds:
            thread.join()
        self._rounds = []


def _members(record: Record) -> list[Member]:
    return [member for pool in record["pools"] for member in pool["members"]]


def _secure(tls: ssl.SSLContext, host: str) -> Callable[..., HTTPConnection]:
    class Connection(HTTPSConnection):
        """To an address, with the name of a host in its SNI."""

        def connect(self) -> None:
            HTTPConnection.connect(self)
            self.sock = tls.wrap_socket(self.sock, server_hostname=host)

    return Connection
