"""Namespaces that an object needs and that the cluster does not have yet."""

from __future__ import annotations

from tests.fleets import LACKS, compiled, read

OUTSIDE = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: gateways}}
"""


def test_the_multicluster_namespace_is_kept_whatever_a_sync_deletes() -> None:
    assert compiled(LACKS).body("Namespace", cluster="c1") == read("""
apiVersion: v1
kind: Namespace
metadata:
  name: meshgen-multicluster
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations:
    argocd.argoproj.io/compare-options: IgnoreExtraneous
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
    kustomize.toolkit.fluxcd.io/prune: disabled
    argocd.argoproj.io/sync-wave: "0"
    meshgen.io/source: fleet/demo
""")


def test_a_namespace_that_the_inventory_has_is_not_emitted() -> None:
    known = """
kind: Inventory
metadata: {name: c1}
spec: {namespaces: [{name: shop}, {name: meshgen-multicluster}]}
"""
    assert compiled(LACKS, known).names("Namespace") == []


def test_a_cluster_without_remote_hosts_needs_no_multicluster_namespace() -> None:
    assert compiled(LACKS).names("Namespace", cluster="c2") == []


def test_the_namespace_of_a_gateway_is_emitted() -> None:
    assert compiled(LACKS, OUTSIDE).names("Namespace", cluster="c2") == ["/gateways"]


def test_an_object_of_every_namespace_that_is_emitted_is_there_too() -> None:
    found = compiled(LACKS, OUTSIDE)
    for namespace in found.manifests("Namespace"):
        assert any(m.namespace == namespace.name for m in found.manifests(cluster=namespace.cluster))
