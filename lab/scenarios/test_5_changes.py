"""The fleet changes under load: build the new one, apply the difference, one cluster after the other.

Each change is done in the right order, where nothing may be lost, and in the wrong one, to know what that costs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab import isolation
from lab.load import Load
from lab.scenarios.drafts import Draft, host, service, url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage

SETTLE = 2.0  # seconds between the syncs of two clusters

FLEET = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
        "c3": {"region": "us-west-2", "network": "network-3"},
    },
    services={
        "c1": [service("details")],
        "c2": [service("details"), service("reviews"), service("ratings"), service("stock")],
        "c3": [service("reviews")],
    },
    addresses={"c1": ["192.0.2.11"], "c2": ["192.0.2.21", "192.0.2.22"], "c3": ["192.0.2.31"]},
    exposed=[host("details"), host("reviews"), host("stock")],
)
"""reviews is in c2 and c3, stock in c2 alone: no other source hides what a change costs it."""


class Changes:
    """A running fleet and the draft it was built from."""

    def __init__(self, lab: Lab, draft: Draft) -> None:
        self.lab = lab
        self.draft = draft
        self._number = 0

    def build(self, draft: Draft, *, allow_withdrawal: bool = False) -> None:
        self._number += 1
        self.lab.build(draft.write(isolation.WORK / f"draft-{self._number}"), allow_withdrawal=allow_withdrawal)
        self.draft = draft

    def roll_out(self, *clusters: str) -> None:
        """Sync clusters in an order, with time between them."""
        for cluster in clusters or self.lab.clusters:
            self.lab.sync(cluster)
            time.sleep(SETTLE)

    def retire(self, *addresses: str) -> None:
        """Let addresses of gateways die."""
        for address in addresses:
            self.lab.addresses[address].refuse()

    def under_load(self, target: str, *steps: Callable[[], object], method: str = "GET") -> Report:
        """Send from c1 while the steps run."""
        with Load(self.lab.client("c1"), target, method=method) as load:
            time.sleep(1)
            for step in steps:
                step()
                time.sleep(SETTLE)
        return load.report


@pytest.fixture
def changes(stage: Stage) -> Iterator[Changes]:
    """The fleet `FLEET`, taken back to where it was."""
    lab = stage.boot(FLEET)
    changes = Changes(lab, FLEET)
    yield changes
    for name in ("reviews", "stock"):
        lab.remove_service("c1", service(name))
    for address in lab.addresses.values():
        address.restore()
    changes.build(FLEET, allow_withdrawal=True)
    lab.connect_gateways()
    lab.sync(pause=0)
    time.sleep(SETTLE)


def _with(draft: Draft, cluster: str, *services: dict[str, object]) -> Draft:
    changed = draft.changed()
    names = {item["name"] for item in services}
    kept = [item for item in changed.services[cluster] if item["name"] not in names]
    changed.services[cluster] = [*kept, *services]
    return changed


def _without(draft: Draft, cluster: str, name: str) -> Draft:
    changed = draft.changed()
    changed.services[cluster] = [item for item in changed.services[cluster] if item["name"] != name]
    return changed


COPY = _with(FLEET, "c1", service("reviews"))
"""reviews runs in c1 too."""


def test_a_local_copy_whose_pods_start_before_its_service(changes: Changes, show: Show) -> None:
    """A Service beats the ServiceEntry from the moment it exists, its endpoints come later: a race, measured."""
    lab, reviews = changes.lab, service("reviews")
    report = changes.under_load(
        url("reviews"),
        lambda: lab.start_workload("c1", reviews),
        lambda: lab.add_service("c1", reviews),
        lambda: changes.build(COPY),
        changes.roll_out,
    )
    show("WRONG: pods, then Service, then inventory (losses measured)", report)
    assert report.requests[-1].cluster == "c1"


def test_a_local_copy_whose_service_comes_before_its_pods(changes: Changes, show: Show) -> None:
    lab, reviews = changes.lab, service("reviews")
    report = changes.under_load(
        url("reviews"),
        lambda: lab.add_service("c1", reviews),
        lambda: lab.start_workload("c1", reviews),
        lambda: changes.build(COPY),
        changes.roll_out,
    )
    show(f"WRONG: Service {SETTLE:g} s before its pods, then inventory", report)
    assert report.lost


@pytest.mark.quick
def test_a_local_copy_arrives(changes: Changes, show: Show) -> None:
    """An arriving service has ServiceEntry and WorkloadEntries side by side, so nobody waits for either."""
    lab, reviews = changes.lab, service("reviews")
    report = changes.under_load(
        url("reviews"),
        lambda: changes.build(_with(FLEET, "c1", {**reviews, "state": "arriving"})),
        changes.roll_out,
        lambda: lab.start_workload("c1", reviews),
        lambda: lab.add_service("c1", reviews),
        lambda: changes.build(COPY),
        changes.roll_out,
    )
    show("reviews gets a copy in c1: `arriving`, sync, pods and Service, inventory, sync", report)
    assert report.lost == []
    assert "c1" not in {request.cluster for request in report.requests[:20]}
    assert {request.cluster for request in report.requests[-20:]} == {"c1"}


def test_a_local_copy_arrives_service_before_its_pods(changes: Changes, show: Show) -> None:
    lab, stock = changes.lab, service("stock")
    report = changes.under_load(
        url("stock"),
        lambda: changes.build(_with(FLEET, "c1", {**stock, "state": "arriving"})),
        changes.roll_out,
        lambda: lab.add_service("c1", stock),
        lambda: lab.start_workload("c1", stock),
        lambda: changes.build(_with(FLEET, "c1", stock)),
        changes.roll_out,
    )
    show(f"stock gets a copy in c1: `arriving`, sync, Service, pods {SETTLE:g} s later, inventory, sync", report)
    assert report.lost == []
    assert {request.cluster for request in report.requests[:20]} == {"c2"}
    assert {request.cluster for request in report.requests[-20:]} == {"c1"}


def test_a_local_copy_leaves(changes: Changes, show: Show) -> None:
    lab, stock = changes.lab, service("stock")
    lab.start_workload("c1", stock)
    lab.add_service("c1", stock)
    changes.build(_with(FLEET, "c1", stock))
    changes.roll_out()
    report = changes.under_load(
        url("stock"),
        lambda: changes.build(_with(FLEET, "c1", {**stock, "state": "leaving"})),
        changes.roll_out,
        lambda: lab.remove_service("c1", stock),
        lambda: changes.build(FLEET),
        changes.roll_out,
    )
    show("stock leaves c1: `leaving`, sync, delete, inventory", report)
    assert report.lost == []
    assert report.requests[0].cluster == "c1"
    assert {request.cluster for request in report.requests[-20:]} == {"c2"}


def test_a_local_copy_in_the_wrong_order(changes: Changes, show: Show) -> None:
    lab, reviews = changes.lab, service("reviews")
    report = changes.under_load(
        url("reviews"),
        lambda: changes.build(COPY),
        changes.roll_out,
        lambda: lab.add_service("c1", reviews),
        lambda: lab.start_workload("c1", reviews),
    )
    show(f"WRONG: inventory first, Service {SETTLE:g} s later", report)
    assert report.lost
    report = changes.under_load(
        url("reviews"),
        lambda: lab.remove_service("c1", reviews),
        lambda: changes.build(FLEET, allow_withdrawal=True),
        changes.roll_out,
    )
    show(f"WRONG: Service deleted first, inventory {SETTLE:g} s later", report)
    assert report.lost


def test_a_service_is_exposed(changes: Changes, show: Show) -> None:
    changed = FLEET.changed()
    changed.exposed.append(host("ratings"))
    changes.build(changed)
    changes.roll_out("c2")
    changes.roll_out("c1", "c3")
    report = changes.under_load(url("ratings"), lambda: time.sleep(SETTLE))
    show("ratings exposed: source first", report)
    assert report.lost == []


def test_a_service_is_exposed_consumer_first(changes: Changes, show: Show) -> None:
    changed = FLEET.changed()
    changed.exposed.append(host("ratings"))
    changes.build(changed)
    changes.roll_out("c1")
    report = changes.under_load(url("ratings"), lambda: changes.roll_out("c2"))
    show(f"WRONG: ratings exposed, consumer {SETTLE:g} s before the source", report)
    assert report.lost
    assert not report.requests[-1].lost


def test_a_service_is_withdrawn(changes: Changes, show: Show) -> None:
    draining = FLEET.changed()
    draining.clusters["c2"]["state"] = "draining"
    gone = _without(draining, "c2", "reviews")
    report = changes.under_load(
        url("reviews"),
        lambda: changes.build(draining, allow_withdrawal=True),  # stock has no other source
        changes.roll_out,
        lambda: changes.build(gone),
        changes.roll_out,
    )
    show("c2 drains, then withdraws reviews", report)
    assert report.lost == []
    assert {request.cluster for request in report.requests[-20:]} == {"c3"}


def test_a_service_is_withdrawn_without_draining(changes: Changes, show: Show) -> None:
    """The gateway refuses before callers know: connections that fail are tried elsewhere, POSTs too. Measured."""
    gone = _without(FLEET, "c2", "reviews")
    report = changes.under_load(
        url("reviews"),
        lambda: changes.build(gone, allow_withdrawal=True),
        lambda: changes.roll_out("c2", "c3", "c1"),
        method="POST",
    )
    show("WRONG: reviews withdrawn from c2 by --allow-withdrawal, source first, POST", report)


def test_a_cluster_drains_and_returns(changes: Changes, show: Show) -> None:
    draining = FLEET.changed()
    draining.clusters["c2"]["state"] = "draining"
    report = changes.under_load(
        url("reviews"),
        lambda: changes.build(draining, allow_withdrawal=True),  # stock has no other source
        changes.roll_out,
        lambda: changes.build(FLEET),
        changes.roll_out,
    )
    show("c2 drains and returns", report)
    assert report.lost == []


def test_a_cluster_goes_without_draining(changes: Changes, show: Show) -> None:
    draining = FLEET.changed()
    draining.clusters["c2"]["state"] = "draining"
    report = changes.under_load(
        url("reviews"),
        lambda: changes.retire(*FLEET.addresses["c2"]),
        lambda: changes.build(draining, allow_withdrawal=True),  # stock has no other source
        changes.roll_out,
        method="POST",
    )
    show(f"WRONG: c2's gateway dies {SETTLE:g} s before c2 drains, POST (losses measured)", report)
    assert set(report.last(SETTLE).by_cluster) == {"c3"}


ROTATED = FLEET.changed()
ROTATED.addresses["c2"] = ["192.0.2.21", "192.0.2.23"]
NAMED = FLEET.changed()
NAMED.hostnames = {"c2": "gateway-c2.lb.example"}


def test_a_gateways_addresses_rotate(changes: Changes, show: Show) -> None:
    both = FLEET.changed()
    both.addresses["c2"] = ["192.0.2.21", "192.0.2.22", "192.0.2.23"]
    report = changes.under_load(
        url("stock"),
        lambda: changes.build(both),
        changes.lab.connect_gateways,
        changes.roll_out,
        lambda: changes.build(ROTATED),
        changes.roll_out,
        lambda: changes.retire("192.0.2.22"),
    )
    show("one address of c2 is replaced", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c2"})


def test_a_gateways_address_dies_before_callers_know(changes: Changes, show: Show) -> None:
    """GETs are tried elsewhere (test_4_addresses); POSTs only where the connection fails."""
    report = changes.under_load(
        url("stock"),
        lambda: changes.retire("192.0.2.22"),
        lambda: changes.build(ROTATED),
        changes.lab.connect_gateways,
        changes.roll_out,
        method="POST",
    )
    show(f"WRONG: one of two addresses dies {SETTLE:g} s before it is replaced, POST (losses measured)", report)
    assert (report.last(SETTLE).lost, set(report.by_cluster)) == ([], {"c2"})


def test_a_gateways_addresses_become_a_hostname(changes: Changes, show: Show) -> None:
    """The hostname's address answers before anybody is told; the old ones go when everybody was."""
    report = changes.under_load(
        url("stock"),
        lambda: changes.build(NAMED),
        changes.lab.connect_gateways,
        changes.roll_out,
        lambda: changes.retire(*FLEET.addresses["c2"]),
    )
    show("the addresses of c2 become a hostname", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c2"})


def test_a_gateways_addresses_go_before_callers_know_the_hostname(changes: Changes, show: Show) -> None:
    report = changes.under_load(
        url("stock"),
        lambda: changes.retire(*FLEET.addresses["c2"]),
        lambda: changes.build(NAMED),
        changes.lab.connect_gateways,
        changes.roll_out,
    )
    show(f"WRONG: the addresses of c2 die {SETTLE:g} s before they become a hostname", report)
    assert report.lost
    assert set(report.last(SETTLE).by_cluster) == {"c2"}
