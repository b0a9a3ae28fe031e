"""What a cluster exposes, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import ServiceName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.analysis.draining import Drain
    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.gateways import GatewayReach
    from meshgen.analysis.traffic import EffectiveTraffic
    from meshgen.language.base import ClusterSelector
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.inventory import ObservedService
    from meshgen.language.workspace import ExposedService, Workspace

OWN_GATEWAY = "is the Service of a gateway"
UNNAMED_PORT = "has a port without a name"
NO_SIDECARS = "has pods without sidecars"
PAST_SIDECARS = "has no port that the sidecars of its pods take"


@dataclass(frozen=True, slots=True)
class Exposure:
    """A cluster exposes a service through the workspace's gateway."""

    cluster: str
    workspace: Workspace
    setting: ExposedService | None
    """The item of `exposedServices`, None where the workspace exposes everything."""
    service: ObservedService
    host: str
    gateway: GatewaySettings
    reach: GatewayReach
    """Where other clusters reach the gateway."""
    failover: EffectiveFailover
    traffic: EffectiveTraffic
    drain: Drain | None
    """What makes it drain: its cluster, workspace, service or gateway; None: nothing does."""

    @property
    def name(self) -> ServiceName:
        return ServiceName(self.service.namespace, self.service.name)

    @property
    def consumers(self) -> ClusterSelector | None:
        """What chooses its consumers: the service's selector, else the workspace's; None: neither has one."""
        if self.setting is not None and self.setting.consumers is not None:
            return self.setting.consumers
        return self.workspace.consumers

    @property
    def active(self) -> bool:
        """Whether nothing drains it, and its Service neither arrives nor leaves."""
        return self.drain is None and self.service.state == "active"

    @property
    def address_known(self) -> bool:
        return self.reach.known

    @property
    def serves(self) -> bool:
        """Whether consumers get endpoints of it."""
        return self.active and self.address_known


def unexposable(service: ObservedService) -> str | None:
    """Why a Service cannot be exposed from any cluster, None where it can.

    Source: design §3; what Istio's gateways and WorkloadEntry selection cannot carry.
    """
    if service.type == "ExternalName":
        return "is of type ExternalName"
    if service.cluster_ip == "None":
        return "is headless"
    if not service.selector:
        return "has no selector"
    ports = service.tcp_ports
    if not ports:
        others = sorted({port.protocol for port in service.ports})
        return f"has {' and '.join(others)} ports only" if others else "has no ports"
    if any(port.name is None for port in ports):
        return UNNAMED_PORT
    return None


def passes_sidecars(service: ObservedService) -> bool:
    """Whether what comes in on any TCP port of a Service goes past the sidecars of its pods."""
    return bool(service.tcp_ports) and not any(port.intercepted for port in service.tcp_ports)


def seen_from(service: ObservedService, namespace: str, by_default: Sequence[str]) -> bool:
    """Whether a Service is exported to `namespace`; `by_default`: who sees one that says nothing."""
    seen_by = service.export_to or by_default
    if "*" in seen_by or namespace in seen_by:
        return True
    return "." in seen_by and namespace == service.namespace
