"""ServiceEntry: a host that the cluster lacks (reference shape: STATIC, MESH_INTERNAL, gateways as endpoints)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.analysis.labels import CANONICAL_NAME, TLS_MODE
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import endpoint, endpoint_reasons
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.fleet import FleetSpec
from meshgen.language.inventory import ObservedIstio, ObservedService
from meshgen.language.workspace import ExposedService

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
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


_REASONS: Reasons = {
    "metadata name": Reason(
        "the host: never changes (design §3)", (Input(ExposedService, "host"), Input(ObservedService, "name"))
    ),
    "metadata namespace": Reason(
        "the multicluster namespace", (Input(FleetSpec, "multicluster_namespace"),), "the platform's (design §4)"
    ),
    "spec hosts": Reason(
        "the exposed host, which this cluster lacks", (Input(ExposedService, "host"), Input(ObservedService, "name"))
    ),
    "spec addresses": Reason(
        "an address made of the host, where istiod gives none (before Istio 1.25, or switched off)",
        (
            Input(Cluster, "istio.vip_range", "here"),
            Input(Istio, "vip_range"),
            Input(ObservedIstio, "ip_auto_allocation", "here"),
        ),
        "from 240.241.0.0/16, which is nobody's (MG376)",
    ),
    "spec exportTo": Reason("who sees it", (Input(ExposedService, "consumer_namespaces"),), "every namespace"),
    "spec location": Reason("mesh traffic: mutual TLS, and the SNI that the gateway expects"),
    "spec resolution": Reason("the addresses stand in it"),
    "spec subjectAltNames": Reason(
        "the identities that may answer, of all sources",
        (Input(ObservedService, "service_accounts", "elsewhere"),),
    ),
    "spec ports": Reason(
        "the ports that all sources have; numbers stand in the SNI", (Input(ObservedService, "ports", "elsewhere"),)
    ),
    **endpoint_reasons("spec endpoints [] "),
    "spec endpoints [] labels security.istio.io/tlsMode": Reason("makes clients use mutual TLS to the gateway"),
    "spec endpoints [] labels service.istio.io/canonical-name": Reason("the service's name in metrics"),
}


SERVICE_ENTRY: ObjectEmitter[PlannedServiceEntry] = ObjectEmitter(
    Schema("networking.istio.io/v1", "ServiceEntry"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.service_entries,
    name=lambda planned: planned.host,
    namespace=lambda scope, _planned: scope.plan.multicluster_namespace,
    fields=_fields,
    own_reasons=_REASONS,
)
