"""Plain Istio: meshgen emits the gateways' own Deployments too (reference: Istio §4.0)."""

from __future__ import annotations

import pytest

from tests.fleets import LACKS, compiled, read

POD = {"app": "ew", "gateway.meshgen.io/id": "shop.ew"}


def test_the_objects_of_a_gateway() -> None:
    assert [
        (m.kind, m.namespace, m.name) for m in compiled(LACKS).manifests(cluster="c2") if m.kind != "WorkloadEntry"
    ] == [
        ("Deployment", "shop", "ew"),
        ("Gateway", "shop", "ew-web-5b78e35377f03acf"),
        ("PodDisruptionBudget", "shop", "ew"),
        ("Service", "shop", "ew"),
        ("ServiceAccount", "shop", "ew"),
    ]


def test_the_gateway_lets_in_exactly_the_exposed_hosts() -> None:
    assert compiled(LACKS).spec("Gateway.networking.istio.io") == read("""
selector: {app: ew, gateway.meshgen.io/id: shop.ew}
servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: [web.shop.svc.cluster.local]
""")


def test_a_gateway_that_exposes_nothing_runs_and_lets_nothing_in() -> None:
    found = compiled(LACKS)
    assert found.names("Deployment", cluster="c1") == ["shop/ew"]
    assert found.names("Gateway", cluster="c1") == []


def test_the_deployment_in_full() -> None:
    assert compiled(LACKS).spec("Deployment", cluster="c2") == read("""
replicas: 2
selector: {matchLabels: {app: ew, gateway.meshgen.io/id: shop.ew}}
strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
template:
  metadata:
    labels:
      app: ew
      gateway.meshgen.io/id: shop.ew
      sidecar.istio.io/inject: "true"
      topology.istio.io/network: n2
    annotations: {inject.istio.io/templates: gateway, proxy.istio.io/config: "terminationDrainDuration: 45s"}
  spec:
    serviceAccountName: ew
    terminationGracePeriodSeconds: 60
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: ew, gateway.meshgen.io/id: shop.ew}}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: ew, gateway.meshgen.io/id: shop.ew}}
    containers:
    - name: istio-proxy
      image: auto
      env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: n2}]
      ports:
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


def test_the_service_has_no_network_label_and_port_names_that_istioctl_accepts() -> None:
    body = compiled(LACKS).body("Service", cluster="c2")
    assert body["metadata"]["labels"] == {"app": "ew", "app.kubernetes.io/managed-by": "meshgen"}
    assert body["spec"] == read("""
type: LoadBalancer
selector: {app: ew, gateway.meshgen.io/id: shop.ew}
ports:
- {name: tcp-status-port, port: 15021, targetPort: 15021, protocol: TCP}
- {name: tls, port: 15443, targetPort: 15443, protocol: TCP}
""")


def test_the_budget_lets_one_pod_go() -> None:
    assert compiled(LACKS).spec("PodDisruptionBudget", cluster="c2") == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": POD},
    }


def gateway(text: str) -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec: {{namespaceSelector: {{names: ["*/shop"]}}, eastWestGateway: {{name: ew, namespace: shop, {text}}}}}
"""


def test_settings_of_the_gateway() -> None:
    found = compiled(LACKS, gateway("replicas: 5, port: 16443, serviceAnnotations: {lb: nlb, a: b}"))
    assert found.spec("Deployment", cluster="c2")["replicas"] == 5
    assert found.body("Service", cluster="c2")["metadata"]["annotations"] == {
        "a": "b",
        "lb": "nlb",
        "argocd.argoproj.io/sync-wave": "5",
        "meshgen.io/source": "workspace/shop",
    }
    assert found.spec("Service", cluster="c2")["ports"][1] == read(
        "{name: tls, port: 16443, targetPort: 16443, protocol: TCP}"
    )
    assert found.spec("Gateway.networking.istio.io")["servers"][0]["port"]["number"] == 16443


def test_a_port_that_only_root_may_listen_on_leads_to_one_that_any_pod_may() -> None:
    found = compiled(LACKS, gateway("port: 443"))
    (container,) = found.spec("Deployment", cluster="c2")["template"]["spec"]["containers"]
    assert container["ports"][0] == read("{name: tls, containerPort: 8443, protocol: TCP}")
    assert found.spec("Service", cluster="c2")["ports"][1] == read(
        "{name: tls, port: 443, targetPort: 8443, protocol: TCP}"
    )
    assert found.spec("Gateway.networking.istio.io")["servers"][0]["port"]["number"] == 443


def test_what_is_different_in_a_cluster_stands_in_overrides() -> None:
    found = compiled(
        LACKS,
        gateway("""
      port: 16443, replicas: 3, serviceAnnotations: {a: everywhere, b: everywhere},
      overrides: [
        {clusters: {names: [c2]}, port: 443, replicas: 1, serviceAnnotations: {a: c2}, loadBalancerClass: nlb,
         loadBalancerSourceRanges: [192.0.2.0/24], resources: {requests: {cpu: "2"}, limits: {memory: 2Gi}}},
        {clusters: {names: ["*"]}, port: 17443}]"""),
    )
    service = found.spec("Service", cluster="c2")
    assert (service["loadBalancerClass"], service["loadBalancerSourceRanges"]) == ("nlb", ["192.0.2.0/24"])
    assert [found.spec("Service", cluster=name)["ports"][1]["port"] for name in ("c1", "c2")] == [17443, 443]
    assert [found.spec("Deployment", cluster=name)["replicas"] for name in ("c1", "c2")] == [3, 1]
    (container,) = found.spec("Deployment", cluster="c2")["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "2"}, "limits": {"memory": "2Gi"}}
    annotations = [found.body("Service", cluster=name)["metadata"]["annotations"] for name in ("c1", "c2")]
    assert [(found["a"], found["b"]) for found in annotations] == [("everywhere", "everywhere"), ("c2", "everywhere")]


def test_an_autoscaler_instead_of_a_number() -> None:
    found = compiled(
        LACKS, gateway("autoscaling: {maxReplicas: 6}, overrides: [{clusters: {names: [c1]}, replicas: 1}]")
    )
    assert found.names("HorizontalPodAutoscaler", cluster="c1") == []
    assert found.spec("Deployment", cluster="c1")["replicas"] == 1
    assert "replicas" not in found.spec("Deployment", cluster="c2")
    assert found.spec("HorizontalPodAutoscaler", cluster="c2") == read("""
scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ew}
minReplicas: 2
maxReplicas: 6
metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
""")


def test_a_gateway_that_others_run_gets_its_configuration_only() -> None:
    found = compiled(LACKS, gateway("managed: false, selector: {istio: eastwest}"), """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2], networkView: n2}]
""", """
kind: Inventory
metadata: {name: c1}
spec: {namespaces: [{name: shop}], gateways: [{name: ew, namespace: shop, networkView: n1}]}
""")  # fmt: skip
    assert [m.kind for m in found.manifests(cluster="c2")] == ["Gateway"]
    assert found.spec("Gateway", cluster="c2")["selector"] == {"istio": "eastwest"}


def fleet(c2: str, istio: str = "") -> str:
    return f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  {istio}
  clusters: [{{name: c1, region: eu, network: n1}}, {{name: c2, region: us{c2}}}]
"""


def test_in_a_mesh_without_networks_remote_endpoints_are_kept_out_by_a_view_of_our_own() -> None:
    pod = compiled(LACKS, fleet(', network: ""')).spec("Deployment", cluster="c2")["template"]
    assert pod["spec"]["containers"][0]["env"] == [
        {"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": "meshgen-local"}
    ]
    assert "topology.istio.io/network" not in pod["metadata"]["labels"]


def test_an_unknown_network_is_an_error() -> None:
    found = compiled(LACKS, fleet(""))
    assert [d.code for d in found.diagnostics if d.severity == "error"] == ["MG302"]


def test_a_network_of_the_inventory_is_used() -> None:
    found = compiled(LACKS, fleet(""), """
kind: Inventory
metadata: {name: c2}
spec:
  istio: {network: seen}
  namespaces: [{name: shop}]
""")  # fmt: skip
    pod = found.spec("Deployment", cluster="c2")["template"]
    assert pod["metadata"]["labels"]["topology.istio.io/network"] == "seen"


def test_the_revision_injects_the_gateway() -> None:
    found = compiled(LACKS, fleet(", network: n2", "istio: {revision: stable}"))
    assert found.spec("Deployment", cluster="c2")["template"]["metadata"]["labels"]["istio.io/rev"] == "stable"


@pytest.mark.parametrize("revision", ['"two words"', '".nan"', '""', "Stable"])
def test_a_revision_that_cannot_be_a_label_is_an_error(revision: str) -> None:
    found = compiled(LACKS, fleet(", network: n2", f"istio: {{revision: {revision}}}"))
    assert [d.code for d in found.diagnostics if d.severity == "error"] == ["MG106"]


def test_two_gateways_of_one_name_have_their_own_pods() -> None:
    found = compiled(LACKS, """
kind: Workspace
metadata: {name: bank}
spec: {namespaceSelector: {names: ["*/bank"]}, eastWestGateway: {name: ew, namespace: bank}}
---
kind: Inventory
metadata: {name: c1}
spec: {namespaces: [{name: shop}, {name: bank}]}
""")  # fmt: skip
    selectors = [m.body["spec"]["selector"]["matchLabels"] for m in found.manifests("Deployment", cluster="c1")]
    assert selectors == [{"app": "ew", "gateway.meshgen.io/id": "bank.ew"}, POD]


@pytest.mark.parametrize("kind", ["IngressGateway", "WorkspaceSetting", "Workspace"])
def test_no_object_of_tetrate_is_emitted(kind: str) -> None:
    assert kind not in compiled(LACKS).kinds
