from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.load import send
from lab.scenarios.drafts import host, url

if TYPE_CHECKING:
    from lab.pod import Pod
    from lab.scenarios.conftest import Show


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
