"""ServiceEntry of an alias: the pods of a Service and the entries beside them, under a host of its own (ADR 36)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import TRAFFIC
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.inventory import ObservedIstio, ObservedService

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import AliasPort, PlannedAlias


def _fields(_scope: Scope, planned: PlannedAlias) -> dict[str, Any]:
    addresses = {} if planned.vip is None else {"addresses": [planned.vip]}
    return {
        "spec": {
            "hosts": [planned.host],
            **addresses,
            "exportTo": ["*"],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "ports": [_port(port) for port in planned.ports],
            "workloadSelector": {"labels": planned.selector},
        }
    }


def _port(port: AliasPort) -> dict[str, Any]:
    protocol = {} if port.protocol is None else {"protocol": port.protocol}
    target = {} if port.target is None else {"targetPort": port.target}
    return {"number": port.number, "name": port.name, **protocol, **target}


_REASONS: Reasons = {
    "metadata name": Reason("the alias: `<service>.<cluster>.<namespace>.mesh` (ADR 36)"),
    "metadata namespace": Reason("of the Service whose pods it takes", (Input(ObservedService, "namespace", "here"),)),
    "spec hosts": Reason("stands for the service with one cluster first", TRAFFIC),
    "spec addresses": Reason(
        "an address made of the host, where istiod gives none (before Istio 1.25, or switched off)",
        (
            Input(Cluster, "istio.vip_range", "here"),
            Input(Istio, "vip_range"),
            Input(ObservedIstio, "ip_auto_allocation", "here"),
        ),
        "from 240.241.0.0/16, which is nobody's (MG376)",
    ),
    "spec exportTo": Reason("everybody, as the Service: callers are routed to it, and the gateway lets it in"),
    "spec location": Reason("mesh traffic: mutual TLS, and the SNI that the gateway expects"),
    "spec resolution": Reason("its endpoints are pods and entries"),
    "spec ports": Reason(
        "the Service's; named after the container's port where the Service names that",
        (Input(ObservedService, "ports", "here"),),
    ),
    "spec workloadSelector": Reason(
        "what the Service selects by: its pods, and the entries for other clusters",
        (Input(ObservedService, "selector", "here"),),
    ),
}


ALIAS: ObjectEmitter[PlannedAlias] = ObjectEmitter(
    Schema("networking.istio.io/v1", "ServiceEntry"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.aliases,
    name=lambda planned: planned.host,
    namespace=lambda _scope, planned: planned.service.namespace,
    fields=_fields,
    own_reasons=_REASONS,
)
