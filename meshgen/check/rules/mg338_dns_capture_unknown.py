"""A host that exists only as a ServiceEntry has a name only where sidecars answer DNS, which is off by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import listed
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters that get ServiceEntries, and nobody says whether their sidecars answer DNS.

    Tetrate's control planes switch it on; on plain Istio it is a setting of the mesh.
    """
    if platform(relations.fleet.spec.platform).management != "none":
        return
    hosts: dict[str, str] = {}
    for link in imports(relations):
        if link.kind == "remote" and not _said(relations, link.cluster):
            hosts.setdefault(link.cluster, link.host)
    if not hosts:
        return
    names = sorted(hosts)
    yield Diagnostic(
        code="MG338",
        severity="warning",
        message=f"{listed(names)} would reach hosts such as `{hosts[names[0]]}` only if sidecars answer DNS, and "
        "neither fleet nor inventory says so",
        span=relations.cluster(names[0]).span("name"),
        help='Set `istio: {dnsCapture: true}` if the mesh has ISTIO_META_DNS_CAPTURE "true", else `false`.',
        object=f"fleet/{relations.fleet.name}",
    )


def _said(relations: Relations, cluster: str) -> bool:
    inventory = relations.inventory(cluster)
    places = (relations.cluster(cluster).istio, relations.fleet.spec.istio, inventory.istio if inventory else None)
    return any(place is not None and place.dns_capture is not None for place in places)
