"""Addresses and ranges as people write them."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
FAMILIES = {"IPv4": 4, "IPv6": 6}
"""Kubernetes' names of the families of addresses → their versions."""
Families = frozenset[int]
"""Versions of IP: 4, 6."""
Range = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse(text: str) -> Address | None:
    """The IP address, None for anything else."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def parse_range(text: str) -> Range | None:
    """The range of a CIDR, whose host bits may be set; None for anything else."""
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def overlap(first: str, second: str) -> bool:
    """Whether two ranges have an address in common; not if one of them is none (MG319)."""
    one, two = parse_range(first), parse_range(second)
    return one is not None and two is not None and one.version == two.version and one.overlaps(two)


def holds(outer: Range, inner: Range) -> bool:
    """Whether all addresses of `inner` are in `outer`."""
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(inner, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def normal(text: str) -> str:
    """One spelling for each IP address; other text as it is."""
    address = parse(text)
    return text if address is None else str(address)
