"""The copies of one exposed service in several clusters, and how their ports differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from meshgen.analysis.protocols import HTTP_FAMILY, protocol_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.calls import Calls
    from meshgen.diagnostics import Span
    from meshgen.language.inventory import ObservedService, ServicePort

Key = TypeVar("Key")
_ENCRYPTED = frozenset({"HTTPS", "TLS"})
_OPAQUE = frozenset({"MONGO", "MYSQL", "REDIS", "TCP"})


@dataclass(frozen=True, slots=True)
class Copy:
    """One cluster's Service of a host."""

    cluster: str
    service: ObservedService

    @property
    def ports(self) -> list[ServicePort]:
        """Its TCP ports, the only ones that pass a gateway."""
        return self.service.tcp_ports


@dataclass(frozen=True, slots=True)
class PortOf:
    """A port of a copy."""

    copy: Copy
    port: ServicePort

    @property
    def span(self) -> Span | None:
        return self.port.span("port")

    @property
    def protocol(self) -> str | None:
        return protocol_of(self.port)


@lru_cache(maxsize=1)
def copies(calls: Calls) -> dict[str, tuple[Copy, ...]]:
    """Host → the Services that serve it and those that remote ones stand in for; two or more, sorted by cluster."""
    found: dict[str, dict[str, Copy]] = {}
    for item in (each for call in calls for each in call.imports):
        here = found.setdefault(item.host, {})
        for source in item.sources:
            here[source.cluster] = Copy(source.cluster, source.service)
        if item.local is not None:
            here[item.consumer] = Copy(item.consumer, item.local)
    return {
        host: tuple(here[cluster] for cluster in sorted(here)) for host, here in sorted(found.items()) if len(here) > 1
    }


def ports_of(group: Iterable[Copy]) -> list[PortOf]:
    """All TCP ports of all copies."""
    return [PortOf(copy, port) for copy in group for port in copy.ports]


def usual(values: Iterable[Key]) -> Key:
    """The commonest value, the first of them in case of a tie."""
    return Counter(values).most_common(1)[0][0]


def protocol_differences(calls: Calls) -> Iterator[tuple[str, PortOf, PortOf]]:
    """Host, a port, and the port of another copy with the same number that declares the usual protocol.

    Protocols that Istio treats alike (TLS in TLS, bytes in bytes) do not differ.
    """
    for host, group in copies(calls).items():
        by_number: dict[int, list[PortOf]] = {}
        for each in ports_of(group):
            if each.protocol is not None:
                by_number.setdefault(each.port.port, []).append(each)
        for ports in by_number.values():
            protocol = usual(each.protocol for each in ports)
            base = next(each for each in ports if each.protocol == protocol)
            others = {each.protocol: each for each in reversed(ports) if each.protocol != protocol}
            for other in others.values():
                pair = {protocol, other.protocol}
                if not (pair <= _ENCRYPTED or pair <= _OPAQUE):
                    yield host, other, base


def encryption_differs(first: PortOf, second: PortOf) -> bool:
    """Whether one of two ports speaks TLS by itself and the other plain HTTP."""
    pair = {first.protocol, second.protocol}
    return bool(pair & _ENCRYPTED) and bool(pair & HTTP_FAMILY)
