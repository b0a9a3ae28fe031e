"""What references infer from Istio's source and an emitted object rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.gitops import read_tree
from lab.load import send
from lab.scenarios.drafts import url

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage

TRACKING = {"app.kubernetes.io/instance": "mesh", "app.kubernetes.io/managed-by": "argocd"}


@pytest.fixture
def labelled(bookinfo: Lab) -> Lab:
    """The fleet after a GitOps engine has put its tracking labels on every object of the tree."""
    for name, cluster in bookinfo.clusters.items():
        for body in read_tree(bookinfo.tree / name):
            metadata = body["metadata"]
            metadata["labels"] = metadata.get("labels", {}) | TRACKING
            cluster.api.apply(body, manager="gitops")
    return bookinfo


def test_tracking_labels_of_a_gitops_engine_change_nothing(labelled: Lab, stage: Stage, show: Show) -> None:
    """Istio merges the labels of a WorkloadEntry's metadata over those that Services select by."""
    client = labelled.new_client("c1")
    remote, local = send(client, url("reviews"), 50), send(client, url("details"), 50)
    labelled.pod("c1", "bookinfo", "details").stop_proxy()
    failed_over = send(client, url("details"), 50)
    show("reviews, remote only", remote)
    show("details, local", local)
    show("details, local copy dead", failed_over)
    stage.clear()
    assert (remote.lost, set(remote.by_cluster)) == ([], {"c2"})
    assert (local.lost, set(local.by_cluster)) == ([], {"c1"})
    assert (failed_over.lost, set(failed_over.by_cluster)) == ([], {"c2"})
