"""Hosts that stand for a service with one cluster first: routes with shares lead to them (ADR 36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.analysis.protocols import HTTP_FAMILY, protocol_of
from meshgen.analysis.traffic import aliased
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService, ServicePort

_SEVERAL = 2


def alias_clusters(relations: Relations, host: str) -> tuple[str, ...]:
    """The clusters for which a host has an alias, sorted; none where only one has the host.

    Those with a share, or with an alias without one, that expose the host or have it, in whatever state: a gateway lets
    an alias in as long as any consumer may still ask for it.
    """
    exposures = relations.by_host[host]
    traffic, workspace, name = exposures[0].traffic, exposures[0].workspace, exposures[0].name
    if not traffic.has_aliases or not exposures[0].failover.enabled:
        return ()
    if not own_entries(relations.fleet) or not platform(relations.fleet.spec.platform).alias_hosts:
        return ()
    exposing = {exposure.cluster for exposure in exposures}
    having = [
        cluster
        for cluster in relations.fleet.clusters
        if cluster.name in exposing or relations.local(cluster.name, workspace, name) is not None
    ]
    return aliased(traffic, having) if len(having) >= _SEVERAL else ()


def alias_ports(service: ObservedService) -> tuple[tuple[str, int | None, ServicePort], ...]:
    """The TCP ports of an alias: name, target port and the Service's port.

    A ServiceEntry leads to pods by number, or to the container port of the same name as its own port, where there is
    one; entries have both names of a port (convertWorkloadInstanceToServiceInstance,
    pilot/pkg/serviceregistry/serviceentry/conversion.go).
    """
    return tuple(
        (port.target_port, None, port)
        if isinstance(port.target_port, str)
        else (port.name or "", port.target_port, port)
        for port in service.tcp_ports
    )


def unroutable(ports: Sequence[ServicePort]) -> str | None:
    """Why requests to a Service with these TCP ports cannot be shared out by routes; None where they can."""
    other = next((port for port in ports if protocol_of(port) not in HTTP_FAMILY), None)
    if other is not None:
        return f"its port {other.port} is not declared to speak HTTP"
    named = [port.target_port for port in ports if isinstance(port.target_port, str)]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        return f"two of its ports lead to container port `{twice}`"
    return None
