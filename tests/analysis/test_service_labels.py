"""The labels that choose exposed Services."""

from __future__ import annotations

from typing import Any

import pytest

from meshgen.analysis.relations import Relations
from meshgen.analysis.service_labels import Problem, Selection, select
from meshgen.language.cluster import Cluster
from meshgen.language.fleet import Fleet, FleetSpec
from meshgen.language.inventory import Inventory
from meshgen.language.workspace import Workspace

Services = dict[str, dict[str, str]]


def selection(exposed: list[str] | None, **clusters: Services) -> Selection:
    """What `select` finds for a workspace with namespace `shop`; Services by cluster: name → labels."""
    workspace = Workspace.model_validate(
        {"name": "shop", "namespaceSelector": {"names": ["*/shop"]}}
        | ({} if exposed is None else {"exposedServices": [{"host": f"{n}.shop.svc.cluster.local"} for n in exposed]})
    )
    fleet = Fleet(
        name="demo",
        spec=FleetSpec.model_validate({"platform": "tsb"}),
        clusters=tuple(Cluster.model_validate({"name": name}) for name in clusters),
        workspaces=(workspace,),
        inventories={name: inventory(name, services) for name, services in clusters.items()},
    )
    return select(Relations(fleet), workspace)


def inventory(cluster: str, services: Services) -> Inventory:
    items: list[dict[str, Any]] = [
        {"name": name, "namespace": "shop", "labels": labels} for name, labels in services.items()
    ]
    return Inventory.model_validate({"name": cluster, "namespaces": [{"name": "shop"}], "services": items})


@pytest.mark.parametrize(
    ("labels", "other", "chosen"),
    [
        ({"app": "web", "tier": "front"}, {"app": "db"}, {"app": "web"}),
        ({"app": "x", "app.kubernetes.io/name": "web"}, {"app": "x"}, {"app.kubernetes.io/name": "web"}),
        ({"app": "x", "version": "v1", "team": "a"}, {"app": "x"}, {"team": "a"}),
        ({"a": "1", "b": "1", "c": "1"}, {"a": "1", "c": "1"}, {"b": "1"}),
        ({"version": "v2", "app": "x"}, {"app": "x", "version": "v1"}, {"version": "v2"}),
    ],
)
def test_the_best_single_label_that_only_the_exposed_service_has(
    labels: dict[str, str], other: dict[str, str], chosen: dict[str, str]
) -> None:
    assert selection(["web"], c1={"web": labels, "other": other}).labels == (chosen,)


def test_a_pair_where_no_single_label_does() -> None:
    services = {"web": {"app": "x", "tier": "1"}, "a": {"app": "x", "tier": "2"}, "b": {"app": "y", "tier": "1"}}
    assert selection(["web"], c1=services).labels == ({"app": "x", "tier": "1"},)


def test_all_labels_where_no_pair_does() -> None:
    web = {"a": "1", "b": "1", "c": "1"}
    others = {f"no-{left_out}": web | {left_out: "2"} for left_out in web}
    assert selection(["web"], c1={"web": web, **others}).labels == (web,)


def test_services_of_all_clusters_count() -> None:
    web = {"app": "x", "tier": "front"}
    found = selection(["web"], c1={"web": web}, c2={"web": web, "other": {"app": "x"}})
    assert found.labels == ({"tier": "front"},)


def test_copies_with_different_labels_get_a_set_each() -> None:
    found = selection(["web"], c1={"web": {"app": "web"}}, c2={"web": {"app": "shop-web"}, "db": {"app": "db"}})
    assert found.labels == ({"app": "shop-web"}, {"app": "web"})


def test_exposed_services_may_share_a_set() -> None:
    found = selection(["web", "db"], c1={"web": {"app": "x"}, "db": {"app": "x"}, "other": {"app": "y"}})
    assert found.labels == ({"app": "x"},)


def test_no_list_means_all_and_an_empty_list_none() -> None:
    assert selection(None, c1={"web": {"app": "web"}}).labels is None
    assert selection([], c1={"web": {"app": "web"}}).labels == ()


def test_a_service_with_the_same_labels_is_a_problem() -> None:
    (problem,) = selection(["web"], c1={"web": {"app": "x"}}, c2={"other": {"app": "x", "tier": "1"}}).problems
    assert isinstance(problem, Problem)
    assert (problem.cluster, problem.exposed.name, problem.other_cluster) == ("c1", "web", "c2")
    assert problem.other is not None
    assert problem.other.name == "other"


def test_a_service_without_labels_is_a_problem_of_its_own() -> None:
    (problem,) = selection(["web"], c1={"web": {}, "other": {"app": "x"}}).problems
    assert problem.other is None
