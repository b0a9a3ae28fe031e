"""The table of calls: how each consumer gets each host, and what it takes for it (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from meshgen.calls import imports as importing
from meshgen.calls import table
from meshgen.calls.model import Taken
from meshgen.calls.places import levels_of, named_levels
from meshgen.pipeline import compile_fleet
from meshgen.views.matrix import matrix
from tests.fleets import HAS, LACKS, THIRD, compiled, fleet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from meshgen.calls import Call

WEB = "web.shop.svc.cluster.local"
SHARED = "meshgen-multicluster"
ARRIVES = """
kind: Inventory
metadata: {name: c1}
spec:
  istio: {dnsCapture: true}
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, state: arriving, selector: {app: web}, ports: [{name: http, port: 80}]}
"""


def call(*texts: str, consumer: str = "c1") -> Call:
    return compiled(*texts).calls.of(consumer)[WEB]


def test_a_cluster_that_lacks_the_service_takes_a_service_entry_and_its_policies() -> None:
    (taken,) = call(LACKS).imports
    assert taken.form == "serviceEntry"
    assert taken.takes == (
        Taken("serviceEntry", SHARED, WEB),
        Taken("destinationRule", SHARED, WEB),
        Taken("virtualService", SHARED, WEB),
    )


def test_a_cluster_that_has_it_takes_an_entry_for_each_address_and_its_policies() -> None:
    (taken,) = call(HAS).imports
    assert taken.form == "workloadEntries"
    assert taken.takes == (
        Taken("workloadEntry", "shop", "k-web-ccb77c8ef55e44ace7d63145e9de8493"),
        Taken("workloadEntry", "shop", "k-web-ccb77c8ef55e44ace7d63145e9de8493-2"),
        Taken("destinationRule", "shop", "meshgen-web"),
        Taken("virtualService", "shop", "meshgen-web"),
    )


def test_while_the_service_arrives_a_call_takes_what_it_needs_before_and_after() -> None:
    found = call(LACKS, ARRIVES)
    assert [item.form for item in found.imports] == ["serviceEntry", "workloadEntries"]
    assert [reason.why for reason in found.reasons] == ["arriving"]


def test_remote_sources_stand_in_levels_the_own_region_first() -> None:
    found = call(HAS, THIRD, consumer="c3")
    assert [[source.cluster for source in level.sources] for level in found.imports[0].levels] == [["c2"], ["c1"]]


def test_the_levels_of_an_import_hold_all_its_endpoints() -> None:
    (item,) = call(HAS, THIRD, consumer="c3").imports
    assert sorted(str(e) for level in item.levels for e in level.endpoints) == sorted(map(str, item.endpoints))


@pytest.mark.parametrize(
    "traffic",
    [
        "mode: ordered, order: [{names: [c2]}, {names: [c1]}]",
        "mode: weighted, weights: [{names: [c1], share: 1}, {names: [c2], share: 3}]",
    ],
)
def test_without_failover_callers_of_a_copy_stay_whatever_the_policy_and_the_others_follow_it(traffic: str) -> None:
    said = f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  traffic: {{{traffic}}}
  failover: {{enabled: false}}
"""
    assert (call(HAS, THIRD, said).state, call(HAS, THIRD, said).imports) == ("local", ())
    followed = levels_of(call(HAS, THIRD, said, consumer="c3"))
    by_shares = [["c1 25 %", "c2 75 %"]]
    expected = by_shares if "weighted" in traffic else [["c2"], ["c1"]]
    assert [list(level) for level in named_levels(followed)] == expected


def _everywhere(clusters: int, services: int) -> str:
    """A fleet whose clusters all have all services."""
    names = [f"c{number}" for number in range(clusters)]
    listed = ", ".join(f"{{name: {name}, network: n-{name}}}" for name in names)
    items = "".join(
        f"\n  - {{name: s{number}, namespace: shop, selector: {{app: s{number}}}, ports: [{{name: http, port: 80}}]}}"
        for number in range(services)
    )
    inventories = "".join(
        f"""
---
kind: Inventory
metadata: {{name: {name}}}
spec:
  namespaces: [{{name: shop}}]
  services:{items}
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.{number}, 198.51.100.{number}]}}]
"""
        for number, name in enumerate(names, 1)
    )
    return f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  clusters: [{listed}]
---
kind: Workspace
metadata: {{name: shop}}
spec: {{namespaceSelector: {{names: ["*/shop"]}}, eastWestGateway: {{name: ew, namespace: shop}}}}
{inventories}"""


@pytest.mark.parametrize(
    ("module", "name"),
    [(table, "Call"), (importing, "Import"), (importing, "traffic_policy"), (importing, "retry")],
    ids=["calls", "imports", "traffic policies", "retries"],
)
def test_each_pair_is_derived_once_whoever_asks(
    module: ModuleType, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    derive: Callable[..., Any] = getattr(module, name)
    derived = Mock(side_effect=derive)
    monkeypatch.setattr(module, name, derived)
    (tmp_path / "fleet.yaml").write_text(fleet(_everywhere(clusters=3, services=3)), encoding="utf-8")
    compilation = compile_fleet(tmp_path)
    assert compilation.calls is not None
    matrix(compilation.calls, "table")
    assert derived.call_count == 3 * 3


def test_only_the_consumers_that_are_asked_for_are_derived_and_planned(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(fleet(_everywhere(clusters=3, services=3)), encoding="utf-8")
    compilation = compile_fleet(tmp_path, frozenset({"c1"}))
    assert compilation.plan is not None
    assert compilation.calls is not None
    assert {call.consumer for call in compilation.calls} == {"c1"}
    assert [cluster.cluster for cluster in compilation.plan.clusters] == ["c1"]
    whole = compile_fleet(tmp_path)
    assert compilation.files == {path: text for path, text in whole.files.items() if path.startswith("c1/")}
