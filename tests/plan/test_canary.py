"""The canary: the same small service in every workload cluster."""

from __future__ import annotations

import pytest

from tests.fleets import compiled

FLEET = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  istio: {revision: stable}
  canary: {host: canary.example.com, image: example.com/canary:1, path: /status/200}
  clusters:
  - {name: c1, network: n1}
  - {name: e1, network: n2, role: edge}
---
kind: Inventory
metadata: {name: c1}
spec: {namespaces: []}
---
kind: Inventory
metadata: {name: e1}
spec: {namespaces: []}
"""


def test_a_workload_cluster_gets_what_answers() -> None:
    found = compiled(FLEET)
    namespace = "meshgen-canary"
    assert [item.name for item in found.manifests("Namespace", cluster="c1")] == [namespace]
    (account,) = found.manifests("ServiceAccount", cluster="c1")
    (service,) = found.manifests("Service", cluster="c1")
    (deployment,) = found.manifests("Deployment", cluster="c1")
    assert {(item.namespace, item.name) for item in (account, service, deployment)} == {(namespace, "canary")}
    assert service.body["spec"] == {
        "selector": {"app": "canary"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
    }
    assert deployment.body["spec"] == {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "canary"}},
        "template": {
            "metadata": {"labels": {"app": "canary", "istio.io/rev": "stable", "sidecar.istio.io/inject": "true"}},
            "spec": {
                "serviceAccountName": "canary",
                "automountServiceAccountToken": False,
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": {"app": "canary"}},
                    }
                ],
                "containers": [
                    {
                        "name": "canary",
                        "image": "example.com/canary:1",
                        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                        "readinessProbe": {"httpGet": {"path": "/status/200", "port": 8080}},
                        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "capabilities": {"drop": ["ALL"]},
                            "runAsNonRoot": True,
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                    }
                ],
            },
        },
    }


@pytest.mark.parametrize("kind", ["Namespace", "ServiceAccount", "Service", "Deployment"])
def test_an_edge_cluster_gets_none(kind: str) -> None:
    assert list(compiled(FLEET).manifests(kind, cluster="e1")) == []


def test_where_a_kubelet_would_not_take_the_status_the_canary_is_ready_when_it_listens() -> None:
    fleet = FLEET.replace("/status/200", "/, expectedStatus: 401")
    (deployment,) = compiled(fleet).manifests("Deployment", cluster="c1")
    (container,) = deployment.body["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"] == {"tcpSocket": {"port": 8080}}
