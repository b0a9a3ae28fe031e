"""What runs edge and ingress gateways on Tetrate's platforms, and what they belong to (reference: Tetrate §1.1-1.4)."""

from __future__ import annotations

import pytest

from tests.fleets import compiled, read
from tests.published.tetrate import BOTH, EDGE, WEB, fleet, found, published


@BOTH
def test_a_group_in_full_has_the_gateways_of_a_workspace_in_one_cluster(platform: str) -> None:
    groups = found(f"{EDGE}\n{WEB}", platform).manifests("Group")
    assert [(group.cluster, group.namespace, group.body["spec"]["namespaceSelector"]) for group in groups] == [
        ("c1", "edge", {"names": ["e1/edge"]}),
        ("c1", "xcp-multicluster", {"names": ["c1/shop"]}),
        ("c1", "xcp-multicluster", {"names": ["c2/shop"]}),
    ]
    assert groups[0].body == read("""
apiVersion: gateway.tsb.tetrate.io/v2
kind: Group
metadata:
  name: edge-gateways-e1-d1099004
  namespace: edge
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "2"
    meshgen.io/source: gateway/edge-gateway
    tsb.tetrate.io/organization: acme
    tsb.tetrate.io/tenant: dev
    tsb.tetrate.io/workspace: edge-gateways
spec:
  namespaceSelector: {names: [e1/edge]}
  configMode: BRIDGED
""")


def test_a_namespace_of_gateways_that_no_workspace_spans_gets_one() -> None:
    workspaces = found(f"{EDGE}\n{WEB}").specs("Workspace")
    assert workspaces == {
        "edge-gateways": {"namespaceSelector": {"names": ["e1/edge"]}},
        "shop": {"namespaceSelector": {"names": ["*/shop"]}},
    }


def test_an_edge_in_a_namespace_of_a_workspace_is_in_that() -> None:
    more = """
kind: Workspace
metadata: {name: doors}
spec: {namespaceSelector: {names: ["e*/edge"]}}
"""
    found = compiled(fleet(), published(f"{EDGE}\n{WEB}"), more)
    assert [
        group.body["metadata"]["annotations"]["tsb.tetrate.io/workspace"] for group in found.manifests("Group")
    ] == [
        "doors",
        "shop",
        "shop",
    ]


def test_the_workspace_of_gateways_evades_one_of_its_name() -> None:
    more = """
kind: Workspace
metadata: {name: edge-gateways}
spec: {namespaceSelector: {names: ["*/other"]}}
"""
    found = compiled(fleet(), published(f"{EDGE}\n{WEB}"), more)
    assert found.names("Workspace") == [
        "edge/edge-gateways-dd34b2dc",
        "xcp-multicluster/edge-gateways",
        "xcp-multicluster/shop",
    ]


@pytest.mark.parametrize(
    ("platform", "gateway", "cluster", "kind", "spec"),
    [
        ("tsb", "edge-gateway", "e1", "Gateway", "{type: INGRESS, kubeSpec: {service: {type: LoadBalancer}}}"),
        ("tse", "edge-gateway", "e1", "Tier1Gateway", "{kubeSpec: {service: {type: LoadBalancer}}}"),
        (
            "tsb",
            "ingress-gateway",
            "c2",
            "Gateway",
            """
type: UNIFIED
kubeSpec:
  deployment: {env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}
  service: {type: LoadBalancer}
proxyConfigOverride: "gatewayTopology: {numTrustedProxies: 1}"
""",
        ),
        (
            "tse",
            "ingress-gateway",
            "c2",
            "IngressGateway",
            """
kubeSpec:
  deployment: {env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}
  service: {type: LoadBalancer}
proxyConfigOverride: "gatewayTopology: {numTrustedProxies: 1}"
""",
        ),
    ],
)
def test_the_operator_runs_them(platform: str, gateway: str, cluster: str, kind: str, spec: str) -> None:
    found_ = found(f"{EDGE}\n{WEB}", platform)
    assert found_.body(f"{kind}.install.tetrate.io", cluster=cluster, name=gateway)["spec"] == read(spec)


def test_an_ingress_without_an_edge_has_no_network_view_and_no_group_of_edges() -> None:
    found_ = found(WEB)
    assert found_.spec("Gateway.install.tetrate.io", cluster="c2")["kubeSpec"] == {"service": {"type": "LoadBalancer"}}
    assert [group.body["spec"]["namespaceSelector"]["names"] for group in found_.manifests("Group")] == [
        ["c1/shop"],
        ["c2/shop"],
    ]
    assert found_.names("Workspace") == ["xcp-multicluster/shop"]


def test_the_organization_has_to_let_the_edge_reach_the_networks_behind_it() -> None:
    files = found(f"{EDGE}\n{WEB}").files
    assert read(files["_setup/c1/organization-setting.yaml"].decode()) == read("""
networkSettings: {networkReachability: {edge: "n1,n2"}}
""")


def test_without_an_edge_the_organization_has_nothing_to_say() -> None:
    assert "_setup/c1/organization-setting.yaml" not in found(WEB).files


def test_an_unmanaged_gateway_is_chosen_by_its_own_labels_and_nobody_installs_it() -> None:
    text = fleet().replace(
        "{name: edge-gateway, namespace: edge, role: edge}",
        "{name: edge-gateway, namespace: edge, role: edge, managed: false, selector: {app: front}}",
    )
    found_ = compiled(text, published(f"{EDGE}\n{WEB}"))
    edge, *_ = found_.specs("Gateway.gateway.tsb.tetrate.io").values()
    assert edge["workloadSelector"] == {"namespace": "edge", "labels": {"app": "front"}}
    assert found_.names("Gateway.install.tetrate.io", cluster="e1") == []


def test_fleets_that_publish_nothing_have_neither_groups_nor_servers() -> None:
    assert {"Group", "Tier1Gateway"} & compiled(fleet()).kinds == set()
