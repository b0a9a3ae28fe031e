"""Probes of a GSLB: they pass as long as an entry point can answer from its own region, and not longer."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lab.envoy import wait_until
from lab.load import send
from lab.scenarios.front_door import FRONT_DOOR, WORKLOADS, edge, secure, through

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

HEALTH = secure("health-near")
"""A host per cluster begins with the same label, and the cluster's name."""


@pytest.fixture
def front(stage: Stage) -> Lab:
    return stage.boot(FRONT_DOOR)


@contextlib.contextmanager
def _dead(lab: Lab, *clusters: str) -> Iterator[None]:
    """The applications of clusters are dead; afterwards every edge uses them again."""
    pods = [lab.pod(cluster, "bookinfo", "details") for cluster in clusters]
    for pod in pods:
        pod.stop_server()
    try:
        yield
    finally:
        for pod in pods:
            pod.start_server()
        lab.wait_until_ready(pods)
        for name in ("e1", "c1"):
            (gateway,) = edge(lab, name).pods
            wait_until(partial(_all_healthy, gateway), "all endpoints are used again", 90)


def _all_healthy(gateway: Pod) -> bool:
    return not gateway.envoy.unhealthy()


def _probe(lab: Lab, cluster: str) -> Report:
    return send(lab.outside.user(), HEALTH, 40, rate=10, way=through(lab, cluster))


def test_one_dead_cluster_of_two_fails_no_probe(front: Lab, show: Show) -> None:
    """The edge of c1 has c1 and c2 in its region."""
    with _dead(front, "c1"):
        report = _probe(front, "c1")
    show("probes through the edge in c1, c1 of c1 and c2 dead", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c2"})


@pytest.mark.parametrize(("cluster", "region"), [("c1", ("c1", "c2")), ("e1", ("c3",))])
def test_probes_fail_when_the_region_is_dead_though_others_live(
    front: Lab, cluster: str, region: tuple[str, ...], show: Show
) -> None:
    """Users are still served from the other region."""
    with _dead(front, *region):
        report = _probe(front, cluster)
        users = send(front.outside.user(), secure("near"), 40, way=through(front, cluster))
    show(f"probes through the edge in {cluster}, {' and '.join(region)} dead", report)
    show("users meanwhile", users)
    assert report.by_cluster == {}
    assert users.lost == []
    assert set(users.by_cluster).isdisjoint(region)


def test_the_host_of_a_cluster_checks_that_cluster_alone(front: Lab, show: Show) -> None:
    """No other cluster answers for it, and nothing is tried again."""
    way = through(front, "e1")
    with _dead(front, "c2"):
        found = {
            cluster: send(front.outside.user(), secure(f"health-near-{cluster}"), 20, rate=10, way=way)
            for cluster in WORKLOADS
        }
    for cluster, report in found.items():
        show(f"probes of {cluster} through the edge in e1, c2 dead", report)
    assert found["c2"].by_cluster == {}
    assert [(found[name].lost, set(found[name].by_cluster)) for name in ("c1", "c3")] == [([], {"c1"}), ([], {"c3"})]
