"""The objects of a cluster against the emitted ones, with a stand-in for its API server."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.diagnostics.several import ordered
from meshgen.live.errors import NotFoundError
from meshgen.running.command import kinds
from meshgen.running.differences import differences
from meshgen.running.objects import compare_objects
from tests.emit.maximal import maximal
from tests.fleets import HAS, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meshgen.live import Resource
    from tests.fleets import Compiled

Object = dict[str, Any]
OURS = "app.kubernetes.io/managed-by=meshgen"


@dataclass
class StandIn:
    """Answers as an API server that holds `objects`; it serves the kinds of all of them and of `served`."""

    objects: list[Object]
    served: set[tuple[str, str]] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.served = self.served or {(body["apiVersion"], body["kind"]) for body in self.objects}

    def json(self, path: str) -> Any:
        self.requests.append(path)
        *_, last = path.split("/")
        version = path.removeprefix("/apis/").removeprefix("/api/")
        kinds_here = sorted(kind for served, kind in self.served if served == version)
        if kinds_here:
            named = [{"name": f"{kind.lower()}s", "kind": kind} for kind in kinds_here]
            return {"resources": [*named, {"name": f"{kinds_here[0].lower()}s/status", "kind": kinds_here[0]}]}
        for body in self.objects:
            if f"/{body['kind'].lower()}s/" in path and body["metadata"]["name"] == last:
                return body
        raise NotFoundError(path, "404, not found", 404)

    def items(self, resource: Resource, *, labels: str = "") -> list[Object]:
        self.requests.append(f"{resource.api_version}/{resource.kind} {labels}")
        key, _, value = labels.partition("=")
        return [
            body
            for body in self.objects
            if (body["apiVersion"], body["kind"]) == (resource.api_version, resource.kind)
            and body["metadata"].get("labels", {}).get(key) == value
        ]


def held(found: Compiled, cluster: str) -> list[Object]:
    """The emitted objects as an API server has them: with what it and controllers add."""
    objects = [copy.deepcopy(item.body) for item in found.manifests(cluster=cluster) if item.synced]
    for body in objects:
        body["metadata"] |= {"uid": "1", "resourceVersion": "7", "generation": 1}
        body["metadata"]["annotations"] = {**body["metadata"]["annotations"], "example.com/added": "by others"}
        body["status"] = {"conditions": []}
    return objects


def said(found: Compiled, cluster: str, api: StandIn) -> list[str]:
    artifacts = [item for item in found.manifests(cluster=cluster) if item.synced]
    compared = compare_objects(api, cluster, artifacts, kinds(found.plan.platform))
    assert compared.same + len(compared.wrong) == len(artifacts)
    return [f"{finding.code} {finding.message}" for finding in ordered(compared.findings)]


@pytest.mark.parametrize("found", maximal(), ids=lambda found: found.plan.platform)
def test_a_synced_cluster_has_no_findings(found: Compiled) -> None:
    for cluster in found.plan.clusters:
        assert said(found, cluster.cluster, StandIn(held(found, cluster.cluster))) == []


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [leaf for key, each in parts for leaf in _leaves(each, (*path, key))]
    yield from inner or ([path] if value not in ({}, []) else [])


@pytest.mark.parametrize("found", maximal(), ids=lambda found: found.plan.platform)
def test_every_field_of_every_emitted_kind_counts(found: Compiled) -> None:
    seen: set[str] = set()
    for item in found.manifests():
        if item.kind in seen:
            continue
        seen.add(item.kind)
        for path in _leaves(item.body):
            changed = copy.deepcopy(item.body)
            place: Any = changed
            for part in path[:-1]:
                place = place[part]
            place[path[-1]] = "another"
            different = differences(item.body, changed, own_kind=False)
            assert [each.path for each in different] == [path]


WEB, OLD = "DestinationRule `shop/meshgen-web`", "DestinationRule `shop/meshgen-old`"
EDITED = f"MG761 {WEB} in `c1` is not as emitted:"


def _named(objects: list[Object], kind: str) -> Object:
    return next(body for body in objects if body["kind"] == kind)


def delete(objects: list[Object]) -> None:
    objects.remove(_named(objects, "DestinationRule"))


def edit(objects: list[Object]) -> None:
    body = _named(objects, "DestinationRule")
    body["spec"]["host"] = "x"
    body["metadata"]["managedFields"] = [
        {"manager": "kubectl-edit", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:host": {}}}}
    ]


def unlabel(objects: list[Object]) -> None:
    del _named(objects, "DestinationRule")["metadata"]["labels"]["app.kubernetes.io/managed-by"]


def ending(objects: list[Object]) -> None:
    _named(objects, "DestinationRule")["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


def old(objects: list[Object]) -> None:
    old = copy.deepcopy(_named(objects, "DestinationRule"))
    old["metadata"]["name"] = "meshgen-old"
    objects.append(old)


def made_by_a_controller(objects: list[Object]) -> None:
    old(objects)
    objects[-1]["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "x"}]


def refused(objects: list[Object]) -> None:
    message = {"type": {"name": "ReferencedResourceNotFound", "code": "IST0101"}, "level": "ERROR"}
    info = {"type": {"name": "Said", "code": "IST0001"}, "level": "INFO"}
    _named(objects, "DestinationRule")["status"] = {"validationMessages": [info, message]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (delete, ["MG760 DestinationRule `shop/meshgen-web` is not there in `c1`"]),
        (ending, ["MG760 DestinationRule `shop/meshgen-web` is being deleted in `c1`"]),
        (
            edit,
            [f"{EDITED} `spec.host` is `x`, not `web.shop.svc.cluster.local`; written last by `kubectl-edit`"],
        ),
        (
            unlabel,
            [f"{EDITED} `metadata.labels['app.kubernetes.io/managed-by']` is not there"],
        ),
        (
            old,
            [f"MG762 {OLD} in `c1` is ours, of `workspace/shop`, and the plan does not have it"],
        ),
        (made_by_a_controller, []),
        (
            refused,
            [f"MG763 istiod of `c1` does not take {WEB}: its status says `IST0101 ReferencedResourceNotFound`"],
        ),
    ],
)
def test_each_change_gives_exactly_its_finding(change: Callable[[list[Object]], None], expected: list[str]) -> None:
    found = compiled(HAS)
    api = StandIn(held(found, "c1"))
    change(api.objects)
    assert said(found, "c1", api) == expected


def test_a_kind_that_the_cluster_does_not_have_is_one_finding() -> None:
    found = compiled(HAS)
    api = StandIn(held(found, "c1"))
    api.served = {each for each in api.served if each[1] != "WorkloadEntry"}
    (text,) = said(found, "c1", api)
    assert text.startswith(
        "MG760 `c1` does not have the kind WorkloadEntry of `networking.istio.io/v1`, so it lacks `k-web-"
    )


def test_a_cluster_that_was_never_synced_is_one_finding_a_kind_and_few_requests() -> None:
    found = compiled(HAS)
    api = StandIn([], {(item.schema.api_version, item.kind) for item in found.manifests(cluster="c1") if item.schema})
    texts = said(found, "c1", api)
    assert [text.split()[0] for text in texts] == ["MG760"]
    assert texts[0].endswith("are not there in `c1`")


def test_only_what_is_ours_is_asked_for() -> None:
    found = compiled(HAS)
    api = StandIn(held(found, "c1"))
    said(found, "c1", api)
    lists = [request for request in api.requests if " " in request]
    assert lists
    assert all(request.endswith(OURS) for request in lists)
