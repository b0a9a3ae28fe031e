"""The one Gateway object that a gateway's exposed services shared becomes one for each of them, under load.

istiod merges the Gateways of a gateway's pods, the oldest first, and drops a server whole where an older one has one of
its hosts. The shared object is as meshgen wrote it before: named like the gateway, all hosts in one server.
"""

from __future__ import annotations

import copy
import json
import time
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from lab.gitops import read_tree
from lab.load import Load
from lab.scenarios.drafts import TCP, Draft, host, service, url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.api import Object
    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage

SETTLE = 3.0  # seconds around each step
SHARED = "eastwest-gateway"
NAMES = ("db", "reviews", "stock")
TARGETS = {"db": f"tcp://{host('db')}:3306", "reviews": url("reviews"), "stock": url("stock")}
WAVE = "argocd.argoproj.io/sync-wave"
FLEET = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
    },
    services={"c1": [], "c2": [service("db", ports=[TCP]), service("reviews"), service("stock")]},
    addresses={"c1": ["192.0.2.11"], "c2": ["192.0.2.21"]},
    exposed=[host(name) for name in NAMES],
)
"""c2 alone has the services. Every call of db opens a connection of its own through c2's gateway."""


class Move:
    """c2 and its tree, of which the Gateway objects change: `each` has the new ones, `others` all else.

    `old` is the tree as meshgen wrote it before: with `shared`, and without waves.
    """

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        built = read_tree(lab.tree / "c2")
        self.each = [body for body in built if body["kind"] == "Gateway"]
        self.others = [body for body in built if body["kind"] != "Gateway"]
        self.shared = _shared(self.each)
        self.old = [_without_wave(body) for body in (*self.others, self.shared)]

    def sync(self, *bodies: Object, **settings: Any) -> list[str]:
        """Sync c2 with a tree of these objects."""
        for path in self.directory.iterdir():
            path.unlink()
        for number, body in enumerate(bodies):
            (self.directory / f"{number}.yaml").write_text(json.dumps(body), encoding="utf-8")
        return self.lab.syncs["c2"].sync(self.directory, **settings)

    def go(self, **settings: Any) -> list[str]:
        """Sync c2 with the new tree."""
        return self.sync(*self.others, *self.each, **settings)

    def under_load(self, *steps: Callable[[], object]) -> dict[str, Report]:
        """Send from c1 to every service, 10 requests a second each, while the steps run."""
        with ExitStack() as loads:
            running = {
                name: loads.enter_context(Load(self.lab.client("c1"), target, rate=10))
                for name, target in TARGETS.items()
            }
            for load in running.values():
                load.wait_until_begun()
            time.sleep(SETTLE)
            for step in steps:
                step()
                time.sleep(SETTLE)
        return {name: load.report for name, load in running.items()}

    def listener_changes(self) -> dict[str, int]:
        """What the gateway's Envoy did to its listeners, by kind of change."""
        (pod,) = self.lab.gateways[f"c2/bookinfo/{SHARED}"].pods
        counted = pod.envoy.statistics("listener_manager.listener_(added|modified|removed|in_place_updated)")
        return {name.rpartition("listener_")[2]: number for name, number in counted.items()}

    def dropped_servers(self) -> int:
        """How often istiod has dropped a server, this gateway's pods being asked for again and again."""
        address = self.lab.clusters["c2"].control.address
        with urllib.request.urlopen(f"http://{address}:15014/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(line.rpartition(" ")[2])) for line in lines if line.startswith("pilot_total_rejected_"))


def _shared(each: list[Object]) -> Object:
    """The one object that Gateways were before."""
    shared = copy.deepcopy(each[0])
    shared["metadata"]["name"] = SHARED
    (server,) = shared["spec"]["servers"]
    server["hosts"] = sorted(name for body in each for name in body["spec"]["servers"][0]["hosts"])
    return shared


def _without_wave(body: Object) -> Object:
    old = copy.deepcopy(body)
    old["metadata"].get("annotations", {}).pop(WAVE, None)
    return old


@pytest.fixture
def move(stage: Stage, tmp_path: Path) -> Move:
    """The fleet `FLEET`, c2 synced with the old tree."""
    move = Move(stage.boot(FLEET), tmp_path)
    move.sync(*move.old, pause=0)
    time.sleep(SETTLE)
    return move


def _show(show: Show, what: str, reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        show(f"{what}: {name}", report)


def _lost(reports: dict[str, Report]) -> dict[str, int]:
    return {name: len(report.lost) for name, report in reports.items() if report.lost}


def _difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0)}


def test_new_objects_first_then_the_old_one_goes(move: Move, show: Show) -> None:
    """As Argo CD does with `PruneLast=true`, and Flux always."""
    changes: list[str] = []
    before = move.listener_changes()
    reports = move.under_load(lambda: changes.extend(move.go()))
    _show(show, "PruneLast", reports)
    show("changes to Gateways", ", ".join(change for change in changes if " Gateway " in change))
    show("what the gateway's Envoy did to its listeners", _difference(before, move.listener_changes()))
    assert [change.split()[0] for change in changes if " Gateway " in change] == [*["apply"] * len(NAMES), "delete"]
    assert move.listener_changes() == before
    assert _lost(reports) == {}


def test_old_and_new_objects_stand_side_by_side(move: Move, show: Show) -> None:
    """For a while, as where pruning is off or waits for somebody; the new servers are dropped, the old one serves."""
    dropped, before = move.dropped_servers(), move.listener_changes()
    reports = move.under_load(
        lambda: move.go(prune=False),
        lambda: time.sleep(10),
        lambda: show("servers that istiod dropped meanwhile", move.dropped_servers() - dropped),
        move.go,
    )
    _show(show, "side by side for more than 10 s, then pruned", reports)
    show("what the gateway's Envoy did to its listeners", _difference(before, move.listener_changes()))
    assert move.dropped_servers() > dropped
    assert _lost(reports) == {}


def test_a_service_is_exposed_in_the_same_commit(move: Move, show: Show) -> None:
    """The old object has two of three hosts: the third one's server stands beside it from the first."""
    old = copy.deepcopy(move.shared)
    old["spec"]["servers"][0]["hosts"].remove(host("db"))
    move.sync(*(_without_wave(body) for body in (*move.others, old)), pause=0)
    time.sleep(SETTLE)
    side_by_side: list[float] = []
    reports = move.under_load(
        lambda: move.go(prune=False), lambda: side_by_side.append(time.time()), lambda: time.sleep(SETTLE), move.go
    )
    _show(show, "db exposed by the same commit", reports)
    assert set(_lost(reports)) == {"db"}
    assert reports["db"].between(side_by_side[0], time.time()).lost == []


def test_some_new_objects_beside_the_old_one(move: Move, show: Show) -> None:
    """As where a sync stops half-way: with `PruneLast=true` it has pruned nothing then."""
    reports = move.under_load(lambda: move.sync(*move.others, move.each[0], prune=False), move.go)
    _show(show, "one of three new objects beside the old one, then all", reports)
    assert _lost(reports) == {}


def test_back_to_the_shared_object(move: Move, show: Show) -> None:
    """A revert: the shared object is the youngest then, and dropped until the others are gone."""
    move.go(pause=0)
    time.sleep(SETTLE)
    reports = move.under_load(lambda: move.sync(*move.old))
    _show(show, "back, PruneLast", reports)
    assert _lost(reports) == {}


def test_without_prune_last(move: Move, show: Show) -> None:
    """The old object has no wave, so it goes in wave 0; the new ones come in theirs."""
    before = move.listener_changes()
    reports = move.under_load(lambda: move.go(prune_last=False))
    _show(show, "WRONG: without PruneLast", reports)
    show("what the gateway's Envoy did to its listeners", _difference(before, move.listener_changes()))
    assert "db" in _lost(reports)
    assert _lost({name: report.last(1) for name, report in reports.items()}) == {}
    assert move.listener_changes() != before


def test_without_prune_last_within_a_wave(move: Move, show: Show) -> None:
    """The old one goes just before the new ones come: istiod waits 0.1 s for more before it acts. Measured."""
    move.sync(*move.others, move.shared, pause=0)
    time.sleep(SETTLE)
    reports = move.under_load(lambda: move.go(prune_last=False))
    _show(show, "WRONG: without PruneLast, the old object in the wave of the new ones", reports)
    assert _lost({name: report.last(1) for name, report in reports.items()}) == {}


def test_without_all_new_objects(move: Move, show: Show) -> None:
    """The old one is gone and one of three new ones is missing: its service is not let in."""
    missing, *rest = move.each
    (name,) = (name for name in NAMES if host(name) in missing["spec"]["servers"][0]["hosts"])
    reports = move.under_load(lambda: move.sync(*move.others, *rest), move.go)
    _show(show, f"WRONG: {name} has no object while the others have theirs", reports)
    assert set(_lost(reports)) == {name}
    assert reports[name].last(1).lost == []
