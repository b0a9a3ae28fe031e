"""What meshgen does for a protocol, beside what Istio does by itself: retries of gRPC, ports that say nothing."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, GRPC, HTTP, Draft, Item, host, service, url

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage

CALLS: dict[str, dict[str, Any]] = {
    "calls": {},
    "calls-istio": {"retries": {"mode": "off"}},
    "calls-none": {"retries": {"idempotent": "none"}},
    "calls-all": {"retries": {"idempotent": "all"}},
}
"""Services of gRPC by their settings of failover; with `off` Istio's own retries stay."""
TRIES = {"calls": 4, "calls-istio": 3, "calls-none": 1, "calls-all": 4}
"""How often a call runs that every copy answers UNAVAILABLE."""
WEB: Item = {"name": "web", "port": 9081}
"""A port that does not say that it speaks HTTP."""
DB: Item = {"name": "db", "port": 3306}
"""One that says nothing, of a server that speaks first."""
MIXED: dict[str, dict[str, Any]] = {"mixed": {}, "mixed-istio": {"retries": {"mode": "off"}}}


def _fleet() -> Draft:
    """Calls and mixed services in both clusters, `far` in c2 alone."""
    draft = BOOKINFO.changed()
    both = [service(name, ports=[GRPC, HTTP]) for name in CALLS]
    both += [service(name, ports=[HTTP, WEB, DB]) for name in MIXED]
    draft.services = {"c1": both, "c2": [*both, service("far", ports=[HTTP, WEB, DB])]}
    draft.exposed = [{"host": host(name), "failover": {"enabled": True, **f}} for name, f in (CALLS | MIXED).items()]
    draft.exposed.append(host("far"))
    return draft


FLEET = _fleet()


def _grpc(name: str) -> str:
    return f"grpc://{host(name)}:{GRPC['port']}/"


def _runs(lab: Lab, name: str, report: Report) -> dict[str, int]:
    """How often those servers of a service that are alive ran each call of a load, by its key."""
    keys = {request.key for request in report.requests}
    pods = (lab.pod(cluster, "bookinfo", name) for cluster in ("c1", "c2"))
    counts = sum((Counter(pod.executed()) for pod in pods if pod.serves), Counter[str]())
    return {key: number for key, number in counts.items() if key in keys}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_a_server_refuses_is_tried_again_as_by_istio(stage: Stage, name: str, show: Show) -> None:
    """Few calls: each endpoint is ejected after five such answers in a row."""
    lab = stage.boot(FLEET)
    report = send(lab.new_client("c1"), f"{_grpc(name)}503", 4, rate=5)
    runs = sum(_runs(lab, name, report).values())
    show(f"{name}, UNAVAILABLE: calls, executions", (report.sent, runs))
    assert runs == TRIES[name] * report.sent


@pytest.mark.parametrize(("port", "scheme"), [(HTTP, "http"), (WEB, "http"), (DB, "tcp")])
def test_a_port_of_another_cluster_is_reached_whatever_it_says(
    stage: Stage, port: Item, scheme: str, show: Show
) -> None:
    target = f"{scheme}://{host('far')}:{port['port']}/"
    report = send(stage.boot(FLEET).new_client("c1"), target, 30)
    show(f"far, port `{port['name']}`", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c2"})


def test_local_applications_die_behind_their_proxies(own_stage: Stage, show: Show) -> None:
    """No service loses more than with Istio's own retries; ports that say nothing cost their neighbours none."""
    lab = own_stage.boot(FLEET)
    client = lab.new_client("c1")
    targets = {name: _grpc(name) for name in CALLS}
    targets |= {f"{name} {port['name']}": url(name, port["port"]) for name in MIXED for port in (HTTP, WEB)}
    with ExitStack() as stack:
        loads = {name: stack.enter_context(Load(client, target, rate=5)) for name, target in targets.items()}
        for load in loads.values():
            load.wait_until_begun()
        time.sleep(3)
        for name in (*CALLS, *MIXED):
            lab.pod("c1", "bookinfo", name).stop_server()
        time.sleep(20)
    reports = {name: load.report for name, load in loads.items()}
    for name, report in reports.items():
        show(f"{name}, local application killed", report)
        assert set(report.last(3).by_cluster) == {"c2"}
    for name in CALLS:
        twice = sum(number > 1 for number in _runs(lab, name, reports[name]).values())
        show(f"{name}, calls that ran twice on servers that are alive", twice)
        assert not twice
    assert len(reports["calls"].lost) <= len(reports["calls-istio"].lost)
    assert (reports["calls-all"].lost, reports["mixed http"].lost, reports["mixed web"].lost) == ([], [], [])
