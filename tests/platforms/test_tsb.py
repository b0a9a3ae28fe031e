"""Tetrate Service Bridge in its current API (reference: Tetrate §1, §6)."""

from __future__ import annotations

import pytest

from tests.fleets import LACKS, compiled, read


def tsb(more: str = "", tetrate: str = "organization: acme, tenant: dev, managementCluster: c1") -> str:
    return f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: tsb
  tetrate: {{{tetrate}}}
  clusters: [{{name: c1, region: eu, network: n1}}, {{name: c2, region: us, network: n2}}]
  {more}
---
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, labels: {{app: web, team: a}}, selector: {{app: web}},
     ports: [{{name: http, port: 80}}]}}
  - {{name: api, namespace: shop, labels: {{app: api, team: a}}, selector: {{app: api}},
     ports: [{{name: http, port: 80}}]}}
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}}]
"""


def workspace(text: str) -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {text}
"""


def test_the_gateway_in_full() -> None:
    assert compiled(LACKS, tsb()).body("Gateway", cluster="c2") == read("""
apiVersion: install.tetrate.io/v1alpha1
kind: Gateway
metadata:
  name: ew
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "5", meshgen.io/source: workspace/shop}
spec:
  type: EASTWEST
  kubeSpec:
    deployment: {env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]}
    service: {type: LoadBalancer}
""")


def test_another_port_is_an_error_since_the_gateway_listens_on_15443_only() -> None:
    other = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop, port: 16443}}
"""
    assert compiled(LACKS, tsb("entries: meshgen"), other).errors


def test_the_setting_in_full_is_a_list_that_chooses_services_by_labels() -> None:
    found = compiled(LACKS, tsb(), workspace("exposedServices: [web.shop.svc.cluster.local]"))
    assert found.body("WorkspaceSetting") == read("""
apiVersion: tsb.tetrate.io/v2
kind: WorkspaceSetting
metadata:
  name: shop-setting
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
    meshgen.io/source: workspace/shop
    tsb.tetrate.io/organization: acme
    tsb.tetrate.io/tenant: dev
    tsb.tetrate.io/workspace: shop
spec:
  defaultEastWestGatewaySettings:
  - workloadSelector: {namespace: shop, labels: {app: ew}}
    exposedServices: [{serviceLabels: {app: web}}]
""")


def test_without_a_list_every_service_is_exposed() -> None:
    assert compiled(LACKS, tsb()).spec("WorkspaceSetting") == read("""
defaultEastWestGatewaySettings:
- workloadSelector: {namespace: shop, labels: {app: ew}}
""")


def test_an_empty_list_exposes_nothing() -> None:
    assert compiled(LACKS, tsb(), workspace("exposedServices: []")).names("WorkspaceSetting") == []


def test_the_workspace_in_full() -> None:
    assert compiled(LACKS, tsb()).body("Workspace") == read("""
apiVersion: tsb.tetrate.io/v2
kind: Workspace
metadata:
  name: shop
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
    meshgen.io/source: workspace/shop
    tsb.tetrate.io/organization: acme
    tsb.tetrate.io/tenant: dev
spec: {namespaceSelector: {names: ["*/shop"]}}
""")


@pytest.mark.parametrize("kind", ["Workspace", "WorkspaceSetting"])
def test_the_hierarchy_stands_in_the_management_cluster_only(kind: str) -> None:
    assert [m.cluster for m in compiled(LACKS, tsb()).manifests(kind)] == ["c1"]


def test_without_a_management_cluster_there_is_an_error() -> None:
    assert "MG208" in compiled(LACKS, tsb(tetrate="organization: acme")).codes


def test_the_control_plane_writes_the_entries() -> None:
    assert not {"ServiceEntry", "WorkloadEntry", "DestinationRule", "VirtualService"} & compiled(LACKS, tsb()).kinds


def test_meshgen_writes_the_entries_where_the_fleet_says_so() -> None:
    found = compiled(LACKS, tsb("entries: meshgen"))
    assert "xcp-multicluster/web.shop.svc.cluster.local" in found.names("ServiceEntry", cluster="c1")


def test_services_that_labels_cannot_tell_apart_are_an_error() -> None:
    found = compiled(LACKS, tsb(), workspace("exposedServices: [web.shop.svc.cluster.local]"), """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, labels: {team: a}, selector: {app: web}, ports: [{name: http, port: 80}]}
  - {name: api, namespace: shop, labels: {team: a}, selector: {app: api}, ports: [{name: http, port: 80}]}
""")  # fmt: skip
    assert [d.code for d in found.diagnostics if d.severity == "error"] == ["MG386"]


def test_the_namespace_of_a_workspace_without_gateway_is_emitted() -> None:
    found = compiled(LACKS, tsb(), """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}}
""")  # fmt: skip
    assert found.names("Workspace") == ["xcp-multicluster/shop"]
    assert found.names("Namespace") == ["/xcp-multicluster"]
