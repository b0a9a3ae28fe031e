"""ServiceEntry: a host that the cluster lacks (reference shape: STATIC, MESH_INTERNAL, gateways as endpoints)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import endpoint
from meshgen.plan.labels import CANONICAL_NAME, TLS_MODE

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.plan.model import PlannedPort, PlannedServiceEntry


def _fields(_scope: Scope, planned: PlannedServiceEntry) -> dict[str, Any]:
    """Identities stand in `subjectAltNames`: `endpoints[].serviceAccount` would be looked up in the entry's own
    namespace (Istio: serviceregistry/serviceentry/conversion.go).
    """
    names = [port.name for port in planned.ports]
    labels = {**TLS_MODE, CANONICAL_NAME: planned.canonical_name}
    spec: dict[str, Any] = {"hosts": [planned.host]}
    if planned.vip is not None:
        spec["addresses"] = [planned.vip]
    spec |= {"exportTo": list(planned.export_to), "location": "MESH_INTERNAL", "resolution": "STATIC"}
    if planned.subject_alt_names:
        spec["subjectAltNames"] = list(planned.subject_alt_names)
    spec |= {
        "ports": [_port(port) for port in planned.ports],
        "endpoints": [endpoint(remote, names, labels) for remote in planned.endpoints],
    }
    return {"spec": spec}


def _port(port: PlannedPort) -> dict[str, Any]:
    protocol = {} if port.protocol is None else {"protocol": port.protocol}
    return {"number": port.number, "name": port.name, **protocol}


SERVICE_ENTRY: ObjectEmitter[PlannedServiceEntry] = ObjectEmitter(
    Schema("networking.istio.io/v1", "ServiceEntry"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.service_entries,
    name=lambda planned: planned.host,
    namespace=lambda scope, _planned: scope.plan.multicluster_namespace,
    fields=_fields,
)
