"""Real Flux with the objects that meshgen writes for it: what it does to the API servers of a fleet.

No mesh runs here: Flux sees API servers alone. `test_73_flux_traffic` has the same engine under load.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from lab.api import RefusedError, reference
from lab.network import run
from lab.scenarios.by_flux import DELIVERY, FIRST, PARTS, ByFlux, delivery_objects
from lab.scenarios.drafts import Draft, Item, host, service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lab.api import Event, Object
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage

NEEDS = ("controllers", "flux")

VARIABLE = "${NOT_A} $${VARIABLE}"
_SHARES = [{"names": ["c1"], "share": 50}, {"names": ["c2"], "share": 50}]
_DETAILS: Item = {"host": host("details"), "traffic": {"mode": "weighted", "weights": _SHARES}}

FLEET = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
    },
    services={"c1": [service("details")], "c2": [service("details"), service("reviews"), service("ratings")]},
    addresses={"c1": ["192.0.2.11", "192.0.2.12"], "c2": ["192.0.2.21", "192.0.2.22"]},
    exposed=[_DETAILS, host("reviews")],
    gateway={"serviceAnnotations": {"example.com/variable": VARIABLE}},
    spec={"delivery": DELIVERY},
)
"""Shares of details take aliases, and a route to each; reviews is in c2 alone."""
_TRAFFIC = ["DestinationRule", "ServiceEntry", "VirtualService", "WorkloadEntry"]
"""Kinds of the second part, in the order in which they are to come; they go the other way."""
_QUIET = 3.0  # seconds
_HEALTH = 5.0  # seconds between looks at what has health
_GONE = 404
_RULE = ("networking.istio.io/v1", "DestinationRule", "meshgen-details", "bookinfo")


def _start(lab: Lab, draft: Draft) -> ByFlux:
    delivered = ByFlux(lab, draft, mesh=False)
    delivered.begin()
    delivered.wait()
    return delivered


@pytest.fixture
def delivered(stage: Stage) -> Iterator[ByFlux]:
    """The fleet `FLEET`, synced; it is taken back to that."""
    delivered = stage.start(FLEET, _start)
    before = delivered.revision
    yield delivered
    if delivered.revision != before:
        delivered.deliver(FLEET, "As it was", allow_withdrawal=True)


def _exposed(*services: object) -> Draft:
    draft = FLEET.changed()
    draft.exposed = list(services)
    return draft


WITHOUT_DETAILS = _exposed(host("reviews"))
NEAREST = _exposed(host("details"), host("reviews"))


def _delivery(**fields: object) -> Draft:
    draft = FLEET.changed()
    draft.spec["delivery"] = DELIVERY | fields
    return draft


def _canary() -> Draft:
    draft = _delivery(waves=[{"wave": 0, "revision": "canary"}], secretName="fleet-deploy-key")
    draft.clusters["c1"]["wave"] = 0
    return draft


def _by_hostname() -> Draft:
    draft = _delivery(gate={"image": "example.com/curl:8"})
    draft.exposed = NEAREST.exposed
    draft.hostnames = {"c2": "c2.example.com"}
    return draft


def test_everything_is_applied_and_stays_so(delivered: ByFlux, show: Show) -> None:
    """No server default and no controller of Kubernetes makes a difference; variables arrive as they are."""
    assert delivered.changed_by_another_sync() == []
    before = {cluster: delivered.tracked(cluster) for cluster in FLEET.clusters}
    time.sleep(_QUIET)
    assert {cluster: delivered.tracked(cluster) for cluster in FLEET.clusters} == before
    for cluster in FLEET.clusters:
        assert [body for body in delivered.objects(cluster) if not _is_there(delivered, cluster, body)] == []
        gateway = delivered.lab.clusters[cluster].api.get("v1", "Service", "eastwest-gateway", "bookinfo")
        assert gateway["metadata"]["annotations"]["example.com/variable"] == VARIABLE
    show("objects that Flux owns in c1 and c2", [len(objects) for objects in before.values()])


def test_a_commit_that_changes_nothing_changes_nothing(delivered: ByFlux, show: Show) -> None:
    before = {cluster: delivered.tracked(cluster) for cluster in FLEET.clusters}
    delivered.push("The same")
    show("from such a commit to Ready in both clusters", delivered.wait())
    assert {cluster: delivered.tracked(cluster) for cluster in FLEET.clusters} == before


@pytest.mark.parametrize(
    ("draft", "kinds"),
    [
        (FLEET, {"Deployment", "Service"}),
        (_canary(), {"Deployment", "Service"}),
        (_by_hostname(), {"Deployment", "Service", "Job", "Gateway"}),
    ],
    ids=["one branch", "canary", "gate and hostname"],
)
def test_the_api_server_takes_every_object_of_flux(delivered: ByFlux, draft: Draft, kinds: set[str]) -> None:
    """Server-side, strictly, against the CustomResourceDefinitions of Flux itself. `kinds`: those that have health."""
    objects = delivery_objects(delivered.build_aside(draft))
    for body in objects:
        delivered.lab.clusters["c1"].api.apply(body, manager="kubectl", dry_run=True)
    assert len(objects) == len(draft.clusters) * (1 + 1 + len(PARTS))
    assert {check["kind"] for body in objects for check in body["spec"].get("healthChecks", [])} == kinds


def test_an_object_of_flux_with_an_unknown_field_is_not_taken(delivered: ByFlux) -> None:
    """The scenario above can fail."""
    body = delivery_objects(delivered.lab.tree)[0]
    body["spec"]["noSuchField"] = True
    with pytest.raises(RefusedError, match="noSuchField"):
        delivered.lab.clusters["c1"].api.apply(body, manager="kubectl", dry_run=True)


def test_objects_come_in_the_order_of_stages_and_go_the_other_way(delivered: ByFlux, show: Show) -> None:
    """Of details, all that leads from c1 to c2 and back."""
    delivered.deliver(WITHOUT_DETAILS, "details is not exposed any more", allow_withdrawal=True)
    version = _version(delivered)
    show("from the commit that exposes details to Ready", delivered.deliver(FLEET, "details is exposed"))
    assert _kinds(delivered, version, "ADDED") == ["Gateway", *_TRAFFIC]
    version = _version(delivered)
    delivered.deliver(WITHOUT_DETAILS, "details is not exposed any more", allow_withdrawal=True)
    # Parts follow one another here, too: the one that lets others in is the first.
    assert _kinds(delivered, version, "DELETED") == ["Gateway", *reversed(_TRAFFIC)]


def test_aliases_go_after_the_routes_to_them_have_changed(delivered: ByFlux) -> None:
    """Shares end: nothing of the part is deleted before all else of it is as it is to be."""
    version = _version(delivered)
    delivered.deliver(NEAREST, "details has no shares any more")
    events = _events(delivered, version, _TRAFFIC)
    changed = [event.version for event in events if event.what != "DELETED"]
    gone = [event.version for event in events if event.what == "DELETED"]
    assert {event.kind for event in events if event.what != "DELETED"} >= {"VirtualService"}
    assert {event.kind for event in events if event.what == "DELETED"} >= {"ServiceEntry"}
    assert max(changed) < min(gone)


def test_a_change_by_hand_is_set_back(delivered: ByFlux) -> None:
    """A changed field, one that `kubectl` added and a deleted object: at the next look, which an interval brings."""
    api = delivered.lab.clusters["c1"].api
    wanted = api.get(*_RULE)
    entry = next(body for body in delivered.objects("c1") if body["kind"] == "WorkloadEntry")
    added = {"workloadSelector": {"matchLabels": {"by": "hand"}}}
    api.patch(wanted, {"spec": {"host": "somewhere.else", **added}}, manager="kubectl-edit")
    api.delete(entry)
    delivered.sync_again("c1")
    assert api.get(*_RULE)["spec"] == wanted["spec"]
    assert _is_there(delivered, "c1", entry)


def test_a_field_that_another_program_added_stays(delivered: ByFlux) -> None:
    """What the output does not have is not compared; what it has is."""
    api = delivered.lab.clusters["c1"].api
    wanted = api.get(*_RULE)
    added = {"workloadSelector": {"matchLabels": {"by": "program"}}}
    api.patch(wanted, {"spec": {"host": "somewhere.else", **added}}, manager="program")
    delivered.sync_again("c1")
    assert api.get(*_RULE)["spec"] == wanted["spec"] | added
    api.patch(wanted, {"spec": {"workloadSelector": None}}, manager="program")


def test_what_meshgen_does_not_own_is_never_deleted(delivered: ByFlux) -> None:
    """Objects beside ours, one of them a copy of ours with all its labels and annotations but another name."""
    api = delivered.lab.clusters["c1"].api
    ours = api.get(*_RULE)
    metadata = {key: ours["metadata"][key] for key in ("namespace", "labels", "annotations")}
    copy = ours | {"metadata": metadata | {"name": "copied"}}
    team = reference("v1", "ConfigMap", "of-a-team", "bookinfo")
    strangers = [copy, team]
    for body in strangers:
        api.apply(body, manager="team")
    delivered.deliver(_exposed(host("reviews")), "details is not exposed any more", allow_withdrawal=True)
    assert not _is_there(delivered, "c1", ours)
    delivered.deliver(FLEET, "details is exposed again")
    assert [body["metadata"]["name"] for body in strangers if not _is_there(delivered, "c1", body)] == []
    for body in strangers:
        api.delete(body)


def test_a_part_that_lost_its_last_object_is_emptied(delivered: ByFlux) -> None:
    """Nothing is exposed any more, the gateways stay."""
    delivered.deliver(_exposed(), "Nothing is exposed", allow_withdrawal=True)
    api = delivered.lab.clusters["c1"].api
    assert [kind for kind in ("Gateway", *_TRAFFIC) if api.items("networking.istio.io/v1", kind)] == []
    assert _is_there(delivered, "c1", reference("apps/v1", "Deployment", "eastwest-gateway", "bookinfo"))


def test_a_cluster_that_gets_nothing_any_more_keeps_what_it_has(delivered: ByFlux, show: Show) -> None:
    before = delivered.objects("c1")
    draft = _exposed()
    draft.workspace = {"namespaceSelector": {"names": ["c2/bookinfo"]}}
    delivered.commit(draft, "c1 has no workspace", allow_withdrawal=True)
    assert not (delivered.lab.tree / "c1").exists()
    show("Flux, of a cluster without objects", delivered.wait_for_refusal("c1", PARTS[0]))
    time.sleep(_QUIET)
    assert [body["metadata"]["name"] for body in before if not _is_there(delivered, "c1", body)] == []


@pytest.mark.parametrize(
    ("gone", "refused"),
    [("c1", PARTS[0]), ("_delivery/c1", FIRST), ("c1/bookinfo/destinationrule*_meshgen-details.yaml", PARTS[1])],
    ids=["its objects", "its lists", "a file"],
)
def test_a_cluster_whose_files_vanish_keeps_what_it_has(delivered: ByFlux, gone: str, refused: str, show: Show) -> None:
    """A merge gone wrong, or the cluster has left the fleet."""
    before = delivered.objects("c1")
    (path,) = delivered.lab.tree.glob(gone)
    run("rm", "-r", str(path))
    delivered.push(f"{gone} is gone")
    show(f"Flux, where {gone} is gone", delivered.wait_for_refusal("c1", refused))
    time.sleep(_QUIET)
    assert [body["metadata"]["name"] for body in before if not _is_there(delivered, "c1", body)] == []


def test_an_object_that_the_api_server_rejects_stops_its_part_and_those_after_it(delivered: ByFlux, show: Show) -> None:
    """Nothing of the part is applied; the next, good commit goes through."""
    delivered.lab.build(delivered.write(NEAREST))
    (rule,) = (delivered.lab.tree / "c1" / "bookinfo").glob("destinationrule.*_meshgen-details.yaml")
    good = rule.read_text(encoding="utf-8")
    rule.write_text(f"{good}  workloadSelector: what the API does not know\n", encoding="utf-8")
    version = _version(delivered)
    delivered.push("A bad rule")
    rule.write_text(good, encoding="utf-8")
    show("Flux, of what the API server rejects", delivered.wait_for_refusal("c1", PARTS[1])[:200])
    assert _events(delivered, version, _TRAFFIC) == []
    assert not delivered.flux.states("c1")[PARTS[2]].has(delivered.revision)
    show("from the next, good commit to Ready in both clusters", delivered.deliver(NEAREST, "A good rule"))
    assert _events(delivered, version, _TRAFFIC) != []


def test_a_gateway_without_address_is_not_ready_and_holds_up_nothing(delivered: ByFlux, show: Show) -> None:
    api = delivered.lab.clusters["c1"].api
    service = reference("v1", "Service", "eastwest-gateway", "bookinfo")
    draft = NEAREST.changed()
    draft.addresses["c1"] = []
    delivered.commit(draft, "Nobody knows the address of c1", allow_withdrawal=True)
    api.patch_status(service, {"loadBalancer": {"ingress": None}})
    delivered.wait("c2")
    delivered.until(lambda: set(delivered.late("c1")) == {PARTS[-1]}, lambda: str(delivered.late("c1")))
    time.sleep(_QUIET + _HEALTH)
    show("Flux, of a gateway without address", delivered.flux.states("c1")[PARTS[-1]].message)
    assert set(delivered.late("c1")) == {PARTS[-1]}
    api.patch_status(service, {"loadBalancer": {"ingress": [{"ip": "192.0.2.11"}]}})
    delivered.wait()


def test_a_kustomization_that_somebody_deletes_takes_nothing_with_it(delivered: ByFlux) -> None:
    _delete(delivered, PARTS[1])
    assert [body for body in delivered.objects("c1") if not _is_there(delivered, "c1", body)] == []
    delivered.push("Bring it back")
    delivered.wait()


def test_a_cluster_that_stops_following_keeps_what_it_has(delivered: ByFlux) -> None:
    """By `kubectl delete -k`, the other way of how it began to follow."""
    before = delivered.tracked("c1")
    directory = delivered.lab.tree / "_delivery" / "c1"
    delivered.flux.uninstall("c1", directory)
    assert delivered.flux.states("c1") == {}
    assert delivered.tracked("c1") == before
    delivered.flux.install("c1", directory)
    delivered.wait()
    assert delivered.tracked("c1") == before


def test_a_cluster_is_emptied_by_hand(delivered: ByFlux) -> None:
    """The steps of docs/howto/flux.md: the first Kustomization is suspended, the others are told to delete."""
    before = delivered.objects("c1")
    delivered.flux.patch("c1", FIRST, {"spec": {"suspend": True}})
    for name in reversed(PARTS):
        delivered.flux.patch("c1", name, {"spec": {"deletionPolicy": "Delete"}})
        _delete(delivered, name)
    assert {body["kind"] for body in before if _is_there(delivered, "c1", body)} <= {"Namespace"}
    delivered.flux.patch("c1", FIRST, {"spec": {"suspend": False}})
    delivered.push("Follow again")
    delivered.wait()
    assert [body for body in before if not _is_there(delivered, "c1", body)] == []


def _delete(delivered: ByFlux, name: str) -> None:
    delivered.flux.delete("c1", name)
    delivered.until(lambda: name not in delivered.flux.states("c1"), lambda: f"the end of {name}")


def _version(delivered: ByFlux) -> int:
    return delivered.lab.clusters["c1"].api.version()


def _events(delivered: ByFlux, version: int, kinds: Iterable[str]) -> list[Event]:
    """What became of Istio's objects of these kinds in c1, in order."""
    api = delivered.lab.clusters["c1"].api
    return sorted(event for kind in kinds for event in api.events_since(version, "networking.istio.io/v1", kind))


def _kinds(delivered: ByFlux, version: int, what: str) -> list[str]:
    """The kinds of objects to which it happened, in order; one that comes again is named again."""
    events = _events(delivered, version, ("Gateway", *_TRAFFIC))
    return [kind for kind, _ in groupby(event.kind for event in events if event.what == what)]


def _is_there(delivered: ByFlux, cluster: str, body: Object) -> bool:
    metadata = body["metadata"]
    try:
        delivered.lab.clusters[cluster].api.get(
            body["apiVersion"], body["kind"], metadata["name"], metadata.get("namespace", "")
        )
    except RefusedError as refused:
        if refused.status != _GONE:
            raise
        return False
    return True
