"""The committed fleets of the platforms, as they are; for Tetrate's the lab stands in for its operator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.gateway import gateway_deployments
from lab.load import send
from lab.scenarios.drafts import url

if TYPE_CHECKING:
    from lab.scenarios.conftest import Show, Stage

ROOT = Path(__file__).parents[2]
FLEETS = ["fleet", pytest.param("examples/tsb/fleet", marks=pytest.mark.quick), "examples/istio/fleet"]


@pytest.mark.parametrize("fleet", FLEETS)
def test_bookinfo_stays_local_and_fails_over(own_stage: Stage, fleet: str, show: Show) -> None:
    lab = own_stage.open()
    lab.boot(ROOT / fleet)
    client = lab.new_client("cluster-1")
    local = send(client, url("details"), 50)
    lab.pod("cluster-1", "bookinfo", "details").stop_server()
    failed_over = send(client, url("details"), 50)
    show(f"{fleet}, details from cluster-1", local)
    show(f"{fleet}, local copy dead", failed_over)
    views = {
        variable["value"]
        for cluster in lab.clusters.values()
        for deployment, _ in gateway_deployments(cluster)
        for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"]
        if variable["name"] == "ISTIO_META_REQUESTED_NETWORK_VIEW"
    }
    assert (local.lost, set(local.by_cluster)) == ([], {"cluster-1"})
    assert (failed_over.lost, set(failed_over.by_cluster)) == ([], {"cluster-2"})
    assert views == {"network-1", "network-2"}
