from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.envoy import wait_until
from lab.load import send
from lab.scenarios.drafts import BOOKINFO, Draft, host, url

if TYPE_CHECKING:
    from lab.scenarios.conftest import Show, Stage

HOSTNAME = "gateway-c2.lb.example"


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
