from __future__ import annotations

from typing import Any

import pytest

from meshgen.inventory.merge import merge, place
from tests.inventory.importing import facts_of

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\n"
ACCOUNTS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n"
GATEWAY = "apiVersion: v1\nkind: Service\nmetadata: {name: gw, namespace: shop}\nspec: {ports: [{port: 15443}]}\n"


def with_status(*addresses: str) -> str:
    ingress = ", ".join(f"{{ip: {address}}}" for address in addresses)
    return f"{GATEWAY}status: {{loadBalancer: {{ingress: [{ingress}]}}}}\n"


@pytest.mark.parametrize(
    ("old", "new", "placed"),
    [
        ([], ["a", "b"], ["a", "b"]),
        (["b", "a"], ["a", "b"], ["b", "a"]),
        (["a", "b", "c"], ["c", "d", "a"], ["a", "d", "c"]),
        (["a", "b"], ["a", "b", "c"], ["a", "b", "c"]),
        (["a", "b", "c", "d"], ["a", "c", "d"], ["a", "d", "c"]),
        (["a", "b", "c"], ["c"], ["c"]),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        (["a", "b"], [], ["a", "b"]),
    ],
)
def test_addresses_keep_their_places(old: list[str], new: list[str], placed: list[str]) -> None:
    assert place(old, new) == placed


def test_the_namespaces_of_the_input_are_replaced_and_others_stay() -> None:
    old = {
        "namespaces": [{"name": "other"}, {"name": "shop", "labels": {"team": "x"}}],
        "services": [{"name": "gone", "namespace": "shop"}, {"name": "b", "namespace": "other"}],
        "sidecars": [{"name": "gone", "namespace": "shop"}],
    }
    assert merge(old, facts_of(f"{SERVICE}---\n{ACCOUNTS}")) == {
        "namespaces": [{"name": "other"}, {"name": "shop", "labels": {"team": "x"}}],
        "services": [{"name": "b", "namespace": "other"}, {"name": "a", "namespace": "shop"}],
    }


def test_replace_forgets_what_the_input_does_not_show() -> None:
    old = {
        "istio": {"network": "n"},
        "services": [{"name": "b", "namespace": "other"}, {"name": "a", "namespace": "shop", "serviceAccounts": ["x"]}],
        "gateways": [{"name": "gw", "namespace": "shop", "addresses": ["198.51.100.1"]}],
    }
    assert merge(old, facts_of(SERVICE), replace=True) == {
        "namespaces": [{"name": "shop"}],
        "services": [{"name": "a", "namespace": "shop"}],
    }


def test_a_namespace_alone_updates_its_labels_only() -> None:
    old = {"namespaces": [{"name": "shop", "labels": {"a": "b"}}], "services": [{"name": "a", "namespace": "shop"}]}
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}\n"
    assert merge(old, facts_of(namespace)) == {**old, "namespaces": [{"name": "shop"}]}


@pytest.mark.parametrize("replace", [False, True])
def test_a_leaving_service_stays_leaving(replace: bool) -> None:  # noqa: FBT001 - a case
    old = {"services": [{"name": "a", "namespace": "shop", "state": "leaving"}]}
    assert merge(old, facts_of(SERVICE), replace=replace)["services"] == old["services"]


def test_unknown_service_accounts_do_not_replace_known_ones() -> None:
    old = {"services": [{"name": "a", "namespace": "shop", "serviceAccounts": ["x"], "injected": True}]}
    assert merge(old, facts_of(SERVICE))["services"] == old["services"]


KNOWN: dict[str, Any] = {"name": "gw", "namespace": "shop", "addresses": ["198.51.100.2", "198.51.100.1"]}


@pytest.mark.parametrize("replace", [False, True])
def test_a_gateway_without_status_keeps_its_addresses(replace: bool) -> None:  # noqa: FBT001 - a case
    assert merge({"gateways": [KNOWN]}, facts_of(GATEWAY), replace=replace)["gateways"] == [KNOWN]


def test_a_gateway_that_the_input_lacks_stays() -> None:
    assert merge({"gateways": [KNOWN]}, facts_of(SERVICE))["gateways"] == [KNOWN]


def test_an_unknown_gateway_without_status_is_left_out() -> None:
    assert "gateways" not in merge({}, facts_of(GATEWAY))


def test_a_gateway_without_status_is_kept_for_what_its_pods_show() -> None:
    pods = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gw, namespace: shop}\nspec:\n  template:\n"
        "    metadata: {labels: {app: gw}}\n    spec: {containers: [{name: istio-proxy, env: "
        "[{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: a}]}]}\n"
    )
    chosen = GATEWAY.replace("spec: {", "spec: {selector: {app: gw}, ")
    assert merge({}, facts_of(chosen, pods))["gateways"] == [
        {"name": "gw", "namespace": "shop", "networkView": "a", "serviceAccount": "default"}
    ]


@pytest.mark.parametrize(
    ("before", "shown", "after"),
    [
        ({"injected": False}, {}, {"injected": False}),
        ({"injected": False}, {"serviceAccount": "gw"}, {"serviceAccount": "gw"}),
        (
            {"serviceAccount": "gw"},
            {"serviceAccount": "nginx", "injected": False},
            {"serviceAccount": "nginx", "injected": False},
        ),
        ({"serviceAccount": "gw"}, {}, {"serviceAccount": "gw"}),
    ],
)
def test_what_pods_show_of_a_gateway_stays_until_an_import_has_them(
    before: dict[str, Any], shown: dict[str, Any], after: dict[str, Any]
) -> None:
    facts = facts_of(GATEWAY)
    (fact,) = facts.sections["gateways"].values()
    fact.item.update(shown)
    assert merge({"gateways": [{**KNOWN, **before}]}, facts)["gateways"] == [{**KNOWN, **after}]


AUTOSCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: x, namespace: shop}\n"
    "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: other}}\n"
)


@pytest.mark.parametrize(("shown", "after"), [((), [{**KNOWN, "autoscaled": True}]), ((AUTOSCALER,), [KNOWN])])
def test_a_gateway_is_autoscaled_until_an_import_has_autoscalers_and_none_for_it(
    shown: tuple[str, ...], after: list[dict[str, Any]]
) -> None:
    assert merge({"gateways": [{**KNOWN, "autoscaled": True}]}, facts_of(GATEWAY, *shown))["gateways"] == after


def test_an_autoscaler_of_the_gateways_name_is_its_own() -> None:
    own = AUTOSCALER.replace("name: other", "name: gw")
    assert merge({"gateways": [KNOWN]}, facts_of(GATEWAY, own))["gateways"] == [{**KNOWN, "autoscaled": True}]


def test_a_gateway_with_its_nodes_leaves_the_rest_of_its_namespace_alone() -> None:
    ports = "{ports: [{port: 15443, nodePort: 31443}], type: NodePort}"
    service = GATEWAY.replace("{ports: [{port: 15443}]}", ports)
    node = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: a}\n"
        "  status: {addresses: [{type: ExternalIP, address: 203.0.113.1}]}\n"
    )
    old = {"services": [{"name": "details", "namespace": "shop"}], "sidecars": [{"name": "x", "namespace": "shop"}]}
    spec = merge(old, facts_of(service, node))
    assert (spec["services"][0], spec["sidecars"]) == (old["services"][0], old["sidecars"])
    assert spec["gateways"] == [
        {
            "name": "gw",
            "namespace": "shop",
            "addresses": ["203.0.113.1"],
            "ports": [{"port": 15443, "nodePort": 31443}],
        }
    ]


def test_families_that_the_input_does_not_show_stay() -> None:
    assert merge({"ipFamilies": ["IPv6"]}, facts_of(SERVICE))["ipFamilies"] == ["IPv6"]


def test_a_new_address_takes_the_place_of_the_one_that_went() -> None:
    found = merge({"gateways": [KNOWN]}, facts_of(with_status("198.51.100.1", "198.51.100.7")))
    assert found["gateways"][0]["addresses"] == ["198.51.100.7", "198.51.100.1"]


def test_resolved_addresses_stay_beside_a_hostname() -> None:
    named = f"{GATEWAY}status: {{loadBalancer: {{ingress: [{{hostname: x.example}}]}}}}\n"
    found = merge({"gateways": [{**KNOWN, "hostname": "old.example"}]}, facts_of(named))
    assert found["gateways"] == [{**KNOWN, "hostname": "x.example"}]


def test_facts_about_istio_that_the_input_lacks_stay() -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {topology.istio.io/network: b}}\n"
    assert merge({"istio": {"version": "1.29.2", "network": "a"}}, facts_of(text))["istio"] == {
        "version": "1.29.2",
        "network": "b",
    }


def test_a_setting_of_the_mesh_that_is_at_its_default_again_goes() -> None:
    text = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "trustDomain: a"}
"""
    old = {"istio": {"version": "1.29.2", "enableAutoMtls": False, "ipAutoAllocation": False}}
    assert merge(old, facts_of(text))["istio"] == {"version": "1.29.2", "ipAutoAllocation": False, "trustDomain": "a"}


def test_the_service_of_a_gateway_alone_does_not_empty_its_namespace() -> None:
    old = {"services": [{"name": "details", "namespace": "shop"}]}
    spec = merge(
        old, facts_of(with_status("198.51.100.1").replace("[{port: 15443}]", "[{port: 15443}], type: LoadBalancer"))
    )
    assert [item["name"] for item in spec["services"]] == ["details", "gw"]
    assert spec["gateways"] == [{"name": "gw", "namespace": "shop", "addresses": ["198.51.100.1"]}]


ANNOUNCED: dict[str, Any] = {"name": "new", "namespace": "shop", "state": "arriving"}


@pytest.mark.parametrize("replace", [False, True])
def test_an_arriving_service_stays_until_it_is_there(replace: bool) -> None:  # noqa: FBT001 - a case
    services = merge({"services": [ANNOUNCED]}, facts_of(SERVICE), replace=replace)["services"]
    assert [item["name"] for item in services] == ["a", "new"]
    assert services[1] == ANNOUNCED


def test_an_arriving_service_has_arrived_when_the_input_shows_it() -> None:
    services = merge({"services": [ANNOUNCED]}, facts_of(SERVICE.replace("name: a", "name: new")))["services"]
    assert services == [{"name": "new", "namespace": "shop"}]


def test_of_an_import_without_services_only_what_it_shows_is_replaced() -> None:
    old = {
        "namespaces": [{"name": "shop"}],
        "services": [{"name": "a", "namespace": "shop"}],
        "virtualServices": [{"name": "gone", "namespace": "shop", "hosts": ["a"]}],
        "sidecars": [{"name": "default", "namespace": "shop"}],
    }
    routes = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: VirtualService\n"
        "  metadata: {name: new, namespace: shop}\n  spec: {hosts: [a]}\n"
    )
    assert merge(old, facts_of(routes)) == {
        **old,
        "virtualServices": [{"name": "new", "namespace": "shop", "hosts": ["a"]}],
    }
