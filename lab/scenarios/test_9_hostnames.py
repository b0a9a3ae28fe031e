from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.envoy import wait_until
from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, Draft, host, url

if TYPE_CHECKING:
    from lab.scenarios.conftest import Show, Stage

HOSTNAME = "gateway-c2.lb.example"
MOVED_TO = "198.51.100.99"
RESOLVED_AGAIN = 40.0  # seconds


def _fleet() -> Draft:
    draft = BOOKINFO.changed()
    draft.hostnames = {"c2": HOSTNAME}
    return draft


@pytest.mark.quick
def test_a_gateway_that_has_a_hostname_only_is_resolved_by_istiod(own_stage: Stage, show: Show) -> None:
    lab = own_stage.boot(_fleet())
    client = lab.new_client("c1")
    wait_until(lambda: bool(client.envoy.endpoints(host("reviews"), 9080)), "the hostname is resolved")
    report = send(client, url("reviews"), 50)
    show("reviews from c1, gateway known by hostname", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c2"}
    lab.pod("c1", "bookinfo", "details").stop_server()
    report = send(client, url("details"), 50)
    show("details from c1, local copy dead", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c2"}


def test_callers_follow_a_hostname_to_another_address(own_stage: Stage, show: Show) -> None:
    """As load balancers move: istiod asks again after 30 s at least, so the old address has to live on for so long."""
    lab = own_stage.boot(_fleet())
    client = lab.new_client("c1")
    wait_until(lambda: bool(client.envoy.endpoints(host("reviews"), 9080)), "the hostname is resolved")
    (old,) = lab.gateways["c2/bookinfo/eastwest-gateway"].addresses.values()
    with Load(client, url("reviews")) as load:
        time.sleep(1)
        lab.network.zone.hosts[HOSTNAME] = [MOVED_TO]
        lab.connect_gateways()
        time.sleep(RESOLVED_AGAIN)
        old.refuse()
        time.sleep(5)
    show(f"reviews, the hostname gets another address, the old one dies {RESOLVED_AGAIN:g} s later", load.report)
    assert load.report.lost == []
    assert [e.address for e in client.envoy.endpoints(host("reviews"), 9080)] == [f"{MOVED_TO}:15443"]
