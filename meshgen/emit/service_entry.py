"""ServiceEntry: a host that the cluster lacks (reference shape: STATIC, MESH_INTERNAL, gateways as endpoints)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.endpoint import endpoint
from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.labels import CANONICAL_NAME, TLS_MODE
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedPort, PlannedServiceEntry


def service_entry(cluster: str, namespace: str, planned: PlannedServiceEntry) -> Manifest:
    """networking.istio.io/v1 ServiceEntry in the multicluster namespace.

    Identities stand in `subjectAltNames`: `endpoints[].serviceAccount` would be looked up in the entry's own
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
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": metadata(planned.host, namespace, planned.origin),
        "spec": spec,
    }
    return Manifest(cluster, body, planned.origin, Stage.ENTRIES)


def _port(port: PlannedPort) -> dict[str, Any]:
    protocol = {} if port.protocol is None else {"protocol": port.protocol}
    return {"number": port.number, "name": port.name, **protocol}
