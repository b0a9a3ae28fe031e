"""Stub Service: gives a remote-only host a name and an address where sidecars do not answer DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.reasons import Input, Reason
from meshgen.language.inventory import ObservedIstio, ObservedService

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedPort, PlannedStub


EXPORT_TO = "networking.istio.io/exportTo"


def _fields(_scope: Scope, planned: PlannedStub) -> dict[str, Any]:
    """Its selector matches no pod, only the WorkloadEntries made for it (tried in the lab: 50 of 50)."""
    return {"spec": {"selector": planned.selector, "ports": [_port(port) for port in planned.ports]}}


def _port(port: PlannedPort) -> dict[str, str | int]:
    """A Service port; the source's protocol is declared, whatever the port's name says."""
    said = port.unknown_protocol if port.protocol is None else port.protocol.lower()
    declared = {} if said is None else {"appProtocol": said}
    return {"name": port.name, "port": port.number, "targetPort": port.number, "protocol": "TCP", **declared}


_REASONS: Reasons = {
    "metadata name": Reason("the Service's name in its sources", (Input(ObservedService, "name", "elsewhere"),)),
    "metadata namespace": Reason("the same namespace as there", (Input(ObservedService, "namespace", "elsewhere"),)),
    "metadata annotations networking.istio.io/exportTo": Reason(
        "seen in every namespace, as a Service is where the mesh does not say otherwise",
        (Input(ObservedIstio, "default_service_export_to", "here"),),
    ),
    "spec selector": Reason("matches no pod, only the entries made for it (MG378)"),
    "spec ports": Reason("the ports that all sources have", (Input(ObservedService, "ports", "elsewhere"),)),
}


STUB_SERVICE: ObjectEmitter[PlannedStub] = ObjectEmitter(
    Schema("v1", "Service"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.stubs,
    name=lambda planned: planned.service.name,
    namespace=lambda _scope, planned: planned.service.namespace,
    fields=_fields,
    own_reasons=_REASONS,
    annotations=lambda _scope, planned: {EXPORT_TO: ",".join(planned.export_to)} if planned.export_to else {},
)
