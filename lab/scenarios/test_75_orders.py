"""Clusters sync when they sync: what `meshgen diff` says of the order, played.

A sample of histories of three revisions. Where the verdict is that any order is safe, clusters sync in a random one
under load, each when it likes, and no GET is lost. Where it names states in which calls are cut, those are entered, and
the calls are lost for real.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from lab import isolation
from lab.load import Load, send
from lab.scenarios.drafts import Draft, Item, host, service, url
from lab.scenarios.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage
    from lab.scenarios.history import Cut

SETTLE = 1.0  # seconds between two syncs, and until istiod has told proxies
SEED = 75
SOURCES = ("c2", "c3")
_GATEWAY = {"name": "eastwest-gateway", "namespace": "bookinfo", "replicas": 1}


def _draft(spanned: Sequence[str] = SOURCES, draining: Sequence[str] = (), first: str = "") -> Draft:
    """Callers are in c1, copies of reviews in c2 and c3, and stock keeps the gateways there whatever reviews does.

    `spanned`: which clusters expose reviews; `draining`: where it drains; `first`: who is called first.
    """
    exposed: Item = {"host": host("reviews"), "draining": {"names": list(draining)}}
    if first:
        order = [{"names": [name]} for name in sorted(SOURCES, key=lambda name: name != first)]
        exposed["traffic"] = {"mode": "ordered", "order": order}
    workspaces = [
        {
            "name": "bookinfo",
            "namespaceSelector": {"names": [f"{name}/bookinfo" for name in ("c1", *spanned)]},
            "eastWestGateway": _GATEWAY,
            "exposedServices": [exposed],
        },
        {
            "name": "stock",
            "namespaceSelector": {"names": ["*/stock"]},
            "eastWestGateway": _GATEWAY,
            "exposedServices": [host("stock", "stock")],
        },
    ]
    here = [service("reviews"), service("stock", "stock")]
    namespaces: Item = {"namespaces": [{"name": "bookinfo"}, {"name": "stock"}]}
    return Draft(
        clusters={
            "c1": {"region": "eu-west-2", "network": "network-1"},
            "c2": {"region": "us-east-1", "network": "network-2"},
            "c3": {"region": "us-west-2", "network": "network-3"},
        },
        services={"c1": [service("stock", "stock")], "c2": here, "c3": here},
        addresses={"c1": ["192.0.2.11"], "c2": ["192.0.2.21"], "c3": ["192.0.2.31"]},
        exposed=[],
        spec={"workspaces": workspaces},
        inventories=dict.fromkeys(("c1", *SOURCES), namespaces),
    )


FLEET = _draft()
CLUSTERS = tuple(FLEET.clusters)
SAFE = {
    "c2 drains, and comes back": [_draft(), _draft(draining=["c2"]), _draft()],
    "c3 drained already, and withdraws": [_draft(draining=["c3"]), _draft(["c2"], ["c3"]), _draft(["c2"])],
    "another is called first": [_draft(first="c2"), _draft(first="c3"), _draft()],
    "c3 exposes, and drains still": [_draft(["c2"]), _draft(draining=["c3"]), _draft(draining=["c3"], first="c3")],
    "each drains in its turn": [_draft(draining=["c3"]), _draft(), _draft(draining=["c2"])],
}
UNSAFE = {
    "c2 gives place to c3": [_draft(["c2"]), _draft(), _draft(["c3"])],
    "each step is safe, for those that keep up": [
        _draft(["c2"]),
        _draft(draining=["c3"]),
        _draft(draining=["c2"]),
        _draft(["c3"]),
    ],
    "another source remains in each step": [_draft(), _draft(["c3"]), _draft(["c2"])],
}
RANDOM = 8


def _chance(of: object) -> random.Random:
    return random.Random(f"{SEED} {of}")  # noqa: S311 - repeatable, no secret


def _random(chance: random.Random) -> list[Draft]:
    """Three revisions by each of which somebody answers; the other cluster does, too, drains, or does not expose."""
    drafts = []
    for _ in range(3):
        answering, other = chance.sample(SOURCES, 2)
        spanned, draining = chance.choice([(SOURCES, []), (SOURCES, [other]), (SOURCES, [other]), ([answering], [])])
        drafts.append(_draft(spanned, draining, chance.choice(["", *SOURCES])))
    return drafts


class Orders:
    """The fleet, and which revision of a history each cluster runs."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def history(self, drafts: Sequence[Draft]) -> History:
        return History(Path(mkdtemp(prefix="history-", dir=isolation.WORK)), drafts)

    def sync(self, cluster: str, tree: Path) -> None:
        self.lab.syncs[cluster].sync(tree / cluster)
        time.sleep(SETTLE)

    def begin(self, history: History) -> None:
        """Every cluster runs the first revision, and nobody calls meanwhile."""
        for cluster in CLUSTERS:
            self.lab.syncs[cluster].sync(history.trees[0] / cluster, pause=0)
        time.sleep(SETTLE)

    def play(self, history: History, chance: random.Random) -> tuple[str, Report]:
        """Clusters take the revisions one by one, in a random order, skipping some; c1 calls all the while."""
        due = {name: list(range(1, len(history.trees))) for name in CLUSTERS}
        played = []
        self.begin(history)
        with Load(self.lab.client("c1"), url("reviews")) as load:
            load.wait_until_begun()
            while left := [name for name, places in due.items() if places]:
                name = chance.choice(left)
                place = chance.choice(due[name])
                due[name] = [later for later in due[name] if later > place]
                self.sync(name, history.trees[place])
                played.append(f"{name} {place}")
        return ", ".join(played), load.report

    def enter(self, history: History, cut: Cut) -> Report:
        """The state that is named, from the first revision; what calls meet in it.

        They come from a client that is new: connections that are open go on for as long as a gateway drains.
        """
        self.begin(history)
        for cluster, place in cut.places.items():
            self.sync(cluster, history.trees[place])
        client = self.lab.new_client(cut.consumer)
        report = send(client, url("reviews"))
        self.lab.delete_pod(client)
        return report


@pytest.fixture
def orders(stage: Stage) -> Orders:
    return Orders(stage.boot(FLEET))


@pytest.mark.parametrize("name", SAFE)
def test_what_is_called_safe_loses_nothing(name: str, orders: Orders, show: Show) -> None:
    history = orders.history(SAFE[name])
    assert history.verdict().safe
    played, report = orders.play(history, _chance(name))
    show(f"{name}: {played}", report)
    assert report.lost == []


@pytest.mark.parametrize("name", UNSAFE)
def test_what_is_called_unsafe_loses_calls_in_the_states_that_are_named(name: str, orders: Orders, show: Show) -> None:
    """WRONG: nobody may sync these so."""
    history = orders.history(UNSAFE[name])
    verdict = history.verdict()
    assert verdict.cuts
    for cut in verdict.cuts:
        report = orders.enter(history, cut)
        show(f"{name}: {cut}", report)
        assert report.lost


def test_random_histories(orders: Orders, show: Show) -> None:
    """Each is played by its verdict: in a random order, or into each of the states that are named."""
    played = {True: 0, False: 0}
    for number in range(RANDOM):
        chance = _chance(number)
        history = orders.history(_random(chance))
        verdict = history.verdict()
        if verdict.safe:
            order, report = orders.play(history, chance)
            show(f"history {number}, safe: {order}", report)
            assert report.lost == []
        for cut in verdict.cuts:
            report = orders.enter(history, cut)
            show(f"history {number}: {cut}", report)
            assert report.lost
        played[verdict.safe] += verdict.safe or bool(verdict.cuts)
    assert min(played.values()) > 1
