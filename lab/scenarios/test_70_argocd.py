"""Real Argo CD with the objects that meshgen writes for it: what it does to the API servers of a fleet.

No mesh runs here: Argo CD sees API servers alone. `test_71_argocd_traffic` has the same engine under load.
"""

from __future__ import annotations

import shutil
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lab.api import RefusedError, reference
from lab.argocd import APPLICATION, NAMESPACE
from lab.repository import URL
from lab.scenarios.by_argocd import DELIVERY, ROOT, ByArgoCd, application, delivery_objects
from lab.scenarios.delivered import OUTPUT
from lab.scenarios.drafts import Draft, host, service
from lab.scenarios.pretended_jobs import PretendedJobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.api import Object
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage

NEEDS = ("controllers", "argocd")

FLEET = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
    },
    services={"c1": [service("details")], "c2": [service("details"), service("reviews"), service("ratings")]},
    addresses={"c1": ["192.0.2.11", "192.0.2.12"], "c2": ["192.0.2.21", "192.0.2.22"]},
    exposed=[host("details"), host("reviews")],
    spec={"delivery": DELIVERY},
)
_QUIET = 12.0  # seconds, more than two looks at the repository
_GONE = 404
_VIRTUAL_SERVICE = ("networking.istio.io/v1", "VirtualService", host("reviews"), "meshgen-multicluster")


def _start(lab: Lab, draft: Draft) -> ByArgoCd:
    delivered = ByArgoCd(lab, draft, mesh=False)
    delivered.begin()
    delivered.wait()
    return delivered


@pytest.fixture
def delivered(stage: Stage) -> Iterator[ByArgoCd]:
    """The fleet `FLEET`, synced; it is taken back to that."""
    delivered = stage.start(FLEET, _start)
    yield delivered
    delivered.take_back(FLEET)


def _wave(draft: Draft, **waves: int) -> Draft:
    changed = draft.changed()
    for cluster, wave in waves.items():
        changed.clusters[cluster]["wave"] = wave
    return changed


def _delivery(draft: Draft, **fields: object) -> Draft:
    changed = draft.changed()
    changed.spec["delivery"] = DELIVERY | fields
    return changed


def test_everything_is_synced_and_stays_so(delivered: ByArgoCd, show: Show) -> None:
    """No server default, no status and no controller of Kubernetes makes a difference that lasts."""
    before = delivered.states()
    assert set(before) == {ROOT, application("c1"), application("c2")}
    assert delivered.changed_by_another_sync() == []
    operations = {name: state.operation for name, state in delivered.states().items()}
    time.sleep(_QUIET)
    after = delivered.states()
    assert {name: state.operation for name, state in after.items()} == operations
    assert [name for name, state in after.items() if not state.settled] == []
    show("objects that Argo CD owns in c1 and c2", [len(delivered.tracked(cluster)) for cluster in ("c1", "c2")])


@pytest.mark.parametrize(
    "draft",
    [
        FLEET,
        _delivery(FLEET, applicationSet=False),
        _wave(FLEET, c1=0, c2=1),
        _delivery(_wave(FLEET, c1=0), waves=[{"wave": 0, "revision": "canary"}], leaving=["c9"]),
    ],
    ids=["application set", "applications", "steps", "revisions"],
)
def test_the_api_server_takes_every_object_of_argo_cd(delivered: ByArgoCd, draft: Draft) -> None:
    """Server-side, strictly, against the CustomResourceDefinitions of Argo CD itself."""
    objects = delivery_objects(delivered.build_aside(draft))
    delivered.argo.install(objects, dry_run=True)
    kinds = {body["kind"] for body in objects}
    assert kinds == {
        "AppProject",
        "ApplicationSet" if draft.spec["delivery"].get("applicationSet", True) else "Application",
    }


def test_an_object_of_argo_cd_with_an_unknown_field_is_not_taken(delivered: ByArgoCd) -> None:
    """The scenario above can fail."""
    body = delivery_objects(delivered.lab.tree)[0]
    body["spec"]["noSuchField"] = True
    with pytest.raises(RefusedError, match="noSuchField"):
        delivered.argo.install([body], dry_run=True)


def test_a_change_by_hand_is_set_back(delivered: ByArgoCd, show: Show) -> None:
    api = delivered.lab.clusters["c1"].api
    wanted = api.get(*_VIRTUAL_SERVICE)
    began = time.monotonic()
    api.patch(wanted, {"spec": {"hosts": ["somewhere.else"]}})
    delivered.until(lambda: bool(api.get(*_VIRTUAL_SERVICE)["spec"] == wanted["spec"]), lambda: "its old fields")
    show("a changed field is set back after", f"{time.monotonic() - began:.1f} s")
    began = time.monotonic()
    api.delete(wanted)
    delivered.until(lambda: _is_there(delivered, "c1", *_VIRTUAL_SERVICE), lambda: "the deleted object")
    show("a deleted object is back after", f"{time.monotonic() - began:.1f} s")
    delivered.wait()


def test_what_meshgen_does_not_own_is_never_pruned(delivered: ByArgoCd) -> None:
    """Objects beside ours, one of them a copy of ours with all its labels and annotations but another name."""
    api = delivered.lab.clusters["c1"].api
    copied = api.get(*_VIRTUAL_SERVICE)
    metadata = {"name": "copied", "namespace": copied["metadata"]["namespace"]}
    copy = copied | {"metadata": metadata | {key: copied["metadata"][key] for key in ("labels", "annotations")}}
    team = reference("v1", "ConfigMap", "of-a-team", "bookinfo")
    ours = reference("v1", "ServiceAccount", "looks-like-ours", "bookinfo")
    ours["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "meshgen"}
    strangers = [copy, team, ours]
    for body in strangers:
        api.apply(body, manager="team")
    withdrawn = FLEET.changed()
    withdrawn.exposed.remove(host("reviews"))
    delivered.deliver(withdrawn, "reviews is not exposed any more", allow_withdrawal=True)
    assert not _is_there(delivered, "c1", *_VIRTUAL_SERVICE)
    delivered.deliver(FLEET, "reviews is exposed again")
    for body in strangers:
        assert _is_there(
            delivered, "c1", body["apiVersion"], body["kind"], body["metadata"]["name"], body["metadata"]["namespace"]
        )
        api.delete(body)


def test_an_emptied_cluster_is_not_wiped(delivered: ByArgoCd, show: Show) -> None:
    """Whoever empties its directory by hand, or deletes that: Argo CD refuses, and says so."""
    directory = delivered.lab.tree / "c1"
    before = delivered.tracked("c1")
    for what, words in (("without objects", "wipe out all resources"), ("gone", "app path does not exist")):
        shutil.rmtree(directory)
        if what == "without objects":
            directory.mkdir()
            (directory / "README.md").write_text("Nothing is here.\n", encoding="utf-8")
        delivered.push(f"The directory of c1 is {what}")
        delivered.until(partial(_says, delivered, "c1", words), lambda: str(delivered.argo.state(application("c1"))))
        show(f"a directory that is {what}", delivered.argo.state(application("c1")).conditions)
        time.sleep(_QUIET)
        assert delivered.tracked("c1") == before
    delivered.deliver(FLEET, "c1 has its directory again")
    assert delivered.tracked("c1") == before


def _says(delivered: ByArgoCd, cluster: str, words: str) -> bool:
    """Whether Argo CD, asked to look, says so of a cluster."""
    delivered.argo.refresh(application(cluster))
    return any(words in condition for condition in delivered.argo.state(application(cluster)).conditions)


def test_a_wave_of_clusters_waits_for_the_gate_before_it(delivered: ByArgoCd, show: Show) -> None:
    """The Job in c1 fails, so c2 does not sync; what takes the change back goes through."""
    gated = _delivery(_wave(FLEET, c1=0, c2=1), gate={"image": "registry.example.com/gate:1"})
    changed = gated.changed()
    changed.exposed.append(host("ratings"))
    with PretendedJobs(delivered.lab) as jobs:
        delivered.deliver(gated, "Two waves, with a gate")
        before = delivered.tracked("c2")
        jobs.phases["c1"] = "Failed"
        delivered.commit(changed, "ratings is exposed")
        first = application("c1")
        # Who looks first goes first: c2 would pass while c1 still seems healthy (getAppsToSync, progressive_sync.go).
        delivered.argo.refresh(first)
        delivered.until(
            lambda: delivered.argo.state(first).health == "Degraded", lambda: str(delivered.argo.state(first)), 180
        )
        show("c1 when the Job of its gate failed", delivered.argo.state(first))
        second = application("c2")
        delivered.argo.refresh(second)
        delivered.until(
            lambda: delivered.argo.state(second).sync == "OutOfSync", lambda: str(delivered.argo.state(second))
        )
        time.sleep(_QUIET)
        assert delivered.tracked("c2") == before
        delivered.deliver(gated, "ratings is not exposed yet", allow_withdrawal=True)
        jobs.phases["c1"] = "Succeeded"
        show("the same change, with a gate that opens", delivered.deliver(changed, "ratings is exposed again"))
        assert delivered.tracked("c2") != before


def _without_c2(delivered: ByArgoCd) -> Draft:
    """Commit a fleet that c2 leaves in two steps; the project permits it still."""
    draft = FLEET.changed()
    draft.clusters["c2"]["state"] = "draining"
    delivered.deliver(draft, "c2 drains", allow_withdrawal=True)  # reviews has no other source
    alone = _delivery(FLEET, leaving=["c2"])
    del alone.clusters["c2"]
    alone.exposed.remove(host("reviews"))
    delivered.commit(alone, "c2 leaves", allow_withdrawal=True)
    delivered.wait("c1")
    delivered.until(lambda: application("c2") not in delivered.argo.applications(), lambda: "c2 without Application")
    return alone


def test_a_cluster_leaves_the_fleet(delivered: ByArgoCd) -> None:
    """Its Application goes with the list, its objects stay; the project permits it for one commit more."""
    alone = _without_c2(delivered)
    before = delivered.tracked("c2")
    assert before
    assert _permitted(delivered) == ["c1", "c2"]
    alone.spec["delivery"] = DELIVERY
    delivered.deliver(alone, "c2 is permitted no more")
    assert _permitted(delivered) == ["c1"]
    assert delivered.tracked("c2") == before
    delivered.deliver(FLEET, "c2 is back")
    assert delivered.changed_by_another_sync() == []


def test_what_a_cluster_has_that_left_is_deleted_by_hand(delivered: ByArgoCd, show: Show) -> None:
    """What `argocd app create` and `argocd app delete --cascade` send; the directory of the cluster is gone."""
    _without_c2(delivered)
    others = delivered.tracked("c1")
    namespaces = {key for key in delivered.tracked("c2") if key.kind == "Namespace"}
    body = reference(*APPLICATION, application("c2"), NAMESPACE)
    body["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    body["spec"] = {
        "project": "meshgen",
        "source": {"repoURL": URL, "path": f"{OUTPUT}/c2"},
        "destination": {"name": "c2", "namespace": ""},
    }
    delivered.argo.install([body])
    delivered.until(
        lambda: bool(delivered.argo.state(application("c2")).conditions),
        lambda: str(delivered.argo.state(application("c2"))),
    )
    show("an Application of a directory that is gone", delivered.argo.state(application("c2")).conditions)
    delivered.argo.api.delete(body)
    delivered.until(lambda: application("c2") not in delivered.argo.applications(), lambda: "c2 without Application")
    assert namespaces
    assert set(delivered.tracked("c2")) == namespaces
    assert delivered.tracked("c1") == others


def _permitted(delivered: ByArgoCd) -> list[str]:
    project: Object = delivered.argo.api.get("argoproj.io/v1alpha1", "AppProject", "meshgen", "argocd")
    return [destination["name"] for destination in project["spec"]["destinations"]]


def _is_there(delivered: ByArgoCd, cluster: str, api_version: str, kind: str, name: str, namespace: str) -> bool:
    try:
        delivered.lab.clusters[cluster].api.get(api_version, kind, name, namespace)
    except RefusedError as refused:
        if refused.status != _GONE:
            raise
        return False
    return True
