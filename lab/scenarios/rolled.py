"""A fleet that an engine rolled out from nothing as people do it, its changes, and what every engine keeps.

Gateways come first, then the addresses that their load balancers got go into the inventory, then entries come to the
other clusters.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.load import Load
from lab.scenarios.drafts import Draft, Item, host, service, url

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show
    from lab.scenarios.delivered import Delivered, Took

SHOP = "shop"
_GATEWAY = "eastwest-gateway"
GIVEN = {
    ("c1", "bookinfo", _GATEWAY): ["192.0.2.11"],
    ("c2", "bookinfo", _GATEWAY): ["192.0.2.21", "192.0.2.22"],
    ("c3", "bookinfo", _GATEWAY): ["192.0.2.31"],
    ("c2", SHOP, _GATEWAY): ["192.0.2.121"],
    ("c3", SHOP, _GATEWAY): ["192.0.2.131"],
}
"""What load balancers get: nobody knows it before they are there."""


def fleet(delivery: Item, addresses: dict[tuple[str, str, str], list[str]]) -> Draft:
    """Callers are in c1, where only details runs; reviews and stock are in c2 and c3."""
    clusters: dict[str, Item] = {
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
        "c3": {"region": "us-west-2", "network": "network-3"},
    }
    gateways = {
        cluster: [
            {"name": name, "namespace": namespace, "addresses": addresses.get((cluster, namespace, name), [])}
            for of, namespace, name in GIVEN
            if of == cluster
        ]
        for cluster in clusters
    }
    workspaces = [
        _workspace("bookinfo", [host("details"), host("reviews")]),
        _workspace(SHOP, [host("stock", SHOP)]),
    ]
    return Draft(
        clusters=clusters,
        services={
            "c1": [service("details")],
            "c2": [service("details"), service("reviews"), service("ratings"), service("stock", SHOP)],
            "c3": [service("reviews"), service("stock", SHOP)],
        },
        addresses={},
        exposed=[],
        spec={"delivery": delivery, "workspaces": workspaces},
        inventories={
            cluster: {"namespaces": [{"name": item["namespace"]} for item in known], "gateways": known}
            for cluster, known in gateways.items()
        },
    )


def exposed(draft: Draft, *services: object) -> Draft:
    """The fleet with other services of bookinfo exposed."""
    changed = draft.changed()
    changed.spec["workspaces"][0]["exposedServices"] = list(services)
    return changed


def without(draft: Draft, cluster: str, name: str) -> Draft:
    """The fleet with one service less in a cluster."""
    changed = draft.changed()
    changed.services[cluster] = [item for item in changed.services[cluster] if item["name"] != name]
    return changed


def draining(draft: Draft, cluster: str) -> Draft:
    changed = draft.changed()
    changed.clusters[cluster]["state"] = "draining"
    return changed


class Rolled:
    """A running fleet, and what its first roll-out was like."""

    def __init__(self, lab: Lab, start: Callable[[Lab, Draft], Delivered], nothing: Draft, draft: Draft) -> None:
        """`nothing`: the fleet while nobody knows an address."""
        lab.given = dict(GIVEN)
        self.delivered = start(lab, nothing)
        with Load(lab.client("c1"), url("details")) as load:
            load.wait_until_begun()
            self.delivered.begin()
            self.gateways: Took = self.delivered.wait()
            self.found = _addresses(lab)
            self.entries: Took = self.delivered.deliver(draft, "The addresses of the gateways are known")
            time.sleep(1)
        self.report: Report = load.report


def rolls_out_from_nothing(rolled: Rolled, show: Show) -> None:
    """Gateways come up without addresses; once these are in the inventory, entries lead to them."""
    show("from the first commit to gateways everywhere", rolled.gateways)
    show("from the commit of their addresses to entries everywhere", rolled.entries)
    show("details in its own cluster meanwhile", rolled.report)
    assert rolled.found == GIVEN
    assert rolled.report.lost == []
    answers = rolled.delivered.lab.send("c1", url("reviews"))
    show("reviews from c1 after it", answers)
    assert answers.lost == []
    assert rolled.delivered.changed_by_another_sync() == []


def exposes_a_service(delivered: Delivered, draft: Draft, show: Show) -> None:
    """All clusters sync at once: whoever calls ratings only after that loses nothing, and others notice nothing."""
    ratings = exposed(draft, host("details"), host("reviews"), host("ratings"))
    report = delivered.under_load(url("reviews"), lambda: delivered.deliver(ratings, "ratings is exposed"))
    show("ratings is exposed, calls of reviews", report)
    assert report.lost == []
    answers = delivered.lab.send("c1", url("ratings"))
    show("ratings once it is exposed", answers)
    assert (answers.lost, set(answers.by_cluster)) == ([], {"c2"})
    assert delivered.changed_by_another_sync() == []


def withdraws_in_two_commits(delivered: Delivered, draft: Draft, show: Show) -> None:
    report = delivered.under_load(
        url("reviews"),
        lambda: delivered.deliver(draining(draft, "c2"), "c2 drains"),
        # Callers in c2 itself have one source less.
        lambda: delivered.deliver(without(draft, "c2", "reviews"), "c2 has reviews no more", allow_withdrawal=True),
    )
    show("c2 drains, then withdraws reviews", report)
    assert report.lost == []
    assert set(report.last(2).by_cluster) == {"c3"}
    assert delivered.changed_by_another_sync() == []


def _workspace(name: str, exposed_services: list[str]) -> Item:
    return {
        "name": name,
        "namespaceSelector": {"names": [f"*/{name}"]},
        "eastWestGateway": {"name": _GATEWAY, "namespace": name, "replicas": 1},
        "exposedServices": exposed_services,
    }


def _addresses(lab: Lab) -> dict[tuple[str, str, str], list[str]]:
    """The addresses that Services of the clusters show, as an import into the inventory finds them."""
    found = {}
    for name, cluster in lab.clusters.items():
        for body in cluster.api.items("v1", "Service"):
            ingress = body.get("status", {}).get("loadBalancer", {}).get("ingress", [])
            if ingress:
                found[name, body["metadata"]["namespace"], body["metadata"]["name"]] = [i["ip"] for i in ingress]
    return found
