"""Real Argo CD under load: people commit, Argo CD syncs all clusters when it does, and no GET is lost.

The fleet of all scenarios here is rolled out from nothing as people do it: gateways, then the addresses that their load
balancers got into the inventory, then entries in the other clusters.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.load import Load
from lab.scenarios.delivered import DELIVERY, Delivered, application
from lab.scenarios.drafts import Draft, Item, host, service, url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage
    from lab.scenarios.delivered import Took

NEEDS = ("controllers", "argocd")

SHOP = "shop"
_GATEWAY = "eastwest-gateway"
_GIVEN = {
    ("c1", "bookinfo", _GATEWAY): ["192.0.2.11"],
    ("c2", "bookinfo", _GATEWAY): ["192.0.2.21", "192.0.2.22"],
    ("c3", "bookinfo", _GATEWAY): ["192.0.2.31"],
    ("c2", SHOP, _GATEWAY): ["192.0.2.121"],
    ("c3", SHOP, _GATEWAY): ["192.0.2.131"],
}
"""What load balancers get: nobody knows it before they are there."""


def _workspace(name: str, exposed: list[str]) -> Item:
    return {
        "name": name,
        "namespaceSelector": {"names": [f"*/{name}"]},
        "eastWestGateway": {"name": _GATEWAY, "namespace": name, "replicas": 1},
        "exposedServices": exposed,
    }


BOOKINFO = _workspace("bookinfo", [host("details"), host("reviews")])


def _draft(addresses: dict[tuple[str, str, str], list[str]]) -> Draft:
    clusters: dict[str, Item] = {
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
        "c3": {"region": "us-west-2", "network": "network-3"},
    }
    gateways = {
        cluster: [
            {"name": name, "namespace": namespace, "addresses": addresses.get((cluster, namespace, name), [])}
            for of, namespace, name in _GIVEN
            if of == cluster
        ]
        for cluster in clusters
    }
    return Draft(
        clusters=clusters,
        services={
            "c1": [service("details")],
            "c2": [service("details"), service("reviews"), service("ratings"), service("stock", SHOP)],
            "c3": [service("reviews"), service("stock", SHOP)],
        },
        addresses={},
        exposed=[],
        spec={"delivery": DELIVERY, "workspaces": [BOOKINFO, _workspace(SHOP, [host("stock", SHOP)])]},
        inventories={
            cluster: {"namespaces": [{"name": item["namespace"]} for item in known], "gateways": known}
            for cluster, known in gateways.items()
        },
    )


NOTHING = _draft({})
FLEET = _draft(_GIVEN)
"""Callers are in c1, where only details runs; reviews and stock are in c2 and c3."""


class Rolled:
    """The fleet `FLEET`, and what its first roll-out was like."""

    def __init__(self, lab: Lab, draft: Draft) -> None:
        lab.given = dict(_GIVEN)
        self.delivered = Delivered(lab, NOTHING)
        with Load(lab.client("c1"), url("details")) as load:
            load.wait_until_begun()
            self.delivered.begin()
            self.gateways: Took = self.delivered.wait()
            self.found = _addresses(lab)
            self.entries: Took = self.delivered.deliver(draft, "The addresses of the gateways are known")
            time.sleep(1)
        self.report: Report = load.report


def _addresses(lab: Lab) -> dict[tuple[str, str, str], list[str]]:
    """The addresses that Services of the clusters show, as an import into the inventory finds them."""
    found = {}
    for name, cluster in lab.clusters.items():
        for body in cluster.api.items("v1", "Service"):
            ingress = body.get("status", {}).get("loadBalancer", {}).get("ingress", [])
            if ingress:
                found[name, body["metadata"]["namespace"], body["metadata"]["name"]] = [i["ip"] for i in ingress]
    return found


@pytest.fixture
def rolled(stage: Stage) -> Rolled:
    return stage.start(FLEET, Rolled)


@pytest.fixture
def delivered(rolled: Rolled) -> Iterator[Delivered]:
    """The fleet `FLEET`, synced; it is taken back to that."""
    yield rolled.delivered
    if rolled.delivered.draft is not FLEET:
        rolled.delivered.deliver(FLEET, "As it was", allow_withdrawal=True)


def test_a_fleet_is_rolled_out_from_nothing(rolled: Rolled, show: Show) -> None:
    """Gateways come up without addresses; once these are in the inventory, entries lead to them."""
    show("from the first commit to gateways everywhere", rolled.gateways)
    show("from the commit of their addresses to entries everywhere", rolled.entries)
    show("details in its own cluster meanwhile", rolled.report)
    assert rolled.found == _GIVEN
    assert rolled.report.lost == []
    answers = rolled.delivered.lab.send("c1", url("reviews"))
    show("reviews from c1 after it", answers)
    assert answers.lost == []
    assert rolled.delivered.changed_by_another_sync() == []


def _exposed(*more: str) -> Draft:
    draft = FLEET.changed()
    draft.spec["workspaces"][0]["exposedServices"] += more
    return draft


def _without(cluster: str, name: str) -> Draft:
    draft = FLEET.changed()
    draft.services[cluster] = [item for item in draft.services[cluster] if item["name"] != name]
    return draft


def _draining(cluster: str) -> Draft:
    draft = FLEET.changed()
    draft.clusters[cluster]["state"] = "draining"
    return draft


def test_a_service_is_exposed(delivered: Delivered, show: Show) -> None:
    """All clusters sync at once: whoever calls ratings only after that loses nothing, and others notice nothing."""
    report = delivered.under_load(
        url("reviews"), lambda: delivered.deliver(_exposed(host("ratings")), "ratings is exposed")
    )
    show("ratings is exposed, calls of reviews", report)
    assert report.lost == []
    answers = delivered.lab.send("c1", url("ratings"))
    show("ratings once it is exposed", answers)
    assert (answers.lost, set(answers.by_cluster)) == ([], {"c2"})
    assert delivered.changed_by_another_sync() == []


def test_a_service_is_withdrawn_in_two_commits(delivered: Delivered, show: Show) -> None:
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(_draining("c2"), "c2 drains"),
        # Callers in c2 itself have one source less.
        lambda: delivered.deliver(_without("c2", "reviews"), "c2 has reviews no more", allow_withdrawal=True),
    )
    show("c2 drains, then withdraws reviews", report)
    assert report.lost == []
    assert set(report.last(2).by_cluster) == {"c3"}
    assert delivered.changed_by_another_sync() == []


def test_a_cluster_drains_and_comes_back(delivered: Delivered, show: Show) -> None:
    drained: list[Report] = []
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(_draining("c2"), "c2 drains"),
        lambda: drained.append(delivered.lab.send("c1", url("reviews"))),
        lambda: delivered.deliver(FLEET, "c2 is back"),
    )
    show("c2 drains, and comes back", report)
    assert report.lost == []
    assert [set(answers.by_cluster) for answers in drained] == [{"c3"}]
    assert delivered.changed_by_another_sync() == []


def test_a_workspace_is_renamed(delivered: Delivered, show: Show) -> None:
    """In one commit: of the objects only an annotation changes."""
    draft = FLEET.changed()
    draft.spec["workspaces"][0]["name"] = "books"
    report = delivered.under_load(url("reviews"), lambda: delivered.deliver(draft, "bookinfo is called books"))
    show("a workspace is renamed", report)
    assert report.lost == []


def test_a_workspace_is_deleted(delivered: Delivered, show: Show) -> None:
    """Drained first; its gateways go with it, and the calls of others do not notice."""
    draining, without = FLEET.changed(), FLEET.changed()
    draining.spec["workspaces"][1]["state"] = "draining"
    del without.spec["workspaces"][1]
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(draining, "shop drains", allow_withdrawal=True),  # nobody else has stock
        lambda: delivered.deliver(without, "there is no shop", allow_withdrawal=True),
    )
    show("a workspace drains, then is deleted; calls of another one", report)
    assert report.lost == []
    left = [key for cluster in without.clusters for key in delivered.tracked(cluster) if key.namespace == SHOP]
    assert left == []
    gone = delivered.lab.send("c1", f"http://{host('stock', SHOP)}:9080/")
    assert gone.by_cluster == {}
    assert delivered.changed_by_another_sync() == []


def test_a_cluster_leaves_under_load(delivered: Delivered, show: Show) -> None:
    """Drained first; its Application goes, what it has stays, and the others send nobody there any more."""
    alone = FLEET.changed()
    del alone.clusters["c2"]
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(_draining("c2"), "c2 drains"),
        lambda: delivered.deliver(alone, "c2 leaves", allow_withdrawal=True),
    )
    show("c2 drains, then leaves the fleet", report)
    assert report.lost == []
    assert set(report.last(2).by_cluster) == {"c3"}
    assert application("c2") not in delivered.argo.applications()
