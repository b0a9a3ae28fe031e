"""Two zones in the caller's cluster: the replicas of one die, then those of both, then all come back."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, Draft, host, service, url

if TYPE_CHECKING:
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage

NAMES = ("details", "reviews")
"""details is `zoneAware`, reviews is not."""


def _fleet() -> Draft:
    draft = BOOKINFO.changed()
    draft.clusters["c1"]["zones"] = ["eu-west-2a", "eu-west-2b"]
    draft.clusters["c2"]["zones"] = ["us-east-1a"]
    draft.services = {name: [service(item) for item in NAMES] for name in draft.clusters}
    draft.exposed = [{"host": host("details"), "failover": {"zoneAware": True}}, host("reviews")]
    return draft


FLEET = _fleet()


def _by_pod(report: Report) -> dict[str, int]:
    answers = [json.loads(request.answer) for request in report.requests if not request.lost]
    return dict(Counter(f"{answer['cluster']}/{answer['pod']}" for answer in answers))


def test_no_request_is_lost_when_zones_die_one_by_one_and_come_back(own_stage: Stage, show: Show) -> None:
    lab = own_stage.boot(FLEET)
    first = [lab.pod("c1", "bookinfo", name) for name in NAMES]  # in the zone of the clients
    second = [lab.add_replica(pod, f"{pod.name}-b", zone="eu-west-2b") for pod in first]
    client = lab.new_client("c1")
    moments = {}
    near = {name: _by_pod(send(client, url(name), 40)) for name in NAMES}
    with ExitStack() as stack:
        loads = {name: stack.enter_context(Load(client, url(name))) for name in NAMES}
        time.sleep(2)
        for what, pods in (("one zone dead", first), ("both zones dead", second)):
            for pod in pods:
                pod.stop_server()
            time.sleep(8)
            moments[what] = time.time()
            time.sleep(3)
        for pod in (*first, *second):
            pod.start_server()
        time.sleep(45)
        moments["both back"] = time.time()
        time.sleep(3)
    reports = {name: load.report for name, load in loads.items()}
    for name, report in reports.items():
        show(f"{name}, zones die one by one and come back", report)
        at = {what: report.between(start, start + 2) for what, start in moments.items()}
        dead = _by_pod(at["one zone dead"])
        show(f"{name}, who answers: before, one zone dead", (near[name], dead))
        assert report.lost == []
        assert f"c1/{name}" not in dead
        assert set(at["both zones dead"].by_cluster) == {"c2"}
        assert set(at["both back"].by_cluster) == {"c1"}
        if name == "details":
            assert (set(near[name]), set(dead)) == ({"c1/details"}, {"c1/details-b"})
        else:
            # Envoy sends a part away from a level with less than 72 % of its endpoints alive.
            assert set(near[name]) == {"c1/reviews", "c1/reviews-b"}
            assert set(dead) == {"c1/reviews-b", "c2/reviews"}
