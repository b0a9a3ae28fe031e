"""The canary of a workload cluster: ServiceAccount, Deployment, Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.analysis.injection import injection_labels
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.injection import REVISION
from meshgen.emit.pod_security import RESTRICTED
from meshgen.emit.reasons import Input, Reason
from meshgen.language.dns import Canary
from meshgen.published.probes import CANARY, CANARY_PORT

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedCanary

REPLICAS = 2
_PODS = {"app": CANARY}
_RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


def _deployment(planned: PlannedCanary) -> dict[str, Any]:
    ready = (
        {"tcpSocket": {"port": planned.port}}
        if planned.ready_path is None
        else {"httpGet": {"path": planned.ready_path, "port": planned.port}}
    )
    container = {
        "name": CANARY,
        "image": planned.image,
        "ports": [{"name": "http", "containerPort": planned.port, "protocol": "TCP"}],
        "readinessProbe": ready,
        "resources": _RESOURCES,
        "securityContext": {name: value for name, value in RESTRICTED.items() if name != "readOnlyRootFilesystem"},
    }
    return {
        "replicas": REPLICAS,
        "selector": {"matchLabels": _PODS},
        "template": {
            "metadata": {"labels": dict(sorted({**_PODS, **injection_labels(planned.revision)}.items()))},
            "spec": {
                "serviceAccountName": CANARY,
                "automountServiceAccountToken": False,
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": _PODS},
                    }
                ],
                "containers": [container],
            },
        },
    }


def _service(planned: PlannedCanary) -> dict[str, Any]:
    return {
        "selector": _PODS,
        "ports": [{"name": "http", "port": CANARY_PORT, "targetPort": planned.port, "protocol": "TCP"}],
    }


_OWN_PODS = Reason("its own pods, in a namespace of their own")
_CONTAINER = "spec template spec containers []"
_COMMON: Reasons = {
    "metadata name": Reason("the canary (docs/adr/0042-health-checks.md)"),
    "metadata namespace": Reason(
        "a namespace of its own, so that no workspace has it", (Input(Canary, "namespace"),), "`meshgen-canary`"
    ),
}
_OF_DEPLOYMENT: Reasons = {
    "spec replicas": Reason("one pod may go, and the cluster is no less alive"),
    "spec selector": _OWN_PODS,
    "spec template metadata labels": _OWN_PODS,
    "spec template metadata labels sidecar.istio.io/inject": Reason("a probe goes the way of an application's request"),
    "spec template metadata labels istio.io/rev": Reason(
        "the revision that injects the sidecar",
        REVISION,
    ),
    "spec template spec serviceAccountName": Reason("an account of its own"),
    "spec template spec automountServiceAccountToken": Reason("it never asks the API server"),
    "spec template spec topologySpreadConstraints": Reason("nodes die one by one"),
    f"{_CONTAINER} name": Reason("the canary"),
    f"{_CONTAINER} image": Reason("what answers", (Input(Canary, "image"),)),
    f"{_CONTAINER} ports": Reason("what it listens on", (Input(Canary, "port"),), "8080"),
    f"{_CONTAINER} readinessProbe": Reason(
        "ready when it answers; where a kubelet would not take the status, when it listens",
        (Input(Canary, "path"), Input(Canary, "expected_status"), Input(Canary, "port")),
    ),
    f"{_CONTAINER} resources": Reason("little, so that a full node is the last to be without it"),
    f"{_CONTAINER} securityContext": Reason("what the restricted Pod Security Standard wants"),
}
_OF_SERVICE: Reasons = {
    "spec selector": _OWN_PODS,
    "spec ports": Reason("port 80, which leads to the container's", (Input(Canary, "port"),), "8080"),
}


def _emitter(
    api_version: str, kind: str, stage: Stage, own_reasons: Reasons, fields: Callable[[PlannedCanary], dict[str, Any]]
) -> ObjectEmitter[PlannedCanary]:
    def items(scope: Scope) -> tuple[PlannedCanary, ...]:
        return () if scope.cluster.canary is None else (scope.cluster.canary,)

    return ObjectEmitter(
        Schema(api_version, kind),
        stage,
        items=items,
        name=lambda _planned: CANARY,
        namespace=lambda _scope, planned: planned.namespace,
        fields=lambda _scope, planned: fields(planned),
        own_reasons={**_COMMON, **own_reasons},
    )


EMITTERS = (
    _emitter("v1", "ServiceAccount", Stage.GATEWAYS, {}, lambda _planned: {}),
    _emitter("apps/v1", "Deployment", Stage.GATEWAYS, _OF_DEPLOYMENT, lambda planned: {"spec": _deployment(planned)}),
    _emitter("v1", "Service", Stage.GATEWAYS, _OF_SERVICE, lambda planned: {"spec": _service(planned)}),
)
