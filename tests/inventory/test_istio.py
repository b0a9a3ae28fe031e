# ruff: noqa: E501 - manifests and messages as they are, on one line
"""What is known of an Istio, by the manifests of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.inventory.importing import facts_of, findings_of, spec_of

ISTIO = """
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: network-1}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: td.example
    defaultHttpRetryPolicy: {attempts: 2, retryRemoteLocalities: true}
    defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-canary, namespace: istio-system, labels: {app: istiod, istio.io/rev: canary}}
spec:
  template:
    spec:
      containers:
      - name: discovery
        image: registry.example:5000/istio/pilot:1.29.2-distroless@sha256:00
        args: [discovery, --domain, cluster.example]
        env:
        - {name: PILOT_ENABLE_AMBIENT, value: "true"}
        - {name: AMBIENT_ENABLE_MULTI_NETWORK, value: "false"}
        - {name: PILOT_SCOPE_GATEWAY_TO_NAMESPACE, value: "true"}
---
apiVersion: v1
kind: Secret
metadata: {name: istio-remote-secret-c2, namespace: istio-system, labels: {istio/multiCluster: "true"}}
"""


def test_facts_about_istio() -> None:
    assert facts_of(ISTIO).istio == {
        "version": "1.29.2",
        "revision": "canary",
        "network": "network-1",
        "trustDomain": "td.example",
        "clusterDomain": "cluster.example",
        "dnsCapture": True,
        "retryRemoteLocalities": True,
        "ambient": True,
        "ambientMultiNetwork": False,
        "gatewaysOfNamespace": True,
        "multiPrimary": True,
    }


def test_a_fact_on_which_two_revisions_differ_is_left_out() -> None:
    other = ISTIO.split("---\n")[2].replace("canary", "stable").replace("1.29.2", "1.28.0")
    found = facts_of(ISTIO, other).istio
    assert "version" not in found
    assert found["ambient"] is True


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/istio/pilot:1.29.2", "1.29.2"),
        ("pilot:1.30-alpha.0-debug", "1.30-alpha.0"),
        ("pilot:latest", None),
        ("host:5000/pilot", None),
    ],
)
def test_the_version_is_the_tag_of_the_image(image: str, version: str | None) -> None:
    text = ISTIO.replace("registry.example:5000/istio/pilot:1.29.2-distroless@sha256:00", image)
    assert facts_of(text).istio.get("version") == version


def test_a_broken_mesh_configuration_is_said_where_it_stands() -> None:
    text = ISTIO.replace("trustDomain: td.example", "trustDomain: [td.example]")
    assert findings_of(text) == [
        (
            "in.yaml:10:9 MG053: `data.mesh` of ConfigMap `istio`, line 1: `trustDomain` of the mesh configuration must be"
            " a string, not a list"
        )
    ]


def mesh(text: str, *, name: str = "istio", namespace: str = "istio-system", revision: str = "") -> str:
    labels = f", labels: {{istio.io/rev: {revision}}}" if revision else ""
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}{labels}}}\n"
        f"data: {{mesh: '{text}'}}\n"
    )


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("rootNamespace: mesh-root", {"rootNamespace": "mesh-root"}),
        ('{rootNamespace: istio-system, enableAutoMtls: true, defaultServiceExportTo: ["*"]}', {}),
        ("enableAutoMtls: false", {"enableAutoMtls": False}),
        ("defaultVirtualServiceExportTo: [shop]", {"defaultVirtualServiceExportTo": ["shop"]}),
        (
            "discoverySelectors: [{matchExpressions: [{key: a, operator: In, values: [b]}, {key: c, operator: Exists}]}]",
            {
                "discoverySelectors": [
                    {
                        "matchExpressions": [
                            {"key": "a", "operator": "In", "values": ["b"]},
                            {"key": "c", "operator": "Exists"},
                        ]
                    }
                ]
            },
        ),
        (
            "serviceEntryVisibility: {applyToSidecars: true, policies: [{visibility: NONE}, {matchingRules: [{}]}]}",
            {"serviceEntryVisibility": {"policies": [{"visibility": "NONE"}]}},
        ),
        ("serviceEntryVisibility: {defaultVisibility: NONE}", {}),
    ],
)
def test_settings_of_the_mesh_that_are_not_at_their_default(text: str, facts: dict[str, Any]) -> None:
    assert spec_of(mesh(text)).get("istio", {}) == facts


def test_of_two_revisions_the_setting_counts_that_takes_something_away() -> None:
    stable = mesh("{enableAutoMtls: true, discoverySelectors: [{matchLabels: {a: b}}], trustDomain: one}")
    canary = mesh(
        "{enableAutoMtls: false, discoverySelectors: [{matchLabels: {c: d}}], trustDomain: two}",
        name="istio-canary",
        revision="canary",
    )
    assert spec_of(stable, canary)["istio"] == {
        "enableAutoMtls": False,
        "discoverySelectors": [{"matchLabels": {"a": "b"}}, {"matchLabels": {"c": "d"}}],
    }


def test_istiod_may_run_in_another_namespace() -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: mesh, labels: {topology.istio.io/network: n1}}\n"
    assert spec_of(mesh("trustDomain: a", namespace="mesh"), namespace)["istio"] == {
        "network": "n1",
        "trustDomain": "a",
    }


@pytest.mark.parametrize(
    ("variable", "value", "facts"),
    [
        ("PILOT_ENABLE_IP_AUTOALLOCATE", "false", {"ipAutoAllocation": False}),
        ("PILOT_ENABLE_IP_AUTOALLOCATE", "1", {"ipAutoAllocation": True}),
        ("PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES", "F", {"selectWorkloadEntries": False}),
        ("PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API", "false", {"remoteGateways": False}),
        ("RESOLVE_HOSTNAME_GATEWAYS", "false", {"remoteGateways": False}),
    ],
)
def test_variables_of_istiod_that_change_what_entries_do(variable: str, value: str, facts: dict[str, Any]) -> None:
    istiod = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod, namespace: istio-system}\n"
        f'spec: {{template: {{spec: {{containers: [{{name: discovery, env: [{{name: {variable}, value: "{value}"}}]}}]}}}}}}\n'
    )
    assert spec_of(istiod)["istio"] == facts
