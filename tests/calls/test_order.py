"""Any order of clusters by labels of endpoints and `failoverPriority` (design §3, ADR 35)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.calls.order import by_labels, endpoint_weights, level_labels
from tests.fleets import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.fleets import Compiled


def priority(priorities: Sequence[str], endpoint: Mapping[str, str], proxy: Mapping[str, str]) -> int:
    """What istiod makes of one endpoint: applyFailoverPriorityPerLocality, loadbalancer.go of Istio 1.32."""
    adjust = 0
    for place, text in enumerate(priorities):
        label, is_given, value = text.partition("=")
        wanted = value if is_given else proxy.get(label, "")
        if wanted != endpoint.get(label, ""):
            if place == 0 and label == "topology.istio.io/network":
                adjust = len(priorities)
                continue
            return len(priorities) - place + adjust
    return adjust


def levels(priorities: Sequence[str], endpoints: Mapping[str, Mapping[str, str]], proxy: Mapping[str, str]) -> Any:
    """The names of endpoints by their priority, without gaps (applyFailoverPriorities)."""
    found: dict[int, set[str]] = {}
    for name, labels in endpoints.items():
        found.setdefault(priority(priorities, labels, proxy), set()).add(name)
    return [found[each] for each in sorted(found)]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize("own", [None, 0, 1, 2, 4])
def test_every_order_of_levels_with_the_own_copy_anywhere(count: int, own: int | None) -> None:
    if own is not None and own >= count:
        own = count - 1
    endpoints = {str(level): dict(level_labels(level, own)) for level in range(count)}
    found = levels(by_labels(count, own, zone_aware=False).priorities, endpoints, {"app": "client"})
    assert found == [{str(level)} for level in range(count)]


def test_the_own_zone_before_the_rest_of_the_own_copy() -> None:
    zone = "topology.kubernetes.io/zone"
    endpoints = {"here": {zone: "a"}, "own": {zone: "b"}, "c2": {zone: "a", **dict(level_labels(1, 0))}}
    found = levels(by_labels(2, 0, zone_aware=True).priorities, endpoints, {zone: "a"})
    assert found == [{"here"}, {"own"}, {"c2"}]


@pytest.mark.parametrize(
    ("shares", "addresses", "weights"),
    [
        ({"c2": 70, "c3": 30}, {"c2": 2, "c3": 3}, {"c2": 7, "c3": 2}),
        ({"c2": 50, "c3": 50}, {"c2": 1, "c3": 1}, {"c2": 1, "c3": 1}),
        ({"c2": 1, "c3": 1, "c4": 1}, {"c2": 1, "c3": 2, "c4": 3}, {"c2": 6, "c3": 3, "c4": 2}),
    ],
)
def test_a_share_is_of_a_cluster_whatever_the_number_of_its_addresses(
    shares: dict[str, int], addresses: dict[str, int], weights: dict[str, int]
) -> None:
    total = sum(shares.values())
    given_shares = [(cluster, Fraction(share, total)) for cluster, share in shares.items()]
    assert endpoint_weights(given_shares, addresses) == weights


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 97)), min_size=2, max_size=12))
def test_weights_can_be_added_up_and_keep_the_shares(pairs: list[tuple[int, int]]) -> None:
    total = sum(share for share, _ in pairs)
    shares = [(f"c{place}", Fraction(share, total)) for place, (share, _) in enumerate(pairs)]
    addresses = {f"c{place}": count for place, (_, count) in enumerate(pairs)}
    weights = endpoint_weights(shares, addresses)
    everything = sum(weights[cluster] * addresses[cluster] for cluster, _ in shares)
    assert everything < 2**32
    for cluster, share in shares:
        assert abs(weights[cluster] * addresses[cluster] / everything - float(share)) < 0.001


NAMES = ("c1", "c2", "c3", "c4", "c5")


@st.composite
def fleets(draw: st.DrawFn) -> str:
    """Fleets of several clusters and one service, ordered or nearest with regions near to each other."""
    names = NAMES[: draw(st.integers(2, 5))]
    regions = {name: draw(st.sampled_from(["eu", "us", "asia", "africa"])) for name in names}
    having = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    if draw(st.booleans()):
        items = draw(st.lists(st.sampled_from([*names, "c*"]), min_size=1, max_size=4, unique=True))
        traffic = "{mode: ordered, order: [" + ", ".join(f'{{names: ["{item}"]}}' for item in [*items, "*"]) + "]}"
    else:
        traffic = "{}"
    near = ", ".join(
        f"{{name: {region}, near: [{', '.join(draw(st.permutations(['eu', 'us', 'asia'])))}]}}"
        for region in draw(st.lists(st.sampled_from(["eu", "us"]), unique=True))
    )
    capture = {name: draw(st.booleans()) for name in names}
    clusters = "\n".join(
        f"  - {{name: {name}, region: {regions[name]}, network: n-{name}, "
        f"istio: {{dnsCapture: {str(capture[name]).lower()}}}}}"
        for name in names
    )
    text = f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  regions: [{near}]
  clusters:
{clusters}
---
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  traffic: {traffic}
  failover: {{zoneAware: {str(draw(st.booleans())).lower()}}}
"""
    for place, name in enumerate(names, start=1):
        service = "{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}"
        addresses = ", ".join(f"192.0.{place}.{each}" for each in range(1, draw(st.integers(1, 3)) + 1))
        text += f"""
---
kind: Inventory
metadata: {{name: {name}}}
spec:
  namespaces: [{{name: shop}}]
  services: [{service if name in having else ""}]
  gateways: [{{name: ew, namespace: shop, addresses: [{addresses}]}}]
"""
    return text


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(fleets())
def test_what_istiod_makes_of_the_emitted_objects_are_the_levels_of_the_call(text: str) -> None:
    found = compiled.__wrapped__(text)
    for call in found.calls:
        for item in call.imports:
            wanted = [
                ({"local"} if level.local else set()) | {source.cluster for source in level.sources}
                for level in item.levels
            ]
            proxy = {
                "topology.kubernetes.io/region": found.calls.relations.cluster(call.consumer).region or "",
                "topology.istio.io/network": f"n-{call.consumer}",
            }
            assert levels(*_emitted(found, call.consumer, local=item.local is not None), proxy) == wanted, text


def _emitted(found: Compiled, cluster: str, *, local: bool) -> tuple[list[str], dict[str, dict[str, str]]]:
    """The priorities and the endpoints of the one host of a cluster, by source, as istiod labels them."""
    (rule,) = found.manifests("DestinationRule", cluster=cluster)
    locality = rule.body["spec"]["trafficPolicy"].get("loadBalancer", {}).get("localityLbSetting", {})
    written = [
        entry for item in found.manifests("ServiceEntry", cluster=cluster) for entry in item.body["spec"]["endpoints"]
    ]
    written += [item.body["spec"] for item in found.manifests("WorkloadEntry", cluster=cluster)]
    endpoints = {
        entry["network"].split(".")[0].removeprefix("meshgen-"): {
            "topology.kubernetes.io/region": entry["locality"],
            "topology.istio.io/network": entry["network"],
            **entry["labels"],
        }
        for entry in written
    }
    if local:
        region = found.calls.relations.cluster(cluster).region or ""
        endpoints["local"] = {"topology.kubernetes.io/region": region, "topology.istio.io/network": f"n-{cluster}"}
    return locality.get("failoverPriority", []), endpoints
