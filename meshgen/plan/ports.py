"""Ports of Services as a plan has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.protocols import protocol_of
from meshgen.plan.model import PlannedPort

if TYPE_CHECKING:
    from meshgen.language.inventory import ServicePort


def planned_port(port: ServicePort) -> PlannedPort:
    """A port with what Istio takes it for."""
    protocol = protocol_of(port)
    return PlannedPort(port.name or "", port.port, protocol, port.app_protocol if protocol is None else None)
