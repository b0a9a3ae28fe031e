"""The order in which Argo CD would apply and prune."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab.order import ordered

if TYPE_CHECKING:
    from lab.api import Object

_GROUPS = {
    "DestinationRule": "networking.istio.io/v1",
    "Gateway": "networking.istio.io/v1",
    "ServiceEntry": "networking.istio.io/v1",
    "VirtualService": "networking.istio.io/v1",
    "WorkloadEntry": "networking.istio.io/v1",
    "Deployment": "apps/v1",
    "PodDisruptionBudget": "policy/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
}


def _object(text: str) -> Object:
    """`Kind namespace/name wave option`; all but kind and name may be missing."""
    kind, path, *rest = text.split()
    namespace, _, name = path.rpartition("/")
    annotations = {}
    if rest:
        annotations["argocd.argoproj.io/sync-wave"] = rest[0]
    if rest[1:]:
        annotations["argocd.argoproj.io/sync-options"] = rest[1]
    metadata = {"name": name, "annotations": annotations} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": _GROUPS.get(kind, "v1"), "kind": kind, "metadata": metadata}


def _order(wanted: list[str], gone: list[str] | None = None, *, prune_last: bool = False) -> list[str]:
    tasks = ordered([_object(text) for text in wanted], [_object(text) for text in gone or []], prune_last=prune_last)
    return [f"{task.wave} {'-' if task.prune else '+'}{task.key.kind} {task.key.name}" for task in tasks]


def test_known_kinds_come_in_their_order_and_all_custom_ones_after_them_by_name_alone() -> None:
    assert _order(
        [
            "WorkloadEntry n/b",
            "DestinationRule n/c",
            "Gateway n/a",
            "Deployment n/z",
            "Service n/z",
            "ServiceAccount n/z",
            "PodDisruptionBudget n/z",
            "Namespace y",
        ]
    ) == [
        "0 +Namespace y",
        "0 +PodDisruptionBudget z",
        "0 +ServiceAccount z",
        "0 +Service z",
        "0 +Deployment z",
        "0 +Gateway a",
        "0 +WorkloadEntry b",
        "0 +DestinationRule c",
    ]


def test_waves_come_before_kinds() -> None:
    assert _order(["VirtualService n/a 2", "Namespace y 1", "DestinationRule n/z -1", "ServiceEntry n/a"]) == [
        "-1 +DestinationRule z",
        "0 +ServiceEntry a",
        "1 +Namespace y",
        "2 +VirtualService a",
    ]


@pytest.mark.parametrize(
    ("annotation", "wave"), [("3", 3), ("+3", 3), ("-3", -3), ("three", 0), ("3.5", 0), ("1_0", 0)]
)
def test_what_is_no_number_is_no_wave(annotation: str, wave: int) -> None:
    (task,) = ordered([_object(f"Gateway n/a {annotation}")], [])
    assert task.wave == wave


def test_a_namespace_comes_with_the_first_object_in_it() -> None:
    assert _order(["ServiceEntry n/b 1", "DestinationRule m/a", "DestinationRule n/c -1", "Namespace n 2"]) == [
        "-1 +Namespace n",
        "-1 +DestinationRule c",
        "0 +DestinationRule a",
        "1 +ServiceEntry b",
    ]


def test_a_namespace_that_goes_moves_nowhere() -> None:
    assert _order(["DestinationRule n/c 1"], ["Namespace n 2"]) == ["1 +DestinationRule c", "2 -Namespace n"]


def test_a_definition_comes_with_the_first_object_of_its_kind() -> None:
    definition = _object("CustomResourceDefinition gateways.networking.istio.io 1")
    definition["spec"] = {"group": "networking.istio.io", "names": {"kind": "Gateway"}}
    tasks = ordered([_object("DestinationRule n/a"), _object("Gateway n/b"), definition], [])
    assert [(task.wave, task.key.kind) for task in tasks] == [
        (0, "DestinationRule"),
        (0, "CustomResourceDefinition"),
        (0, "Gateway"),
    ]


def test_prunes_trade_waves_among_each_other() -> None:
    gone = ["Pod a 1", "Pod b 3", "Pod c 3", "Pod d 4", "Pod e 5"]
    assert _order(["Namespace n -1", "Pod f 3", "Pod g 5"], gone) == [
        "-1 +Namespace n",
        "1 -Pod e",
        "3 -Pod d",
        "3 +Pod f",
        "4 -Pod b",
        "4 -Pod c",
        "5 -Pod a",
        "5 +Pod g",
    ]


def test_a_lone_prune_keeps_its_wave() -> None:
    assert _order(["Gateway n/new 2", "VirtualService n/v 4"], ["Gateway n/old 2"]) == [
        "2 +Gateway new",
        "2 -Gateway old",
        "4 +VirtualService v",
    ]


def test_with_prune_last_all_prunes_come_in_a_wave_after_all_others() -> None:
    assert _order(["Namespace n", "Gateway n/new 2"], ["Gateway n/old 2", "Pod a 1"], prune_last=True) == [
        "0 +Namespace n",
        "2 +Gateway new",
        "3 -Pod a",
        "3 -Gateway old",
    ]


def test_prune_last_counts_the_waves_of_prunes_and_none_below_0() -> None:
    assert _order([], ["Pod a -3", "Pod b -2"], prune_last=True) == ["1 -Pod a", "1 -Pod b"]
    assert _order([], ["Pod a 1", "Pod b 4"], prune_last=True) == ["5 -Pod a", "5 -Pod b"]


def test_an_object_may_ask_for_prune_last() -> None:
    assert _order(["Namespace n 0"], ["Pod a 1", "Pod b 2 PruneLast=true", "Pod c 3", "Pod d 4"]) == [
        "0 +Namespace n",
        "1 -Pod d",
        "2 -Pod c",
        "4 -Pod a",
        "5 -Pod b",
    ]


ORDERS = json.loads((Path(__file__).parent / "orders.json").read_text(encoding="utf-8"))
"""Random syncs and the orders that gitops-engine's own `sync_tasks.go` and `getSyncTasks` (c9c369efcc5b) gave them."""


@pytest.mark.parametrize("case", ORDERS)
def test_the_order_is_that_of_gitops_engine(case: dict[str, Any]) -> None:
    assert _order(case["wanted"], case["gone"], prune_last=case["prune_last"]) == case["order"]
