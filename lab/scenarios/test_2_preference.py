from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.load import send
from lab.scenarios.drafts import Draft, host, service, url

if TYPE_CHECKING:
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage


@pytest.mark.quick
def test_every_answer_is_local_while_the_local_copy_lives(client: Pod, show: Show) -> None:
    report = send(client, url("details"), 100)
    show("details from c1", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c1"}


def test_local_endpoints_come_first_and_all_remote_ones_after(client: Pod) -> None:
    endpoints = client.envoy.endpoints(host("details"), 9080)
    assert [(e.priority, e.address.rpartition(":")[2]) for e in endpoints] == [
        (0, "9080"),
        (1, "15443"),
        (1, "15443"),
        (1, "15443"),
    ]


NEAR_AND_FAR = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "eu-west-2", "network": "network-2"},
        "c3": {"region": "us-east-1", "network": "network-3"},
    },
    services={
        "c1": [service("details")],
        "c2": [service("details"), service("reviews")],
        "c3": [service("details"), service("reviews")],
    },
    addresses={"c1": ["192.0.2.11"], "c2": ["192.0.2.21"], "c3": ["192.0.2.31"]},
    exposed=[host("details"), host("reviews")],
)


HESITANT = NEAR_AND_FAR.changed()
HESITANT.exposed = [{"host": host("details"), "failover": {"retries": {"attempts": 3}}}, host("reviews")]


def test_the_nearer_of_two_other_regions_comes_first(stage: Stage, show: Show) -> None:
    lab = stage.boot(NEAR_AND_FAR)
    near = lab.send("c1", url("reviews"), 50)
    show("reviews from c1; c2 is in the same region, c3 is not", near)
    reviews = lab.pod("c2", "bookinfo", "reviews")
    reviews.stop_server()
    far = send(lab.new_client("c1"), url("reviews"), 50)
    show("reviews dead in c2", far)
    reviews.start_server()
    lab.wait_until_ready([reviews])
    assert (near.lost, set(near.by_cluster)) == ([], {"c2"})
    assert (far.lost, set(far.by_cluster)) == ([], {"c3"})


def _both_nearer_levels_die(stage: Stage, draft: Draft, show: Show) -> tuple[Report, Report]:
    """Kill details in c1, send, kill it in c2, send again: each time from a client that has seen nothing yet."""
    lab = stage.boot(draft)
    lab.pod("c1", "bookinfo", "details").stop_server()
    second = send(lab.new_client("c1"), url("details"), 50)
    show("details dead in c1", second)
    lab.pod("c2", "bookinfo", "details").stop_server()
    third = send(lab.new_client("c1"), url("details"), 50)
    show("details dead in c1 and c2", third)
    return second, third


def test_the_last_of_three_levels_is_reached_by_the_first_request(own_stage: Stage, show: Show) -> None:
    second, third = _both_nearer_levels_die(own_stage, NEAR_AND_FAR, show)
    assert (second.lost, set(second.by_cluster)) == ([], {"c2"})
    assert (third.lost, set(third.by_cluster)) == ([], {"c3"})


def test_three_attempts_are_too_few_for_three_levels(own_stage: Stage, show: Show) -> None:
    """A retry goes to the next level after two tries: WRONG, to know the price."""
    second, third = _both_nearer_levels_die(own_stage, HESITANT, show)
    assert (second.lost, set(second.by_cluster)) == ([], {"c2"})
    assert third.lost
