"""What a proxy knows against the plan: silent where it is as planned, one finding for each thing that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.diagnostics.several import ordered
from meshgen.pipeline import compile_fleet
from meshgen.running.dump import DumpError, read_dump
from meshgen.running.expected import expected_hosts
from meshgen.running.proxies import compare_proxy
from tests.calls.test_order import fleets
from tests.fleets import HAS, LACKS, Compiled, compiled
from tests.running.changes import (
    ANYWHERE,
    BESIDE_PODS,
    Dump,
    assignments,
    ejected,
    old_address,
    other_network,
    other_port,
    other_shares,
    remote,
    weight,
    without_endpoint,
    without_host,
)
from tests.running.istiod import Mesh

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from meshgen.diagnostics import Diagnostic

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/fleet"))
WEB = "web.shop.svc.cluster.local"
WEIGHTED = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  traffic: {mode: weighted, weights: [{names: [c1], share: 50}, {names: [c2], share: 30}, {names: [c3], share: 20}]}
"""
THREE = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: us, network: n3}
---
kind: Inventory
metadata: {name: c3}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [203.0.113.1]}]
"""


def findings(
    found: Compiled, cluster: str, dump: Dump, *, explained: Collection[str] = (), dead: Collection[str] = ()
) -> list[Diagnostic]:
    expected = list(expected_hosts(found.calls, cluster))
    return ordered(compare_proxy(read_dump(json.dumps(dump)), found.cluster(cluster), expected, explained, dead))


def said(found: list[Diagnostic]) -> list[str]:
    return [f"{finding.code} {finding.message}" for finding in found]


@settings(max_examples=25, deadline=None)
@given(fleets(), st.integers(1, 3))
@pytest.mark.slow
def test_a_dump_made_of_the_emitted_objects_has_no_findings(text: str, pods: int) -> None:
    found = compiled.__wrapped__(text)
    for cluster in found.plan.clusters:
        dump = Mesh(found, cluster.cluster, pods).dump()
        assert said(findings(found, cluster.cluster, dump)) == [], text


@pytest.mark.parametrize("pods", [1, 3])
@pytest.mark.parametrize(
    "texts",
    [(LACKS,), (HAS,), (HAS, THREE), (LACKS, THREE), (HAS, THREE, WEIGHTED), (LACKS, THREE, WEIGHTED)],
    ids=["lacks", "has", "three have", "two of three", "shares", "shares without an own copy"],
)
def test_a_mesh_as_planned_is_silent(texts: tuple[str, ...], pods: int) -> None:
    found = compiled(*texts)
    for cluster in found.plan.clusters:
        assert said(findings(found, cluster.cluster, Mesh(found, cluster.cluster, pods).dump())) == []


@pytest.mark.parametrize("directory", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_the_examples_as_planned_are_silent(directory: Path) -> None:
    found = Compiled(compile_fleet(directory))
    for cluster in found.plan.clusters:
        assert said(findings(found, cluster.cluster, Mesh(found, cluster.cluster, 2).dump())) == []


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    ("texts", "mutate"),
    [
        *(((LACKS,), each) for each in [*ANYWHERE, weight]),
        *(((HAS,), each) for each in [*BESIDE_PODS, weight]),
        *(((HAS, THREE), each) for each in BESIDE_PODS),
        *(((HAS, THREE, WEIGHTED), each) for each in [*BESIDE_PODS, other_shares]),
        *(((LACKS, THREE, WEIGHTED), each) for each in [*ANYWHERE, weight]),
    ],
)
def test_each_change_alone_gives_exactly_its_finding(
    texts: tuple[str, ...], mutate: Callable[[Dump, int], str], place: int
) -> None:
    found = compiled(*texts)
    dump = Mesh(found, "c1").dump()
    code = mutate(dump, place)
    assert [finding.code for finding in findings(found, "c1", dump)] == [code]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(fleets(), st.data())
def test_each_change_of_any_fleet_gives_exactly_its_finding(text: str, data: st.DataObject) -> None:
    found = compiled.__wrapped__(text)
    cluster = data.draw(st.sampled_from([each.cluster for each in found.plan.clusters]))
    dump = Mesh(found, cluster, data.draw(st.integers(1, 2))).dump()
    possible: list[Callable[[Dump, int], str]] = [other_network]
    if assignments(dump):
        possible.append(without_host)
    if remote(dump):
        possible += [without_endpoint, old_address, other_port, ejected]
    mutate = data.draw(st.sampled_from(possible))
    code = mutate(dump, data.draw(st.integers(0, 20)))
    assert [finding.code for finding in findings(found, cluster, dump)] == [code], text


def test_what_each_finding_says() -> None:
    found = compiled(HAS, THREE)
    messages, planned = [], "own pods, then `c2` and `c3`"
    for mutate in BESIDE_PODS:
        dump = Mesh(found, "c1").dump()
        mutate(dump, 0)
        messages += said(findings(found, "c1", dump))
    assert messages == [
        f"MG766 the proxy `client.shop` does not know `{WEB}`",
        f"MG767 the proxy `client.shop` lacks the endpoint `203.0.113.1:15443` of `c3` for `{WEB}`",
        f"MG768 the proxy `client.shop` has the endpoint `192.0.2.200:15443` for `{WEB}`, which the plan does not have",
        f"MG768 the proxy `client.shop` has the endpoint `203.0.113.1:15444` for `{WEB}`, which the plan does not have",
        f"MG772 the proxy `client.shop` sends nothing to `203.0.113.1:15443` for `{WEB}`: it failed too often",
        "MG765 the proxy `client.shop` is in `elsewhere-0`, and the fleet says `n1` for `c1`",
        f"MG770 the proxy `client.shop` tries own pods and `c2` and `c3` for `{WEB}`, and the plan says {planned}",
        f"MG770 the proxy `client.shop` tries `c2` and `c3`, then own pods for `{WEB}`, and the plan says {planned}",
        f"MG769 the proxy `client.shop` knows no pod of `{WEB}` in `c1`, which has the Service",
    ]


def test_what_follows_from_other_findings_is_not_said_again() -> None:
    found = compiled(HAS)
    dump = Mesh(found, "c1").dump()
    without_endpoint(dump, 0)
    assert findings(found, "c1", dump, explained={WEB}) == []
    dump = Mesh(found, "c1").dump()
    ejected(dump, 0)
    assert findings(found, "c1", dump, dead={"192.0.2.1:15443", "192.0.2.2:15443"}) == []


def test_one_cause_is_one_finding() -> None:
    services = ", ".join(
        f"{{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}]}}"
        for name in ("cart", "pay", "web")
    )
    inventory = (
        f"kind: Inventory\nmetadata: {{name: c2}}\nspec:\n  namespaces: [{{name: shop}}]\n  services: [{services}]\n"
        "  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]\n"
    )
    found = compiled(LACKS, inventory)
    dump = Mesh(found, "c1").dump()
    for _, group, endpoint in remote(dump):
        if endpoint["endpoint"]["address"]["socket_address"]["address"] == "192.0.2.1":
            group["lb_endpoints"].remove(endpoint)
    hosts = "`cart.shop.svc.cluster.local`, `pay.shop.svc.cluster.local` and `web.shop.svc.cluster.local`"
    assert said(findings(found, "c1", dump)) == [
        f"MG767 the proxy `client.shop` lacks the endpoint `192.0.2.1:15443` of `c2` for {hosts}"
    ]


def test_a_client_that_may_not_see_a_host_need_not_know_it() -> None:
    shop = (
        "kind: Workspace\nmetadata: {name: shop}\nspec:\n  namespaceSelector: {names: ['*/shop']}\n"
        "  eastWestGateway: {name: ew, namespace: shop}\n"
        f"  exposedServices: [{{host: {WEB}, consumerNamespaces: [other]}}]\n"
    )
    found = compiled(LACKS, shop)
    dump = Mesh(found, "c1").dump()
    dump["configs"][1]["dynamic_endpoint_configs"] = []
    assert said(findings(found, "c1", dump)) == []
    dump["configs"][0]["bootstrap"]["node"]["id"] = "sidecar~10.0.0.9~client.other~x"
    assert [finding.code for finding in findings(found, "c1", dump)] == ["MG766"]


def test_gateways_known_by_hostname_are_left_to_istiod() -> None:
    by_name = (
        "kind: Inventory\nmetadata: {name: c2}\nspec:\n  namespaces: [{name: shop}]\n  services:\n"
        "  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}]}\n"
        "  gateways: [{name: ew, namespace: shop, hostname: ew.example.com}]\n"
    )
    found = compiled(HAS, by_name)
    objects = [item.body for item in found.manifests(cluster="c1")]
    for body in objects:
        if body["kind"] == "WorkloadEntry":
            body["spec"]["address"] = "198.51.100.77"
    dump = Mesh(found, "c1", objects=objects).dump()
    for _, _, endpoint in remote(dump):
        endpoint["metadata"]["filter_metadata"]["istio"]["workload"] = ""
    assert said(findings(found, "c1", dump)) == []


GATEWAY = {"gateway.meshgen.io/id": "shop.ew", "app": "ew"}


def gateway_dump(*hosts: str, workload: str = "web-0") -> Dump:
    """What a pod of the gateway of `c2` knows that lets in these hosts."""
    kind = "type.googleapis.com/envoy.admin.v3."
    node = {"id": "router~10.0.0.8~ew-0.shop~x", "metadata": {"NETWORK": "n2", "LABELS": GATEWAY}}
    names = [f"outbound_.80_._.{host}" for host in hosts]
    socket = {"socket_address": {"address": "10.2.0.1", "port_value": 8080}}
    metadata = {"filter_metadata": {"istio": {"workload": f"{workload};shop;web;;c2"}}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": socket}, "metadata": metadata}] if workload else []}]
    passed = [{"endpoint_config": {"cluster_name": name, "endpoints": endpoints}} for name in names]
    chains = [{"filter_chain_match": {"server_names": [name]}} for name in names]
    listeners = [{"active_state": {"listener": {"filter_chains": chains}}}]
    return {
        "configs": [
            {"@type": f"{kind}BootstrapConfigDump", "bootstrap": {"node": node}},
            {"@type": f"{kind}EndpointsConfigDump", "dynamic_endpoint_configs": passed},
            {"@type": f"{kind}ListenersConfigDump", "dynamic_listeners": listeners},
        ]
    }


@pytest.mark.parametrize(
    ("dump", "expected"),
    [
        (gateway_dump(WEB), []),
        (gateway_dump(), [f"MG773 the gateway `ew-0.shop` does not let in `{WEB}`"]),
        (
            gateway_dump(WEB, workload=""),
            [f"MG769 the gateway `ew-0.shop` knows no pod of `{WEB}` in `c2`, which exposes it"],
        ),
        (
            gateway_dump(WEB, workload=f"k-web-{'0' * 32}"),
            [f"MG768 the gateway `ew-0.shop` passes `{WEB}` on to other clusters, at `10.2.0.1:8080`"],
        ),
    ],
    ids=["as planned", "no listener", "no pods", "a loop"],
)
def test_a_gateway(dump: Dump, expected: list[str]) -> None:
    assert said(findings(compiled(HAS), "c2", dump)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "it is no config dump: there is no list `configs`"),
        ('{"configs": [{"@type": "a.BootstrapConfigDump"}]}', "it has no endpoints"),
        (
            '{"configs": [{"@type": "a.EndpointsConfigDump", "dynamic_endpoint_configs": [1]}]}',
            "it is no config dump of Envoy's: AttributeError: 'int' object has no attribute 'get'",
        ),
    ],
)
def test_what_is_no_config_dump_is_refused(text: str, why: str) -> None:
    with pytest.raises(DumpError) as refused:
        read_dump(text)
    assert str(refused.value) == why
