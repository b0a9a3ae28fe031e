"""`traffic.mode: weighted`: shares per cluster, whatever the number of their addresses, and who takes over."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import Draft, Item, host, service, url
from lab.scenarios.shares import TOLERANCE, differences, percent

if TYPE_CHECKING:
    from lab.scenarios.conftest import Show, Stage

SHARES = {
    "far": {"c2": 70, "c3": 30},
    "near": {"c1": 50, "c2": 30, "c3": 20},
    "spared": {"c1": 60, "c2": 40, "c3": 0},
}
"""Service → share of each cluster that has it; callers are in c1, which has no copy of `far`."""
NUMBER = 10_000


def _exposed(name: str) -> Item:
    weights = [{"names": [cluster], "share": share} for cluster, share in SHARES[name].items()]
    return {"host": host(name), "traffic": {"mode": "weighted", "weights": weights}}


FLEET = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "eu-west-2", "network": "network-2"},
        "c3": {"region": "us-east-1", "network": "network-3"},
    },
    services={
        cluster: [service(name) for name, shares in SHARES.items() if cluster in shares]
        for cluster in ("c1", "c2", "c3")
    },
    addresses={
        "c1": ["192.0.2.11"],
        "c2": ["192.0.2.21", "192.0.2.22"],
        "c3": ["192.0.2.31", "192.0.2.32", "192.0.2.33"],
    },
    exposed=[_exposed(name) for name in SHARES],
)


@pytest.mark.parametrize("name", ["far", "near"])
def test_the_shares_of_ten_thousand_requests(stage: Stage, name: str, show: Show) -> None:
    """c1, c2 and c3 have one, two and three addresses."""
    lab = stage.boot(FLEET)
    client = lab.new_client("c1")
    report = send(client, url(name), NUMBER, rate=150, keep=True)
    lab.delete_pod(client)
    show(f"{name}, shares {SHARES[name]}, percent {percent(report.by_cluster)}", report)
    assert report.lost == []
    assert differences(report.by_cluster, SHARES[name]) == {}


def test_a_cluster_with_share_0_gets_nothing(stage: Stage, show: Show) -> None:
    lab = stage.boot(FLEET)
    client = lab.new_client("c1")
    alive = send(client, url("spared"), 1000, rate=100, keep=True)
    others = [lab.pod(cluster, "bookinfo", "spared") for cluster in ("c1", "c2")]
    for pod in others:
        pod.stop_server()
    dead = send(client, url("spared"), 100)
    for pod in others:
        pod.start_server()
    lab.wait_until_ready(others)
    lab.delete_pod(client)
    show(f"shares {SHARES['spared']}", alive)
    show("the clusters with a share dead", dead)
    assert (alive.lost, set(alive.by_cluster)) == ([], {"c1", "c2"})
    assert dead.by_cluster == {}


@pytest.mark.quick
def test_the_others_take_over_and_shares_come_back(stage: Stage, show: Show) -> None:
    """Beside a local copy a dead cluster's share goes to all endpoints alike, not in proportion: measured.

    Its alias knows the others as one level, in which pods weigh 1 each; test_62 has the proportions of an edge.
    """
    lab = stage.boot(FLEET)
    client = lab.new_client("c1")
    names = ("far", "near")
    died = [lab.pod("c2", "bookinfo", name) for name in names]
    with ExitStack() as stack:
        loads = {name: stack.enter_context(Load(client, url(name), rate=100, keep=True)) for name in names}
        for load in loads.values():
            load.wait_until_begun()
        time.sleep(3)
        struck = time.time()
        for pod in died:
            pod.stop_server()
        time.sleep(15)
        back = time.time()
        for pod in died:
            pod.start_server()
        time.sleep(45)
        settled = time.time()
        time.sleep(20)
    lab.delete_pod(client)
    for name, load in loads.items():
        dead, after = load.report.between(struck + 5, back), load.report.between(settled, float("inf"))
        show(f"{name}, shares {SHARES[name]}, c2's application dies and comes back", load.report)
        show(f"{name}, dead, percent", percent(dead.by_cluster))
        show(f"{name}, back, percent", percent(after.by_cluster))
        assert load.report.lost == []
        assert set(dead.by_cluster) == {cluster for cluster in SHARES[name] if cluster != "c2"}
        # Two thousand requests: routes draw lots, so a share is off by 2 percent now and then.
        assert differences(after.by_cluster, SHARES[name], 2 * TOLERANCE) == {}
