"""What runs a gateway: ServiceAccount, Deployment, its autoscaler, Service, PodDisruptionBudget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.analysis.injection import injection_labels
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.autoscaling import cpu_metrics
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.injection import REVISION
from meshgen.emit.pod_security import RESTRICTED
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster
from meshgen.language.gateway import NETWORK_VIEW, GatewayOverride, GatewaySettings
from meshgen.language.inventory import ObservedIstio

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedGateway

STATUS_PORT = 15021
_RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}


def _deployment(planned: PlannedGateway) -> dict[str, Any]:
    """The injector replaces `image: auto` (Helm chart `gateway` of Istio); the network view keeps remote endpoints out.

    Without that view the gateway would balance onto other clusters' gateways
    (Istio: pilot/pkg/model/proxy_view.go).
    """
    labels = {**planned.pod_labels, **injection_labels(planned.revision)}
    if planned.network:
        labels["topology.istio.io/network"] = planned.network
    env = [] if planned.network_view is None else [{"name": NETWORK_VIEW, "value": planned.network_view}]
    container = {
        "name": "istio-proxy",
        "image": "auto",
        "env": env,
        "ports": [
            *({"name": name, "containerPort": target, "protocol": "TCP"} for name, _, target in planned.ports),
            {"name": "status", "containerPort": STATUS_PORT, "protocol": "TCP"},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": STATUS_PORT},
            "initialDelaySeconds": 1,
            "periodSeconds": 5,
            "failureThreshold": 3,
        },
        "resources": _RESOURCES if planned.resources is None else planned.resources,
        "securityContext": RESTRICTED,
    }
    return {
        **({} if planned.replicas is None else {"replicas": planned.replicas}),
        "selector": {"matchLabels": planned.pod_labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            "metadata": {
                "labels": dict(sorted(labels.items())),
                "annotations": {
                    "inject.istio.io/templates": "gateway",
                    "proxy.istio.io/config": _proxy_config(planned),
                },
            },
            "spec": {
                "serviceAccountName": planned.name,
                "terminationGracePeriodSeconds": 60,
                "topologySpreadConstraints": [_spread(planned, key) for key in _SPREAD_OVER],
                "containers": [container],
            },
        },
    }


def _proxy_config(planned: PlannedGateway) -> str:
    """Load balancers send on to a pod that ends; the proxy would take nothing any more after 5 s (pkg/config/mesh)."""
    drain = "terminationDrainDuration: 45s"
    if planned.trusted_proxies is None:
        return drain
    return f"{{gatewayTopology: {{numTrustedProxies: {planned.trusted_proxies}}}, {drain}}}"


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
    settings: dict[str, Any] = {}
    if planned.load_balancer_class is not None:
        settings["loadBalancerClass"] = planned.load_balancer_class
    if planned.load_balancer_source_ranges:
        settings["loadBalancerSourceRanges"] = list(planned.load_balancer_source_ranges)
    return {
        "type": "LoadBalancer",
        **settings,
        "selector": planned.pod_labels,
        "ports": [
            {"name": "tcp-status-port", "port": STATUS_PORT, "targetPort": STATUS_PORT, "protocol": "TCP"},
            *(
                {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}
                for name, port, target in planned.ports
            ),
        ],
    }


def _autoscaler(planned: PlannedGateway) -> dict[str, Any]:
    if planned.autoscaling is None:
        message = f"gateway {planned.name} has no autoscaler"
        raise ValueError(message)
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": planned.name},
        "minReplicas": planned.autoscaling.min_replicas,
        "maxReplicas": planned.autoscaling.max_replicas,
        "metrics": cpu_metrics(planned.autoscaling),
    }


_PODS = Reason("the labels that meshgen gives to the gateway's pods and no others (MG310)")
_OF_GATEWAY: Reasons = {
    "metadata name": Reason("the gateway's name", (Input(GatewaySettings, "name"),)),
    "metadata namespace": Reason("the gateway's namespace", (Input(GatewaySettings, "namespace"),)),
    "metadata labels app": Reason("the gateway's name", (Input(GatewaySettings, "name"),)),
}
_PORT_INPUTS = (
    Input(GatewayOverride, "port"),
    Input(GatewaySettings, "port"),
    Input(GatewaySettings, "role"),
)
_PORT = Reason(
    "80 and 443 for users, and the gateway's port, as its role has them",
    _PORT_INPUTS,
    "15443, Istio's for traffic between clusters",
)
_LISTENER = Reason(
    "what a port of the Service leads to: itself, or 8000 more where only root may listen",
    _PORT_INPUTS,
    "15443, Istio's for traffic between clusters",
)
_NETWORK = (Input(Cluster, "network", "here"), Input(ObservedIstio, "network", "here"))
_CONTAINER = "spec template spec containers []"
_OF_DEPLOYMENT: Reasons = {
    "spec replicas": Reason(
        "number of pods",
        (Input(GatewayOverride, "replicas"), Input(GatewaySettings, "replicas")),
        "two, so that one may go",
    ),
    "spec selector": _PODS,
    "spec strategy": Reason("the new pod is there before an old one goes: no connection is without a gateway"),
    "spec template metadata labels": _PODS,
    "spec template metadata labels sidecar.istio.io/inject": Reason("the injector makes the container"),
    "spec template metadata labels topology.istio.io/network": Reason("the cluster's network", _NETWORK),
    "spec template metadata labels istio.io/rev": Reason(
        "the revision that injects the gateways",
        REVISION,
    ),
    "spec template metadata annotations inject.istio.io/templates": Reason("the injector's template for gateways"),
    "spec template metadata annotations proxy.istio.io/config": Reason(
        "load balancers go on sending to a pod that ends; the proxy takes nothing after 5 s by itself "
        "(pkg/config/mesh); how many proxies before it say who the client is",
        (Input(GatewaySettings, "num_trusted_proxies"),),
    ),
    "spec template spec serviceAccountName": Reason("the gateway's own account", (Input(GatewaySettings, "name"),)),
    "spec template spec terminationGracePeriodSeconds": Reason("longer than it drains"),
    "spec template spec topologySpreadConstraints": Reason("pods spread over zones and nodes, which die one by one"),
    f"{_CONTAINER} name": Reason("the name that the injector looks for"),
    f"{_CONTAINER} image": Reason("the injector puts in the proxy's"),
    f"{_CONTAINER} env": Reason(
        "what comes from other clusters or from an edge stays in this one: the network view keeps remote endpoints "
        "out, and without it requests go in circles (MG303)",
        (*_NETWORK, Input(GatewaySettings, "role")),
    ),
    f"{_CONTAINER} ports": Reason("what it listens on: what the ports of its Service lead to, and 15021 for health"),
    f"{_CONTAINER} ports [] containerPort": _LISTENER,
    f"{_CONTAINER} readinessProbe": Reason("health of the proxy, as the chart `gateway` has it"),
    f"{_CONTAINER} resources": Reason(
        "what it asks for and may use",
        (Input(GatewayOverride, "resources"), Input(GatewaySettings, "resources")),
        "as the chart `gateway` asks; no limit of CPU, which would throttle it",
    ),
    f"{_CONTAINER} securityContext": Reason("what the restricted Pod Security Standard wants"),
}
_OF_SERVICE: Reasons = {
    "metadata annotations *": Reason(
        "for the load balancer",
        (Input(GatewayOverride, "service_annotations"), Input(GatewaySettings, "service_annotations")),
    ),
    "spec type": Reason("other clusters reach it from outside"),
    "spec loadBalancerClass": Reason(
        "who makes its load balancer",
        (Input(GatewayOverride, "load_balancer_class"), Input(GatewaySettings, "load_balancer_class")),
    ),
    "spec loadBalancerSourceRanges": Reason(
        "from where the load balancer takes traffic",
        (Input(GatewayOverride, "load_balancer_source_ranges"), Input(GatewaySettings, "load_balancer_source_ranges")),
    ),
    "spec selector": _PODS,
    "spec ports": Reason("the gateway's ports, and 15021 for the load balancer's health check"),
    "spec ports [] port": _PORT,
    "spec ports [] targetPort": _LISTENER,
}
_OF_DISRUPTION_BUDGET: Reasons = {
    "spec maxUnavailable": Reason("one pod may be drained at a time, also with a single one"),
    "spec selector": _PODS,
}


_AUTOSCALING = (Input(GatewayOverride, "autoscaling"), Input(GatewaySettings, "autoscaling"))
_OF_AUTOSCALER: Reasons = {
    "spec scaleTargetRef": Reason("the gateway's Deployment, which then has no `replicas`", _AUTOSCALING),
    "spec minReplicas": Reason("fewest pods", _AUTOSCALING, "two, so that one may go"),
    "spec maxReplicas": Reason("most pods", _AUTOSCALING),
    "spec metrics": Reason("pods are added where they use more of their requested CPU", _AUTOSCALING),
}


def _emitter(
    api_version: str,
    kind: str,
    own_reasons: Reasons,
    fields: Callable[[PlannedGateway], dict[str, Any]],
    annotations: Callable[[PlannedGateway], dict[str, str]] = lambda _planned: {},
    where: Callable[[PlannedGateway], bool] = lambda _planned: True,
) -> ObjectEmitter[PlannedGateway]:
    def managed(scope: Scope) -> tuple[PlannedGateway, ...]:
        return tuple(planned for planned in scope.cluster.gateways if planned.managed and where(planned))

    return ObjectEmitter(
        Schema(api_version, kind),
        Stage.GATEWAYS,
        items=managed,
        name=lambda planned: planned.name,
        namespace=lambda _scope, planned: planned.namespace,
        labels=lambda _scope, planned: {"app": planned.name},
        annotations=lambda _scope, planned: annotations(planned),
        fields=lambda _scope, planned: fields(planned),
        own_reasons={**_OF_GATEWAY, **own_reasons},
    )


SERVICE_ACCOUNT = _emitter("v1", "ServiceAccount", {}, lambda _planned: {})
DEPLOYMENT = _emitter("apps/v1", "Deployment", _OF_DEPLOYMENT, lambda planned: {"spec": _deployment(planned)})
DISRUPTION_BUDGET = _emitter(
    "policy/v1",
    "PodDisruptionBudget",
    _OF_DISRUPTION_BUDGET,
    lambda planned: {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": planned.pod_labels}}},
)
AUTOSCALER = _emitter(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    _OF_AUTOSCALER,
    lambda planned: {"spec": _autoscaler(planned)},
    where=lambda planned: planned.autoscaling is not None,
)
SERVICE = _emitter(
    "v1",
    "Service",
    _OF_SERVICE,
    lambda planned: {"spec": _service(planned)},
    lambda planned: planned.service_annotations,
)
