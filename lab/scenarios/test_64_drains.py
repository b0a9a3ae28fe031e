"""A cluster or an entry point is drained under load: what is open is answered, and then nothing new comes."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from lab import isolation
from lab.load import Load
from lab.scenarios.front_door import FRONT_DOOR, SHARES, TTL, secure, through
from lab.scenarios.shares import TOLERANCE, differences, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage
    from lab.scenarios.drafts import Draft

C2 = {"draining": {"names": ["c2"]}}
E1 = {"draining": {"names": ["e1"]}}
_SETTLED = 3.0  # seconds


class Drains:
    """The running fleet, which is built anew with something draining, and back."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._number = 0

    def roll_out(self, draft: Draft) -> None:
        self._number += 1
        self.lab.build(draft.write(isolation.WORK / f"drain-{self._number}"), allow_withdrawal=True)
        for cluster in self.lab.clusters:
            self.lab.sync(cluster)
        self.lab.follow_dns()

    def under_load(self, draft: Draft, loads: dict[str, Load]) -> dict[str, tuple[Report, Report, Report]]:
        """Drain and return under load; reports: all, while it is drained, after the return."""
        with ExitStack() as stack:
            for load in loads.values():
                stack.enter_context(load).wait_until_begun()
            time.sleep(3)
            self.roll_out(draft)
            time.sleep(max(TTL + 1, _SETTLED))
            drained = time.time()
            time.sleep(10)
            end = time.time()
            self.roll_out(FRONT_DOOR)
            time.sleep(max(TTL + 1, _SETTLED))
            returned = time.time()
            time.sleep(5)
        return {
            name: (load.report, load.report.between(drained, end), load.report.between(returned, float("inf")))
            for name, load in loads.items()
        }


@pytest.fixture
def drains(stage: Stage) -> Iterator[Drains]:
    """The fleet `FRONT_DOOR`, taken back to where it was."""
    lab = stage.boot(FRONT_DOOR)
    lab.follow_dns()
    yield Drains(lab)
    Drains(lab).roll_out(FRONT_DOOR)


def _changed(change: Callable[[Draft], Any]) -> Draft:
    draft = FRONT_DOOR.changed()
    change(draft)
    return draft


def _drain_host(name: str) -> Draft:
    draft = FRONT_DOOR.changed()
    next(item for item in draft.spec["publishedHosts"] if item["name"] == name).update(C2)
    return draft


@pytest.mark.quick
def test_a_host_leaves_a_cluster(drains: Drains, show: Show) -> None:
    """The host alone: another one stays."""
    way = through(drains.lab, "e1")
    loads = {
        "ordered": Load(drains.lab.outside.user(), secure("ordered"), way=way, keep=True),
        "impatient": Load(drains.lab.outside.user(), secure("impatient"), way=way),
    }
    found = drains.under_load(_drain_host("ordered"), loads)
    for name, (report, _, _) in found.items():
        show(f"{name}, c2 drains for the host `ordered` and returns", report)
    assert [report.lost for report, _, _ in found.values()] == [[], []]
    assert [set(drained.by_cluster) for _, drained, _ in found.values()] == [{"c1"}, {"c2"}]
    assert [set(returned.by_cluster) for _, _, returned in found.values()] == [{"c2"}, {"c2"}]


def test_the_rest_keep_their_proportions(drains: Drains, show: Show) -> None:
    load = Load(drains.lab.outside.user(), secure("weighted"), rate=60, way=through(drains.lab, "e1"), keep=True)
    report, drained, _ = drains.under_load(_drain_host("weighted"), {"": load})[""]
    show(f"shares {SHARES}, c2 drains and returns", report)
    show("while it drains, percent", percent(drained.by_cluster))
    rest = {cluster: share for cluster, share in SHARES.items() if cluster != "c2"}
    assert report.lost == []
    assert differences(drained.by_cluster, rest, 2 * TOLERANCE) == {}
    assert "c2" not in drained.by_cluster


def test_an_edge_leaves_dns(drains: Drains, show: Show) -> None:
    """Users come through e1, and so to c3; after the TTL not one does."""
    lab = drains.lab
    loads = {
        "new connections": Load(lab.outside.user(), secure("near"), way=lab.way()),
        "kept connections": Load(lab.outside.user(), secure("near"), way=lab.way(), keep=True),
    }
    draft = _changed(lambda draft: draft.spec["gateways"][1].update(E1))
    found = drains.under_load(draft, loads)
    for name, (report, _, _) in found.items():
        show(f"{name}, edge e1 drains and returns, TTL {TTL} s", report)
    assert [report.lost for report, _, _ in found.values()] == [[], []]
    assert [set(drained.by_cluster) for _, drained, _ in found.values()] == [{"c1"}, {"c1"}]
    assert [set(returned.by_cluster) for _, _, returned in found.values()] == [{"c3"}, {"c3"}]
