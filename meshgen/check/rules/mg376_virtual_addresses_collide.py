"""Two hosts with one virtual address are one host for TCP; addresses never move to make room (design §4).

Source: listeners are per address and port (Istio: pilot/pkg/networking/core/listener.go).
"""

from __future__ import annotations

import ipaddress
import math
from typing import TYPE_CHECKING

from meshgen.analysis.names import virtual_address
from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link

_SMALLEST_PREFIX = 8
"""A range beyond 240.0.0.0/4, or all of it, is nobody's to give."""


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts of one cluster whose addresses are the same; pairs that several clusters share once."""
    hosts: dict[str, list[Link]] = {}
    for link in imports(relations):
        facts = relations.facts[link.cluster]
        if link.kind == "remote" and facts.dns_capture and not facts.allocates_addresses:
            hosts.setdefault(link.cluster, []).append(link)
    seen: set[tuple[str, str, str]] = set()
    for cluster, links in hosts.items():
        cidr = relations.facts[cluster].vip_range
        if not _is_range(cidr):
            continue
        first: dict[str, Link] = {}
        for link in links:
            address = virtual_address(link.host, cidr)
            other = first.setdefault(address, link)
            if other is link or (cidr, other.host, link.host) in seen:
                continue
            seen.add((cidr, other.host, link.host))
            yield Diagnostic(
                code="MG376",
                severity="error",
                message=f"`{other.host}` and `{link.host}` have the same virtual address {address} in cluster "
                f"`{cluster}`",
                span=exposure_at(link.sources[0]),
                help=_help(len(links), cidr),
                notes=notes((exposure_at(other.sources[0]), "the other host")),
                object=link.host,
            )


def _is_range(cidr: str) -> bool:
    try:
        ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return True


def _help(hosts: int, cidr: str) -> str:
    """A range of 2^bits addresses collides with a chance of about hosts² / 2^(bits + 1)."""
    network = ipaddress.ip_network(cidr, strict=False)
    prefix = min(network.max_prefixlen - math.ceil(math.log2(hosts**2 / 0.002)), network.prefixlen - 1)
    if network.version == 4 and prefix < _SMALLEST_PREFIX:  # noqa: PLR2004 - the version of the address
        return "Name an `istio.version` of 1.25 or newer, whose istiod gives addresses, if the cluster runs one."
    return (
        f"Set `istio.vipRange` to a range of prefix length {prefix} or less: at {hosts} hosts the chance of a "
        f"collision is then below 1 in 1000."
    )
