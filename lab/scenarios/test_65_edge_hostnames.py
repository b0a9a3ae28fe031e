"""Ingress and edge gateways known by hostname, as every AWS NLB is: two and three addresses behind one name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab import isolation
from lab.load import Load, send
from lab.scenarios.front_door import EDGE, FRONT_DOOR, INGRESS, ordered, published, secure, through, weighted
from lab.scenarios.shares import differences, percent

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage
    from lab.scenarios.drafts import Draft

NAMES = {
    ("c1", INGRESS["name"]): ("ingress-c1.elb.example", ["198.51.100.11"]),
    ("c2", INGRESS["name"]): ("ingress-c2.elb.example", ["198.51.100.21", "198.51.100.22"]),
    ("c3", INGRESS["name"]): ("ingress-c3.elb.example", ["198.51.100.31", "198.51.100.32", "198.51.100.33"]),
    ("e1", EDGE["name"]): ("edge-e1.elb.example", ["198.51.100.101", "198.51.100.102"]),
    ("c1", EDGE["name"]): ("edge-c1.elb.example", ["198.51.100.103"]),
}
SHARES = {"c2": 70, "c3": 30}
NUMBER = 10_000


def _fleet() -> Draft:
    draft = FRONT_DOOR.changed()
    for (cluster, gateway), (hostname, _) in NAMES.items():
        for found in draft.inventories[cluster]["gateways"]:
            if found["name"] == gateway:
                found["hostname"] = hostname
                del found["addresses"]
    draft.spec["publishedHosts"] = [
        published("weighted", traffic=weighted(SHARES)),
        published("ordered", traffic=ordered("c2", "c1", "c3")),
    ]
    return draft


FLEET = _fleet()


def _boot(stage: Stage) -> Lab:
    lab = stage.open()
    lab.network.zone.hosts.update(dict(NAMES.values()))
    lab.boot(FLEET.write(isolation.WORK / "named"))
    lab.follow_dns()
    return lab


def test_shares_and_failover_by_hostname(own_stage: Stage, show: Show) -> None:
    lab = _boot(own_stage)
    way = through(lab, "e1")
    whole = send(lab.outside.user(), secure("weighted"), NUMBER, rate=150, keep=True, way=way)
    show(f"shares {SHARES}, two and three addresses behind hostnames, percent {percent(whole.by_cluster)}", whole)
    named = send(lab.outside.user(), secure("ordered"), 50, way=lab.way())
    show("ordered, edges known by hostname in DNS too", named)
    details = lab.pod("c2", "bookinfo", "details")
    users = [lab.outside.user() for _ in range(2)]
    with (
        Load(users[0], secure("ordered"), way=way) as ordered_load,
        Load(users[1], secure("weighted"), way=way, rate=50, keep=True) as weighted_load,
    ):
        time.sleep(3)
        details.stop_server()
        time.sleep(5)
        dead = time.time()
        time.sleep(12)
        back = time.time()
        details.start_server()
        time.sleep(40)
    show("ordered, applications of c2 die and come back", ordered_load.report)
    show("weighted, applications of c2 die and come back", weighted_load.report)
    assert (whole.lost, named.lost, ordered_load.report.lost, weighted_load.report.lost) == ([], [], [], [])
    assert differences(whole.by_cluster, SHARES) == {}
    assert set(named.by_cluster) == {"c2"}
    assert set(ordered_load.report.between(dead, back).by_cluster) == {"c1"}
    assert set(weighted_load.report.between(dead, back).by_cluster) == {"c3"}
    assert set(ordered_load.report.last(3).by_cluster) == {"c2"}
    (pod,) = lab.gateways["c2/bookinfo/ingress-gateway"].pods
    with Load(lab.outside.user(), secure("ordered"), way=way) as load:
        time.sleep(3)
        pod.stop_proxy()
        time.sleep(12)
    show("ordered, ingress gateway of c2 killed", load.report)
    assert (load.report.lost, set(load.report.last(3).by_cluster)) == ([], {"c1"})
