"""What the lab's GSLB makes of a DNS plan; real probes of real entry points are in the scenarios."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from lab.ca import WebAuthority
from lab.dns import Answer
from lab.envoy import wait_until
from lab.gslb import Gslb, Health
from lab.tests.here import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERS = {"10.200.0.2": "eu", "10.200.0.3": "us"}


@pytest.fixture
def gslb(tmp_path: Path) -> Iterator[Gslb]:
    authority = WebAuthority(tmp_path / "web").certificate
    gslb = Gslb(HERE, authority, lambda name: {"nlb.example": ["127.0.0.1"]}.get(name, []), USERS)
    yield gslb
    gslb.close()


def _member(name: str, weight: int = 1, state: str = "active", **known: Any) -> dict[str, Any]:
    known = known or {"addresses": [f"192.0.2.{name[-1]}"]}
    return {"entryPoint": name, "cluster": name, "weight": weight, "state": state, **known}


def _plan(*pools: dict[str, Any], steering: str = "ordered", last: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    record = {"host": "shop.example.com", "ttl": 5, "steering": steering, "pools": list(pools)}
    record |= {"lastResort": list(last), **more}
    return {"version": "1", "zones": [{"name": "example.com", "provider": "none", "records": [record]}]}


def _pool(*members: dict[str, Any], region: str = "") -> dict[str, Any]:
    return {"name": "pool", "members": list(members), **({"region": region} if region else {})}


def _answers(gslb: Gslb, client: str = "10.200.0.2", number: int = 1) -> Counter[tuple[str, ...]]:
    found = (gslb.answer("shop.example.com", client) for _ in range(number))
    return Counter(answer.addresses for answer in found if answer)


def test_the_first_pool_answers(gslb: Gslb) -> None:
    gslb.follow(_plan(_pool(_member("c1")), _pool(_member("c2"))))
    assert gslb.answer("shop.example.com", "10.200.0.2") == Answer(5, ("192.0.2.1",))


def test_what_drains_does_not_answer(gslb: Gslb) -> None:
    gslb.follow(_plan(_pool(_member("c1", state="draining")), _pool(_member("c2"))))
    assert _answers(gslb) == {("192.0.2.2",): 1}


def test_a_pool_answers_by_weight(gslb: Gslb) -> None:
    gslb.follow(_plan(_pool(_member("c1", 70), _member("c2", 30), _member("c3", 0)), steering="weighted"))
    found = _answers(gslb, number=2000)
    assert found.keys() == {("192.0.2.1",), ("192.0.2.2",)}
    assert found["192.0.2.1",] == pytest.approx(1400, abs=80)


@pytest.mark.parametrize(("client", "address"), [("10.200.0.2", "192.0.2.1"), ("10.200.0.3", "192.0.2.2")])
def test_the_pool_of_the_own_region_answers(gslb: Gslb, client: str, address: str) -> None:
    pools = _pool(_member("c1"), region="eu"), _pool(_member("c2"), region="us")
    gslb.follow(_plan(*pools, steering="nearest"))
    assert _answers(gslb, client) == {(address,): 1}


def test_a_hostname_is_another_name(gslb: Gslb) -> None:
    gslb.follow(_plan(_pool(_member("c1", hostname="nlb.example"))))
    assert gslb.answer("shop.example.com", "10.200.0.2") == Answer(5, alias="nlb.example")


def test_a_host_that_is_not_in_the_plan_is_somebody_elses(gslb: Gslb) -> None:
    gslb.follow(_plan(_pool(_member("c1"))))
    assert gslb.answer("else.example.com", "10.200.0.2") is None


def test_health_changes_after_so_many_equal_results() -> None:
    health, alive = Health(), []
    for passed in (False, True, False, False, True, True):
        health.take(passed=passed, threshold=2)
        alive.append(health.alive)
    assert alive == [True, True, True, False, False, True]


@pytest.fixture
def entry_point() -> Iterator[tuple[int, list[bytes]]]:
    """An entry point that answers the status which the list begins with, and keeps the host that it was asked for."""
    state: list[bytes] = [b"200"]

    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline().strip():
                state.extend([line] if line.startswith(b"Host:") else [])
            self.wfile.write(b"HTTP/1.1 %s Said\r\nContent-Length: 0\r\n\r\n" % state[0])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1], state
        server.shutdown()


def test_an_entry_point_that_fails_its_probe_leaves_and_returns(
    gslb: Gslb, entry_point: tuple[int, list[bytes]]
) -> None:
    port, state = entry_point
    probe = {"protocol": "http", "port": port, "host": "health.example.com", "intervalSeconds": 0.02, "threshold": 2}
    pools = _pool(_member("c1", addresses=["127.0.0.1"])), _pool(_member("c2", addresses=["127.0.0.1"]))
    gslb.follow(_plan(*pools, last=("c2",), probe=probe))
    wait_until(lambda: gslb.results("shop.example.com")["c1"][True] > 1, "it is probed")
    assert gslb.alive("shop.example.com") == {"c1": True, "c2": True}
    state[0] = b"503"
    wait_until(lambda: gslb.alive("shop.example.com") == {"c1": False, "c2": False}, "both are dead")
    assert _answers(gslb) == {("127.0.0.1",): 1}  # the last resort
    state[0] = b"200"
    wait_until(lambda: gslb.alive("shop.example.com") == {"c1": True, "c2": True}, "both are back")
    assert set(state[1:]) == {b"Host: health.example.com"}
