"""Real Flux under load: people commit, the Flux of every cluster syncs it when it does, and no GET is lost.

The fleet of all scenarios here is rolled out from nothing as people do it (`rolled`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from lab.scenarios.by_flux import DELIVERY, PARTS, ByFlux
from lab.scenarios.drafts import host, url
from lab.scenarios.rolled import (
    GIVEN,
    Rolled,
    exposed,
    exposes_a_service,
    fleet,
    rolls_out_from_nothing,
    withdraws_in_two_commits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage
    from lab.scenarios.drafts import Draft, Item

NEEDS = ("controllers", "flux")

NOTHING = fleet(DELIVERY, {})
FLEET = fleet(DELIVERY, GIVEN)
CANARY, REST = "environments/canary", "environments/rest"
"""Branches that waves follow: c1 and c2 one, c3 the other."""
_SHARES = [{"names": ["c1"], "share": 50}, {"names": ["c2"], "share": 50}]
_ROUNDS = 3
"""Where aliases came and went with the routes one request of a thousand was lost, not in every round."""


def _in_waves() -> Draft:
    gate = {"image": "example.com/curl:8", "timeout": "15s"}
    waves = [{"wave": 0, "revision": CANARY}, {"wave": 1, "revision": REST}]
    draft = fleet(DELIVERY | {"gate": gate, "waves": waves}, GIVEN)
    for cluster, wave in {"c1": 0, "c2": 0, "c3": 1}.items():
        draft.clusters[cluster]["wave"] = wave
    return draft


def _wrong(draft: Draft) -> Draft:
    """The fleet with addresses of which nobody knows that they lead nowhere."""
    changed = draft.changed()
    for cluster, address in {"c2": "192.0.2.29", "c3": "192.0.2.39"}.items():
        for gateway in changed.inventories[cluster]["gateways"]:
            if gateway["namespace"] == "bookinfo":
                gateway["addresses"] = [address]
    return changed


WAVES = _in_waves()
WRONG = _wrong(WAVES)


def _start(lab: Lab, draft: Draft) -> Rolled:
    return Rolled(lab, ByFlux, NOTHING, draft)


@pytest.fixture
def rolled(stage: Stage) -> Rolled:
    return stage.start(FLEET, _start)


@pytest.fixture
def delivered(rolled: Rolled) -> Iterator[ByFlux]:
    """The fleet `FLEET`, synced; it is taken back to that."""
    assert isinstance(rolled.delivered, ByFlux)
    yield rolled.delivered
    rolled.delivered.take_back(FLEET)


def test_a_fleet_is_rolled_out_from_nothing(rolled: Rolled, show: Show) -> None:
    rolls_out_from_nothing(rolled, show)


def test_a_service_is_exposed(delivered: ByFlux, show: Show) -> None:
    exposes_a_service(delivered, FLEET, show)


def test_a_service_is_withdrawn_in_two_commits(delivered: ByFlux, show: Show) -> None:
    withdraws_in_two_commits(delivered, FLEET, show)


def test_shares_begin_and_end(delivered: ByFlux, show: Show) -> None:
    """Flux does not wait for the mesh, so aliases come a commit before the routes to them, and go one after."""
    shares = _details({"mode": "weighted", "weights": _SHARES})
    without = _details({"mode": "nearest", "aliases": True, "weights": _SHARES})
    changes = [
        (without, "details has aliases"),
        (shares, "details has shares"),
        (without, "details is local first, its aliases stay"),
        (FLEET, "details has no aliases any more"),
    ]
    report = delivered.under_load(
        url("details"),
        *(partial(delivered.deliver, draft, why) for _ in range(_ROUNDS) for draft, why in changes),
    )
    show("shares of details begin and end", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c1", "c2"}
    assert set(report.last(2).by_cluster) == {"c1"}


def _details(traffic: Item) -> Draft:
    return exposed(FLEET, {"host": host("details"), "traffic": traffic}, host("reviews"))


def test_a_wave_stops_where_its_gate_fails(delivered: ByFlux, show: Show) -> None:
    """Whoever moves the branches looks at the Kustomizations: what is wrong never comes to the last cluster."""
    delivered.commit(WAVES, "Waves and gates")
    _move(delivered, CANARY, REST)
    show("from the commit to gates passed everywhere", delivered.wait())
    before = delivered.revision
    delivered.commit(WRONG, "Addresses that lead nowhere")
    _move(delivered, CANARY)
    show("Flux, of a gate that fails", delivered.wait_for_refusal("c1", PARTS[-1], seconds=180))
    show("the gate", delivered.lab.jobs["c1"].logs()[-300:])
    assert set(delivered.late("c1")) == {PARTS[-1]}
    assert all(state.has(before) for state in delivered.flux.states("c3").values())
    delivered.commit(WAVES, "As it was")
    _move(delivered, CANARY)
    show("from the commit that mends it to gates passed in its wave", delivered.wait("c1", "c2"))
    _move(delivered, REST)
    delivered.wait("c3")
    delivered.commit(FLEET, "Without waves and gates")
    _move(delivered, CANARY, REST)
    delivered.wait()


def _move(delivered: ByFlux, *branches: str) -> None:
    for branch in branches:
        delivered.repository.move(branch, delivered.revision)
