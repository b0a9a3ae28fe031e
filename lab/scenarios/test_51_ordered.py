"""`traffic.mode: ordered`: which cluster is called first, second and last, wherever the caller has a copy itself.

In every service the first cluster's application dies under load, then the second's, then both come back.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lab.load import Load
from lab.scenarios.drafts import Draft, Item, host, service, url

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

ORDERS = {
    "local-first": ("c1", "c3", "c2"),
    "local-second": ("c3", "c1", "c2"),
    "local-last": ("c2", "c3", "c1"),
    "far": ("c3", "c2"),
}
"""Service → its clusters, first to last; each runs in those, and callers are in c1. c2 is in their region."""
_FIRST_DIES = 5.0  # seconds after the first request
_SECOND_DIES = 15.0
_BACK = 25.0
_END = 75.0
_SETTLED = 3.0


def _exposed(name: str) -> Item:
    order = [{"names": [cluster]} for cluster in ORDERS[name]]
    return {"host": host(name), "traffic": {"mode": "ordered", "order": order}}


FLEET = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "eu-west-2", "network": "network-2"},
        "c3": {"region": "us-east-1", "network": "network-3"},
    },
    services={
        cluster: [service(name) for name, order in ORDERS.items() if cluster in order] for cluster in ("c1", "c2", "c3")
    },
    addresses={"c1": ["192.0.2.11"], "c2": ["192.0.2.21", "192.0.2.22"], "c3": ["192.0.2.31"]},
    exposed=[_exposed(name) for name in ORDERS],
)


@dataclass(frozen=True)
class Outcome:
    """What callers in c1 saw of one service."""

    order: tuple[str, ...]
    report: Report

    def between(self, start: float, end: float) -> Report:
        """The requests sent in a span of seconds after the first one."""
        first = self.report.requests[0].sent
        return self.report.between(first + start, first + end)


@pytest.fixture(scope="module")
def outcomes(stage: Stage) -> dict[str, Outcome]:
    """What callers saw, by the name of the service; all of them are struck at once."""
    lab = stage.boot(FLEET)
    client = lab.new_client("c1")
    with ThreadPoolExecutor(len(ORDERS)) as pool:
        found = dict(zip(ORDERS, pool.map(partial(_strike, lab, client), ORDERS), strict=True))
    lab.delete_pod(client)
    return found


def _strike(lab: Lab, client: Pod, name: str) -> Outcome:
    order = ORDERS[name]
    first, second, *_ = (lab.pod(cluster, "bookinfo", name) for cluster in order)
    dying = [(_FIRST_DIES, first.stop_server)] + ([(_SECOND_DIES, second.stop_server)] if len(order) > 2 else [])
    with Load(client, url(name), rate=15) as load:
        load.wait_until_begun()
        started = time.time()
        for due, step in dying:
            time.sleep(max(0, started + due - time.time()))
            step()
        time.sleep(max(0, started + _BACK - time.time()))
        for pod in (first, second):
            if not pod.serves:
                pod.start_server()
        time.sleep(max(0, started + _END - time.time()))
    return Outcome(order, load.report)


@pytest.mark.quick
@pytest.mark.parametrize("name", ORDERS)
def test_the_first_that_lives_answers_and_nothing_is_lost(outcomes: dict[str, Outcome], name: str, show: Show) -> None:
    outcome = outcomes[name]
    first, second, *_ = outcome.order
    show(f"{name}, order {', '.join(outcome.order)}: the first dies, then the second, both come back", outcome.report)
    assert outcome.report.lost == []
    assert set(outcome.between(0, _FIRST_DIES - 0.2).by_cluster) == {first}
    assert set(outcome.between(_FIRST_DIES + _SETTLED, _SECOND_DIES - 0.2).by_cluster) == {second}
    assert set(outcome.report.last(_SETTLED).by_cluster) == {first}


@pytest.mark.quick
@pytest.mark.parametrize("name", [name for name, order in ORDERS.items() if len(order) > 2])
def test_the_last_of_three_answers_when_both_before_it_are_dead(
    outcomes: dict[str, Outcome], name: str, show: Show
) -> None:
    outcome = outcomes[name]
    report = outcome.between(_SECOND_DIES + _SETTLED, _BACK - 0.2)
    show(f"{name}, first and second of {', '.join(outcome.order)} dead", report)
    assert (report.lost, set(report.by_cluster)) == ([], {outcome.order[2]})
