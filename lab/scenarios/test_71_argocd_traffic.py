"""Real Argo CD under load: people commit, Argo CD syncs all clusters when it does, and no GET is lost.

The fleet of all scenarios here is rolled out from nothing as people do it (`rolled`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.scenarios.by_argocd import DELIVERY, ByArgoCd, application
from lab.scenarios.drafts import Draft, host, url
from lab.scenarios.rolled import (
    GIVEN,
    SHOP,
    Rolled,
    draining,
    exposes_a_service,
    fleet,
    rolls_out_from_nothing,
    withdraws_in_two_commits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage

NEEDS = ("controllers", "argocd")

NOTHING = fleet(DELIVERY, {})
FLEET = fleet(DELIVERY, GIVEN)


def _start(lab: Lab, draft: Draft) -> Rolled:
    return Rolled(lab, ByArgoCd, NOTHING, draft)


@pytest.fixture
def rolled(stage: Stage) -> Rolled:
    return stage.start(FLEET, _start)


@pytest.fixture
def delivered(rolled: Rolled) -> Iterator[ByArgoCd]:
    """The fleet `FLEET`, synced; it is taken back to that."""
    assert isinstance(rolled.delivered, ByArgoCd)
    yield rolled.delivered
    rolled.delivered.take_back(FLEET)


def test_a_fleet_is_rolled_out_from_nothing(rolled: Rolled, show: Show) -> None:
    rolls_out_from_nothing(rolled, show)


def test_a_service_is_exposed(delivered: ByArgoCd, show: Show) -> None:
    exposes_a_service(delivered, FLEET, show)


def test_a_service_is_withdrawn_in_two_commits(delivered: ByArgoCd, show: Show) -> None:
    withdraws_in_two_commits(delivered, FLEET, show)


def test_a_cluster_drains_and_comes_back(delivered: ByArgoCd, show: Show) -> None:
    drained: list[Report] = []
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(draining(FLEET, "c2"), "c2 drains"),
        lambda: drained.append(delivered.lab.send("c1", url("reviews"))),
        lambda: delivered.deliver(FLEET, "c2 is back"),
    )
    show("c2 drains, and comes back", report)
    assert report.lost == []
    assert [set(answers.by_cluster) for answers in drained] == [{"c3"}]
    assert delivered.changed_by_another_sync() == []


def test_a_workspace_is_renamed(delivered: ByArgoCd, show: Show) -> None:
    """In one commit: of the objects only an annotation changes."""
    draft = FLEET.changed()
    draft.spec["workspaces"][0]["name"] = "books"
    report = delivered.under_load(url("reviews"), lambda: delivered.deliver(draft, "bookinfo is called books"))
    show("a workspace is renamed", report)
    assert report.lost == []


def test_a_workspace_is_deleted(delivered: ByArgoCd, show: Show) -> None:
    """Drained first; its gateways go with it, and the calls of others do not notice."""
    drained, deleted = FLEET.changed(), FLEET.changed()
    drained.spec["workspaces"][1]["state"] = "draining"
    del deleted.spec["workspaces"][1]
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(drained, "shop drains", allow_withdrawal=True),  # nobody else has stock
        lambda: delivered.deliver(deleted, "there is no shop", allow_withdrawal=True),
    )
    show("a workspace drains, then is deleted; calls of another one", report)
    assert report.lost == []
    left = [key for cluster in deleted.clusters for key in delivered.tracked(cluster) if key.namespace == SHOP]
    assert left == []
    gone = delivered.lab.send("c1", f"http://{host('stock', SHOP)}:9080/")
    assert gone.by_cluster == {}
    assert delivered.changed_by_another_sync() == []


def test_a_cluster_leaves_under_load(delivered: ByArgoCd, show: Show) -> None:
    """Drained first; its Application goes, what it has stays, and the others send nobody there any more."""
    alone = FLEET.changed()
    del alone.clusters["c2"]
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(draining(FLEET, "c2"), "c2 drains"),
        lambda: delivered.deliver(alone, "c2 leaves", allow_withdrawal=True),
    )
    show("c2 drains, then leaves the fleet", report)
    assert report.lost == []
    assert set(report.last(2).by_cluster) == {"c3"}
    assert application("c2") not in delivered.argo.applications()
