"""The DNS zones of the fleet, and which of them a host is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.analysis.relations import Relations
    from meshgen.language.dns import Zone


def declared_zones(relations: Relations) -> list[Zone]:
    """Every zone once, sorted; of two with one name the first counts."""
    dns = relations.fleet.spec.dns
    found = {zone.name: zone for zone in reversed(dns.zones)} if dns is not None else {}
    return [found[name] for name in sorted(found)]


def zone_of(relations: Relations, host: str) -> Zone | None:
    """The zone that a host is in: the longest that it ends with; None: none."""
    found = [zone for zone in declared_zones(relations) if host == zone.name or host.endswith(f".{zone.name}")]
    return max(found, key=lambda zone: len(zone.name), default=None)
