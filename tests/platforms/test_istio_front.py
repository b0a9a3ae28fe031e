"""Plain Istio: what runs edge and ingress gateways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fleets import Compiled, compiled, read

FRONT = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: e1, region: eu, network: n2, role: edge}
---
kind: Gateway
metadata: {name: in}
spec: {namespace: shop, role: ingress, autoscaling: {maxReplicas: 6}}
---
kind: Gateway
metadata: {name: edge}
spec: {namespace: edge, role: edge, numTrustedProxies: 1}
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}}
---
kind: PublishedHost
metadata: {name: shop}
spec:
  host: shop.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  port: 80
  ingressGateway: {name: in, namespace: shop}
  edgeGateway: {name: edge, namespace: edge}
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: in, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]
---
kind: Inventory
metadata: {name: e1}
spec:
  gateways: [{name: edge, namespace: edge, addresses: [198.51.100.1, 198.51.100.2]}]
"""
ALONE = FRONT.replace("  edgeGateway: {name: edge, namespace: edge}\n", "")
WORKLOAD = ("ServiceAccount", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Service")
FOUND = compiled(FRONT)


def workload(found: Compiled, cluster: str) -> list[tuple[str, str, str]]:
    manifests = found.manifests(cluster=cluster)
    return [(m.kind, m.namespace, m.name) for kind in WORKLOAD for m in manifests if m.kind == kind]


def pod(found: Compiled, cluster: str) -> Any:
    return found.spec("Deployment", cluster=cluster)["template"]


def test_an_ingress_gateway_runs_like_an_east_west_gateway() -> None:
    assert workload(FOUND, "c1") == [(kind, "shop", "in") for kind in WORKLOAD]


def test_an_edge_gateway_runs_in_the_clusters_of_role_edge_in_a_namespace_of_ours() -> None:
    assert workload(FOUND, "e1") == [(kind, "edge", "edge") for kind in WORKLOAD if kind != "HorizontalPodAutoscaler"]
    assert FOUND.names("Namespace", cluster="e1") == ["/edge"]


def test_the_deployment_of_an_ingress_gateway_behind_an_edge_gateway_in_full() -> None:
    assert FOUND.spec("Deployment", cluster="c1") == read("""
selector: {matchLabels: {app: in, gateway.meshgen.io/id: shop.in}}
strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
template:
  metadata:
    labels:
      app: in
      gateway.meshgen.io/id: shop.in
      sidecar.istio.io/inject: "true"
      topology.istio.io/network: n1
    annotations:
      inject.istio.io/templates: gateway
      proxy.istio.io/config: "{gatewayTopology: {numTrustedProxies: 2}, terminationDrainDuration: 45s}"
  spec:
    serviceAccountName: in
    terminationGracePeriodSeconds: 60
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: in, gateway.meshgen.io/id: shop.in}}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: in, gateway.meshgen.io/id: shop.in}}
    containers:
    - name: istio-proxy
      image: auto
      env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n1}]
      ports:
      - {name: http, containerPort: 8080, protocol: TCP}
      - {name: https, containerPort: 8443, protocol: TCP}
      - {name: tls, containerPort: 15443, protocol: TCP}
      - {name: status, containerPort: 15021, protocol: TCP}
      readinessProbe:
        httpGet: {path: /healthz/ready, port: 15021}
        initialDelaySeconds: 1
        periodSeconds: 5
        failureThreshold: 3
      resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 1Gi}}
      securityContext:
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL]}
        readOnlyRootFilesystem: true
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
""")


def test_the_deployment_of_an_edge_gateway_has_no_network_view() -> None:
    template = pod(FOUND, "e1")
    assert template["metadata"]["annotations"]["proxy.istio.io/config"] == (
        "{gatewayTopology: {numTrustedProxies: 1}, terminationDrainDuration: 45s}"
    )
    (container,) = template["spec"]["containers"]
    assert container["env"] == []
    assert container["ports"] == read("""
- {name: http, containerPort: 8080, protocol: TCP}
- {name: https, containerPort: 8443, protocol: TCP}
- {name: status, containerPort: 15021, protocol: TCP}
""")


def test_an_ingress_gateway_to_which_users_come_sees_other_clusters() -> None:
    template = pod(compiled(ALONE), "c1")
    assert template["spec"]["containers"][0]["env"] == []
    assert template["metadata"]["annotations"]["proxy.istio.io/config"] == "terminationDrainDuration: 45s"


@pytest.mark.parametrize(
    ("cluster", "service"),
    [
        (
            "c1",
            """
type: LoadBalancer
selector: {app: in, gateway.meshgen.io/id: shop.in}
ports:
- {name: tcp-status-port, port: 15021, targetPort: 15021, protocol: TCP}
- {name: http, port: 80, targetPort: 8080, protocol: TCP}
- {name: https, port: 443, targetPort: 8443, protocol: TCP}
- {name: tls, port: 15443, targetPort: 15443, protocol: TCP}
""",
        ),
        (
            "e1",
            """
type: LoadBalancer
selector: {app: edge, gateway.meshgen.io/id: edge.edge}
ports:
- {name: tcp-status-port, port: 15021, targetPort: 15021, protocol: TCP}
- {name: http, port: 80, targetPort: 8080, protocol: TCP}
- {name: https, port: 443, targetPort: 8443, protocol: TCP}
""",
        ),
    ],
)
def test_the_service_in_full(cluster: str, service: str) -> None:
    assert FOUND.spec("Service", cluster=cluster) == read(service)


def test_the_ports_stay_whatever_is_published() -> None:
    nobody = compiled(
        FRONT, "kind: Gateway\nmetadata: {name: in}\nspec: {namespace: shop, role: ingress, clusters: {}}"
    )
    assert nobody.spec("Service", cluster="c1") == FOUND.spec("Service", cluster="c1")
    assert compiled(ALONE).spec("Service", cluster="c1") == FOUND.spec("Service", cluster="c1")


@pytest.mark.parametrize("platform", ["tse", "tsb\n  tetrate: {managementCluster: c1, organization: o, tenant: t}"])
def test_no_east_west_gateway_of_tetrate_is_emitted_for_them(platform: str) -> None:
    found = compiled(FRONT.replace("platform: istio", f"platform: {platform}"))
    assert [m.name for m in found.manifests() if m.body.get("spec", {}).get("eastWestOnly")] == []
    assert [m.name for m in found.manifests() if m.body.get("spec", {}).get("type") == "EASTWEST"] == []
