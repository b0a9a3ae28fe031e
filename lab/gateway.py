"""Gateways, made from the Deployments and Services in the API: labels, environment and ports, nothing added."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from lab.api import reference
from lab.pod import Pod, PodSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.api import Object
    from lab.cluster import Cluster
    from lab.network import LoadBalancerAddress

PASSTHROUGH = 15443
_TEMPLATES = "inject.istio.io/templates"
_PROXY_CONFIG = "proxy.istio.io/config"
_DISRUPTION_ALLOWED = {
    "type": "DisruptionAllowed",
    "status": "True",
    "reason": "SufficientPods",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
_AVAILABLE = [
    {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
]


class Gateway:
    """The pods of one gateway Deployment behind the addresses of its Service."""

    def __init__(
        self, cluster: Cluster, deployment: Object, service: Object, addresses: Mapping[str, LoadBalancerAddress]
    ) -> None:
        self.cluster = cluster
        self.name = deployment["metadata"]["name"]
        self.namespace = deployment["metadata"]["namespace"]
        self.service = service
        self.addresses = addresses
        settings = _pod_settings(deployment)
        self.pods = [
            Pod(cluster, _numbered(settings, number)) for number in range(deployment["spec"].get("replicas", 1))
        ]

    def connect(self) -> None:
        """Let the load balancer send to all pods, and say so in the Service's status."""
        ports = {port["port"]: port.get("targetPort", port["port"]) for port in self.service["spec"]["ports"]}
        backends = {port: [(pod.address, target) for pod in self.pods] for port, target in ports.items()}
        for address in self.addresses.values():
            address.route(backends)
        ingress = [{"ip": address} for address in self.addresses]
        self.cluster.api.patch_status(self.service, {"loadBalancer": {"ingress": ingress}})


def gateway_objects(
    name: str, namespace: str, labels: dict[str, str], *, account: str, env: list[Object], replicas: int = 1
) -> list[Object]:
    """Write down a gateway that meshgen does not emit: ServiceAccount, Deployment and Service."""
    deployment, service = (
        reference("apps/v1", "Deployment", name, namespace),
        reference("v1", "Service", name, namespace),
    )
    template = {
        "metadata": {"labels": labels, "annotations": {_TEMPLATES: "gateway"}},
        "spec": {
            "serviceAccountName": account,
            "containers": [{"name": "istio-proxy", "image": "auto", "env": env}],
        },
    }
    deployment["spec"] = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    ports = [{"name": "tls-istio-mtls", "port": PASSTHROUGH, "targetPort": PASSTHROUGH}]
    service["spec"] = {"type": "LoadBalancer", "selector": labels, "ports": ports}
    return [reference("v1", "ServiceAccount", account, namespace), deployment, service]


def gateway_deployments(cluster: Cluster) -> list[tuple[Object, Object]]:
    """Every Deployment that Istio's injector would turn into a gateway, with its LoadBalancer Service."""
    services = [s for s in cluster.api.items("v1", "Service") if s["spec"].get("type") == "LoadBalancer"]
    deployments = cluster.api.items("apps/v1", "Deployment")
    return [(deployment, _service_of(deployment, services)) for deployment in deployments if _is_gateway(deployment)]


def other_deployments(cluster: Cluster) -> list[Object]:
    """Every Deployment of pods that answer themselves."""
    return [body for body in cluster.api.items("apps/v1", "Deployment") if not _is_gateway(body)]


def report_ready(cluster: Cluster) -> None:
    """Write what the Deployment and disruption controllers would: every Deployment and budget there is is fine."""
    for deployment in cluster.api.items("apps/v1", "Deployment"):
        replicas = deployment["spec"].get("replicas", 1)
        numbers = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas)
        generation = deployment["metadata"]["generation"]
        status = {"observedGeneration": generation, **numbers, "conditions": _AVAILABLE}
        cluster.api.patch_status(deployment, status)
    for budget in cluster.api.items("policy/v1", "PodDisruptionBudget"):
        numbers = dict.fromkeys(("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"), 1)
        cluster.api.patch_status(budget, {**numbers, "conditions": [_DISRUPTION_ALLOWED]})


def _is_gateway(deployment: Object) -> bool:
    annotations = deployment["spec"]["template"]["metadata"].get("annotations", {})
    return bool(annotations.get(_TEMPLATES) == "gateway")


def _service_of(deployment: Object, services: Sequence[Object]) -> Object:
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    for service in services:
        same = service["metadata"]["namespace"] == deployment["metadata"]["namespace"]
        if same and service["spec"].get("selector", {}).items() <= labels:
            return service
    raise LookupError(f"no Service of type LoadBalancer selects Deployment {deployment['metadata']['name']}")


def _pod_settings(deployment: Object) -> PodSettings:
    metadata, template = deployment["metadata"], deployment["spec"]["template"]
    spec = template["spec"]
    container = next(c for c in spec["containers"] if c["name"] == "istio-proxy")
    return PodSettings(
        name=metadata["name"],
        namespace=metadata["namespace"],
        service_account=spec.get("serviceAccountName", "default"),
        labels=dict(template["metadata"]["labels"]),
        proxy="router",
        env={variable["name"]: variable.get("value", "") for variable in container.get("env", [])},
        proxy_config=YAML(typ="safe").load(template["metadata"]["annotations"].get(_PROXY_CONFIG, "")) or {},
    )


def _numbered(settings: PodSettings, number: int) -> PodSettings:
    return replace(settings, name=f"{settings.name}-{number}")
