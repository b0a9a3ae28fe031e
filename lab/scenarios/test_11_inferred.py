"""Marks [I] (inferred) of the reference on which something emitted rests, tried in a mesh."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from lab import isolation
from lab.envoy import wait_until
from lab.gitops import read_tree
from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, Draft, host, service, url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.api import Object
    from lab.fleet import Lab
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

INSTANCE = "app.kubernetes.io/instance"
MEMBER = "statefulset.kubernetes.io/pod-name"
MEMBERS = [service(f"kafka-{n}", selector={"app": "kafka", MEMBER: f"kafka-{n}"}) for n in range(2)]
HEADLESS = service("kafka", clusterIP="None", selector={"app": "kafka", MEMBER: "kafka-9"})


def _fleet() -> Draft:
    draft = BOOKINFO.changed()
    both = [service("details"), service("tracked", selector={"app": "tracked", INSTANCE: "tracked"})]
    draft.services = {"c1": both, "c2": [*both, HEADLESS, *MEMBERS]}
    draft.exposed = [host(name) for name in ("details", "tracked", "kafka-0", "kafka-1")]
    return draft


FLEET = _fleet()
COMPLAINT = "MG340"


def test_members_of_a_stateful_set_are_reached_by_services_of_their_own(stage: Stage, show: Show) -> None:
    """Reference 4d, "per-pod pattern": a Service per pod beside the headless one, which cannot be exposed itself."""
    lab = stage.boot(FLEET)
    for name in ("kafka-0", "kafka-1"):
        report = lab.send("c1", url(name), 20)
        show(f"{name} from c1", report)
        assert report.lost == []
        assert {json.loads(request.answer)["pod"] for request in report.requests} == {name}
    listed = FLEET.changed()
    listed.exposed.append(host("kafka"))
    with pytest.raises(RuntimeError, match=COMPLAINT):
        lab.build(listed.write(isolation.WORK / "headless"))


def _label(lab: Lab, cluster: str) -> None:
    """Apply the tree as an engine does that tracks its objects by label."""
    for body in read_tree(lab.tree / cluster):
        body["metadata"].setdefault("labels", {})[INSTANCE] = "bookinfo"
        lab.clusters[cluster].api.apply(body, manager="gitops")


def test_labels_of_a_gitops_engine_cost_nothing_unless_a_selector_has_them(own_stage: Stage, show: Show) -> None:
    """Reference 1.5, "[I] for the Argo effect"; the second service is what MG383 warns about."""
    lab = own_stage.boot(FLEET)
    client = lab.new_client("c1")

    def remote(name: str) -> int:
        return sum(endpoint.priority > 0 for endpoint in client.envoy.endpoints(host(name), 9080))

    before = {name: remote(name) for name in ("details", "tracked")}
    with Load(client, url("details")) as load, Load(client, url("tracked")) as tracked:
        time.sleep(2)
        for cluster in lab.clusters:
            _label(lab, cluster)
        time.sleep(2)
        labelled = {name: remote(name) for name in before}
        # istiod asks a Service for its entries again when its pods change.
        replicas = [lab.add_replica(lab.pod("c1", "bookinfo", name), f"{name}-2") for name in before]
        wait_until(lambda: remote("tracked") == 0, "the entries have another label")
        after = {name: remote(name) for name in before}
        for pod in [*replicas, *(lab.pod("c1", "bookinfo", name) for name in before)]:
            pod.stop_server()
        time.sleep(8)
    show("remote endpoints: without the label, with it, and after a change of the pods", (before, labelled, after))
    show("details, labels, then its local copies die", load.report)
    show("tracked, whose selector has the label", tracked.report)
    assert (before, after) == ({"details": 3, "tracked": 3}, {"details": 3, "tracked": 0})
    assert load.report.lost == []
    assert set(tracked.report.by_cluster) == {"c1"}
    assert tracked.report.last(3).by_cluster == {}


@pytest.fixture
def left_over(bookinfo: Lab) -> Iterator[Object]:
    """The ServiceEntry of a host that c1 has itself, made from that of one which it lacks."""
    entries = (body for body in read_tree(bookinfo.tree / "c1") if body["kind"] == "ServiceEntry")
    body = next(entry for entry in entries if entry["spec"]["hosts"] == [host("reviews")])
    body["metadata"]["name"] = host("details")
    body["spec"] |= {"hosts": [host("details")], "addresses": ["240.241.9.9"]}
    yield body
    bookinfo.clusters["c1"].api.delete(body)


def test_a_left_over_service_entry_does_nothing_beside_the_service(
    bookinfo: Lab, client: Pod, left_over: Object, show: Show
) -> None:
    """Reference 1.6, "a left-over SE is inert": while a local copy comes or leaves, both are there."""
    api = bookinfo.clusters["c1"].api
    known = client.envoy.endpoints(host("details"), 9080)
    with Load(client, url("details")) as load:
        time.sleep(2)
        api.apply(left_over, manager="gitops")
        time.sleep(4)
        beside = client.envoy.endpoints(host("details"), 9080)
        newcomer = bookinfo.new_client("c1")
        fresh = send(newcomer, url("details"), 30)
        bookinfo.delete_pod(newcomer)
        api.delete(left_over)
        time.sleep(2)
    show("details, its ServiceEntry comes and goes", load.report)
    show("details, from a client that starts while it is there", fresh)
    assert [(e.address, e.priority) for e in beside] == [(e.address, e.priority) for e in known]
    for report in (load.report, fresh):
        assert (report.lost, set(report.by_cluster)) == ([], {"c1"})


TRACKING = {"app.kubernetes.io/instance": "mesh", "app.kubernetes.io/managed-by": "argocd"}


@pytest.fixture
def labelled(own_stage: Stage) -> Lab:
    """The fleet after a GitOps engine has put its tracking labels on every object of the tree."""
    lab = own_stage.boot(BOOKINFO)
    for name, cluster in lab.clusters.items():
        for body in read_tree(lab.tree / name):
            metadata = body["metadata"]
            metadata["labels"] = metadata.get("labels", {}) | TRACKING
            cluster.api.apply(body, manager="gitops")
    return lab


def test_tracking_labels_of_a_gitops_engine_change_nothing(labelled: Lab, show: Show) -> None:
    """Istio merges the labels of a WorkloadEntry's metadata over those that Services select by."""
    client = labelled.new_client("c1")
    remote, local = send(client, url("reviews"), 50), send(client, url("details"), 50)
    labelled.pod("c1", "bookinfo", "details").stop_proxy()
    failed_over = send(client, url("details"), 50)
    show("reviews, remote only", remote)
    show("details, local", local)
    show("details, local copy dead", failed_over)
    assert (remote.lost, set(remote.by_cluster)) == ([], {"c2"})
    assert (local.lost, set(local.by_cluster)) == ([], {"c1"})
    assert (failed_over.lost, set(failed_over.by_cluster)) == ([], {"c2"})
