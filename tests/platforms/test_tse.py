"""Tetrate Service Express in the form of its first documentation: exactly the seed's objects."""

from __future__ import annotations

import pytest

from tests.fleets import HAS, LACKS, compiled, read


def tse(
    clusters: str = "[{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]", more: str = ""
) -> str:
    return f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: tse
  clusters: {clusters}
  {more}
"""


def workspace(text: str = "", gateway: str = "") -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop, {gateway}}}
  {text}
"""


def test_the_gateway_in_full() -> None:
    assert compiled(LACKS, tse()).body("IngressGateway", cluster="c2") == read("""
apiVersion: install.tetrate.io/v1alpha1
kind: IngressGateway
metadata:
  name: ew
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "5", meshgen.io/source: workspace/shop}
spec:
  eastWestOnly: true
  kubeSpec: {deployment: {env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}}
""")


def test_without_a_known_network_the_gateway_is_the_seeds_and_a_warning_says_so() -> None:
    found = compiled(LACKS, tse("[{name: c1, region: eu}, {name: c2, region: us}]"))
    assert found.spec("IngressGateway", cluster="c2") == {"eastWestOnly": True}
    assert found.codes.count("MG303") == 2


def test_in_a_mesh_without_networks_the_gateway_has_a_view_of_our_own() -> None:
    found = compiled(LACKS, tse("[{name: c1, region: eu, network: n1}, {name: c2, region: us, network: ''}]"))
    (env,) = found.spec("IngressGateway", cluster="c2")["kubeSpec"]["deployment"]["env"]
    assert env == {"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": "meshgen-local"}


def test_settings_of_the_gateway_that_differ_from_the_defaults() -> None:
    found = compiled(LACKS, tse(), workspace(gateway="replicas: 3, serviceAnnotations: {lb: nlb}"))
    assert found.spec("IngressGateway", cluster="c2") == read("""
eastWestOnly: true
kubeSpec:
  deployment: {replicaCount: 3, env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}
  service: {annotations: {lb: nlb}}
""")


def test_an_autoscaler_resources_and_what_a_restricted_namespace_demands() -> None:
    settings = "autoscaling: {maxReplicas: 4}, resources: {requests: {cpu: 1000m}}"
    restricted = """
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}]
  gateways: [{name: ew, namespace: shop, addresses: [198.51.100.1]}]
"""
    found = compiled(LACKS, tse(), workspace(gateway=settings), restricted)
    deployment = found.spec("IngressGateway", cluster="c1")["kubeSpec"]["deployment"]
    assert deployment["hpaSpec"] == read("""
minReplicas: 2
maxReplicas: 4
metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
""")
    assert deployment["resources"] == {"requests": {"cpu": "1000m"}}
    assert deployment["containerSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    elsewhere = found.spec("IngressGateway", cluster="c2")["kubeSpec"]["deployment"]
    assert "containerSecurityContext" not in elsewhere


def test_another_port_is_an_error_since_the_gateway_listens_on_15443_only() -> None:
    assert compiled(LACKS, tse(), workspace(gateway="port: 16443")).errors


def test_the_setting_with_a_list_in_full() -> None:
    listed = workspace("exposedServices: [web.shop.svc.cluster.local]")
    assert compiled(LACKS, tse(), listed).body("WorkspaceSetting", cluster="c2") == read("""
apiVersion: settings.tetrate.io/v1alpha1
kind: WorkspaceSetting
metadata:
  name: shop-setting
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "1", meshgen.io/source: workspace/shop}
spec:
  workspace: shop
  defaultEastWestGatewaySettings:
    workloadSelector: {app: ew}
    exposedServices: [web.shop.svc.cluster.local]
""")


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("", {"workloadSelector": {"app": "ew"}}),
        ("exposedServices: []", None),
    ],
    ids=["left out: everything", "empty: nothing"],
)
def test_the_list_is_written_as_the_user_wrote_it(declared: str, written: dict[str, object] | None) -> None:
    settings = list(compiled(LACKS, tse(), workspace(declared)).specs("WorkspaceSetting", cluster="c2").values())
    assert settings == ([] if written is None else [{"workspace": "shop", "defaultEastWestGatewaySettings": written}])


def test_every_cluster_with_the_gateway_has_the_setting() -> None:
    assert [m.cluster for m in compiled(LACKS, tse()).manifests("WorkspaceSetting")] == ["c1", "c2"]


def test_the_workspace_in_full_in_the_first_cluster_only() -> None:
    (found,) = compiled(LACKS, tse()).manifests("Workspace")
    assert found.cluster == "c1"
    assert found.body == read("""
apiVersion: tsb.tetrate.io/v2
kind: Workspace
metadata:
  name: shop
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
    meshgen.io/source: workspace/shop
    tsb.tetrate.io/organization: tse
    tsb.tetrate.io/tenant: tse
spec: {namespaceSelector: {names: ["*/shop"]}}
""")


def test_a_pattern_that_stands_twice_is_written_once() -> None:
    twice = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop", "c1/shop", "*/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
"""
    assert compiled(LACKS, tse(), twice).spec("Workspace")["namespaceSelector"]["names"] == ["*/shop", "c1/shop"]


@pytest.mark.parametrize(
    ("patterns", "written"),
    [
        ('["*/shop"]', ["*/shop"]),
        ('["*/*"]', ["*/*"]),
        ('["c2/sh*"]', ["c2/sh*"]),
        ('["c*/shop"]', ["c1/shop", "c2/shop"]),
        ('["c*/sh*", "c1/shop"]', ["c1/sh*", "c2/sh*", "c1/shop"]),
        ('["x*/shop", "c2/shop"]', ["c2/shop"]),
    ],
)
def test_clusters_by_pattern_are_named_since_tetrate_takes_one_or_all(patterns: str, written: list[str]) -> None:
    text = f"""
kind: Workspace
metadata: {{name: shop}}
spec: {{namespaceSelector: {{names: {patterns}}}, eastWestGateway: {{name: ew, namespace: shop}}}}
"""
    assert compiled(LACKS, tse(), text).spec("Workspace")["namespaceSelector"]["names"] == written


def test_a_workspace_of_no_cluster_is_not_emitted() -> None:
    text = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["x*/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
"""
    found = compiled(LACKS, tse(), text)
    assert found.names("Workspace") == []
    assert "MG222" in found.codes


def test_the_management_cluster_that_the_fleet_names_has_the_workspace() -> None:
    (found,) = compiled(LACKS, tse(more="tetrate: {managementCluster: c2}")).manifests("Workspace")
    assert found.cluster == "c2"


def test_entries_stand_in_the_namespace_of_the_seed() -> None:
    assert compiled(LACKS, tse()).names("ServiceEntry") == ["xcp-multicluster/web.shop.svc.cluster.local"]


def test_a_cluster_that_has_the_service_gets_workload_entries() -> None:
    found = compiled(HAS, tse())
    assert found.names("ServiceEntry") == []
    assert len(found.names("WorkloadEntry", cluster="c1")) == 2


def test_no_object_of_plain_istio_gateways_is_emitted() -> None:
    assert not {"Deployment", "Gateway", "Service", "ServiceAccount"} & compiled(LACKS, tse()).kinds


def test_one_hint_names_the_platform_of_a_live_tse() -> None:
    assert compiled(HAS, tse()).codes.count("MG332") == 1
