"""What istiod says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshgen.running.dump import DumpError
from meshgen.running.istiod import compare_istiod, read_said
from meshgen.running.objects import Id
from tests.fleets import HAS, compiled

DUMPS = Path(__file__).parent / "dumps"
RULE = Id("networking.istio.io", "DestinationRule", "shop", "meshgen-web")


def said_of(answer: object, *explained: Id) -> list[str]:
    artifacts = compiled(HAS).manifests(cluster="c1")
    found = compare_istiod(read_said(json.dumps(answer)), "c1", artifacts, explained)
    return [f"{finding.code} {finding.message}" for finding in found]


def holding(without: str = "") -> list[object]:
    """What istiod answers that holds every object of Istio's kinds, but for one kind."""
    return [
        {"kind": item.kind, "apiVersion": item.body["apiVersion"], "metadata": item.metadata, "spec": {}}
        for item in compiled(HAS).manifests(cluster="c1")
        if item.group.endswith(".istio.io") and item.kind != without
    ]


def syncz(error: str) -> list[object]:
    """What it answers about one proxy."""
    listener = {"sent": "a", "acked": "b", **({"lastError": error} if error else {})}
    return [{"proxy": "client.shop", "resources": {"type.googleapis.com/envoy.config.listener.v3.Listener": listener}}]


def test_objects_that_it_holds_and_others_of_kinds_that_it_does_not_read() -> None:
    assert said_of(holding()) == []
    why = "it is not among what it holds (`/debug/configz`)"
    assert said_of(holding("DestinationRule")) == [
        f"MG763 istiod of `c1` does not take DestinationRule `shop/meshgen-web`: {why}"
    ]


def test_what_is_not_in_the_cluster_nobody_can_hold() -> None:
    assert said_of(holding("DestinationRule"), RULE) == []


def test_what_a_proxy_says_against_it() -> None:
    assert said_of(syncz("")) == []
    assert said_of(syncz("duplicate\nlistener")) == [
        "MG774 the proxy `client.shop` of `c1` refuses what istiod sends it (Listener): duplicate listener"
    ]


def test_real_answers_are_read() -> None:
    held = read_said(DUMPS.joinpath("configz.json").read_bytes()).holds
    assert held is not None
    assert Id("networking.istio.io", "DestinationRule", "bookinfo", "meshgen-details") in held
    assert read_said(DUMPS.joinpath("syncz.json").read_bytes()).refused == ()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"a": 1}]'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DumpError):
        read_said(text)
