"""What DNS answers for published hosts, and what keeps it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshgen.dns.facts import ClusterObject as DnsObject
    from meshgen.dns.facts import File, Loss, SetupFile
    from meshgen.dns.model import Record
    from meshgen.dns.model import Zone as DnsZone
    from meshgen.language.dns import Zone
    from meshgen.plan.model.origin import Origin
    from meshgen.plan.model.tetrate import PlannedServers
    from meshgen.published import Published


@dataclass(frozen=True, slots=True)
class PlannedDnsRecord:
    """How DNS answers for a published host, whoever keeps the zone."""

    zone: str
    provider: str
    record: Record
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsObject:
    """What a controller in a cluster reads about a host, to keep its zone."""

    content: DnsObject
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsSetup:
    """What people apply so that a controller in a cluster can keep its zones."""

    provider: str
    content: SetupFile
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDnsFile:
    """A file about the fleet's DNS."""

    provider: str
    """Empty: the plan itself."""
    content: File
    origin: Origin


class HostInZone(NamedTuple):
    """A published host, the zone that it is in, and its record."""

    published: Published
    declared: Zone
    zone: DnsZone
    record: Record
    losses: tuple[Loss, ...]
    """What of the record the zone's provider cannot carry."""


@dataclass(frozen=True, slots=True)
class PlannedDns:
    """The DNS of a fleet."""

    hosts: tuple[HostInZone, ...]
    """Sorted by zone and host."""
    records: tuple[PlannedDnsRecord, ...]
    """Sorted by zone and host."""
    files: tuple[PlannedDnsFile, ...]
    """What follows for people and programs outside of the clusters."""
    objects: dict[str, tuple[PlannedDnsObject, ...]]
    """By cluster."""
    setup: dict[str, tuple[PlannedDnsSetup, ...]]
    """By cluster."""
    gateway_annotations: dict[tuple[str, str], dict[str, str]]
    """Cluster and host → what the Gateway object that publishes the host there says to a controller of DNS."""

    def annotations(self, servers: PlannedServers) -> dict[str, str]:
        """Of the object that has all hosts of a gateway; where they do not agree (MG850), those of the last."""
        found: dict[str, str] = {}
        for server in servers.servers:
            found |= self.gateway_annotations.get((servers.cluster, server.host), {})
        return found
