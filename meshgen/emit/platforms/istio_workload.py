"""What runs an east-west gateway: ServiceAccount, Deployment, Service, PodDisruptionBudget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.language.gateway import NETWORK_VIEW

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.emit.emitter import Scope
    from meshgen.plan.model import PlannedGateway

STATUS_PORT = 15021
_RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}


def _deployment(planned: PlannedGateway) -> dict[str, Any]:
    """The injector replaces `image: auto` (Helm chart `gateway` of Istio); the network view keeps remote endpoints out.

    Without that view the gateway would balance onto other clusters' gateways
    (Istio: pilot/pkg/model/proxy_view.go).
    """
    labels = {**planned.pod_labels, "sidecar.istio.io/inject": "true"}
    if planned.network:
        labels["topology.istio.io/network"] = planned.network
    if planned.revision is not None:
        labels["istio.io/rev"] = planned.revision
    env = [] if planned.network_view is None else [{"name": NETWORK_VIEW, "value": planned.network_view}]
    container = {
        "name": "istio-proxy",
        "image": "auto",
        "env": env,
        "ports": [
            {"name": "tls", "containerPort": planned.port, "protocol": "TCP"},
            {"name": "status", "containerPort": STATUS_PORT, "protocol": "TCP"},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": STATUS_PORT},
            "initialDelaySeconds": 1,
            "periodSeconds": 5,
            "failureThreshold": 3,
        },
        "resources": _RESOURCES,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
    }
    return {
        "replicas": planned.replicas,
        "selector": {"matchLabels": planned.pod_labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            "metadata": {
                "labels": dict(sorted(labels.items())),
                "annotations": {"inject.istio.io/templates": "gateway", "proxy.istio.io/config": _PROXY_CONFIG},
            },
            "spec": {
                "serviceAccountName": planned.name,
                "terminationGracePeriodSeconds": 60,
                "topologySpreadConstraints": [_spread(planned, key) for key in _SPREAD_OVER],
                "containers": [container],
            },
        },
    }


# Load balancers go on sending to a pod that ends; the proxy would take nothing any more after 5 s (pkg/config/mesh).
_PROXY_CONFIG = "terminationDrainDuration: 45s"
_SPREAD_OVER = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def _spread(planned: PlannedGateway, key: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": planned.pod_labels},
    }


def _service(planned: PlannedGateway) -> dict[str, Any]:
    """No network label: istiod would route whole networks through it. Port names as `istioctl validate` wants them."""
    return {
        "type": "LoadBalancer",
        "selector": planned.pod_labels,
        "ports": [
            {"name": "tcp-status-port", "port": STATUS_PORT, "targetPort": STATUS_PORT, "protocol": "TCP"},
            {"name": "tls", "port": planned.port, "targetPort": planned.port, "protocol": "TCP"},
        ],
    }


def _emitter(
    api_version: str,
    kind: str,
    fields: Callable[[PlannedGateway], dict[str, Any]],
    annotations: Callable[[PlannedGateway], dict[str, str]] = lambda _planned: {},
) -> ObjectEmitter[PlannedGateway]:
    def managed(scope: Scope) -> tuple[PlannedGateway, ...]:
        return tuple(planned for planned in scope.cluster.gateways if planned.managed)

    return ObjectEmitter(
        Schema(api_version, kind),
        Stage.GATEWAYS,
        items=managed,
        name=lambda planned: planned.name,
        namespace=lambda _scope, planned: planned.namespace,
        labels=lambda _scope, planned: {"app": planned.name},
        annotations=lambda _scope, planned: annotations(planned),
        fields=lambda _scope, planned: fields(planned),
    )


SERVICE_ACCOUNT = _emitter("v1", "ServiceAccount", lambda _planned: {})
DEPLOYMENT = _emitter("apps/v1", "Deployment", lambda planned: {"spec": _deployment(planned)})
DISRUPTION_BUDGET = _emitter(
    "policy/v1",
    "PodDisruptionBudget",
    lambda planned: {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": planned.pod_labels}}},
)
SERVICE = _emitter(
    "v1", "Service", lambda planned: {"spec": _service(planned)}, lambda planned: planned.service_annotations
)
