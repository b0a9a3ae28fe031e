"""What a Service's port speaks, as Istio takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.language.inventory import ServicePort

_KNOWN = frozenset(
    {"TCP", "UDP", "GRPC", "GRPC-WEB", "HTTP", "HTTP_PROXY", "HTTP2", "HTTPS", "TLS", "MONGO", "REDIS", "MYSQL"}
)
_OF_KUBERNETES = {"kubernetes.io/h2c": "HTTP2", "kubernetes.io/ws": "HTTP", "kubernetes.io/wss": "HTTPS"}
_NEVER_SNIFFED = frozenset({25, 53, 3306, 27017})
"""Ports whose servers speak first: SMTP, DNS, MySQL, MongoDB."""
HTTP_FAMILY = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB"})
_HTTP2_FAMILY = frozenset({"HTTP2", "GRPC", "GRPC-WEB"})


def protocol_of(port: ServicePort) -> str | None:
    """The protocol of a Service's port, in capitals; None where Istio guesses it from a client's first bytes.

    `appProtocol` before the name, and instead of it: with one that Istio does not know, the name counts for nothing.
    Either counts up to its first `-`. What neither says is TCP on a few well-known ports
    (Istio: ConvertProtocol, pkg/config/kube/conversion.go). HTTP_PROXY is HTTP to Istio, and no word for an entry.
    """
    if port.protocol == "UDP":
        return "UDP"
    said = port.name or ""
    if port.app_protocol is not None:
        said = port.app_protocol
        if said in _OF_KUBERNETES:
            return _OF_KUBERNETES[said]
    word = said.upper()
    if word.startswith("GRPC-WEB"):
        return "GRPC-WEB"
    word = word.partition("-")[0]
    if word in _KNOWN:
        return "HTTP" if word == "HTTP_PROXY" else word
    return "TCP" if port.port in _NEVER_SNIFFED else None


def speaks_http2(ports: Iterable[ServicePort]) -> bool:
    """Whether one of the ports is declared to speak HTTP/2 (Istio: pkg/config/protocol/instance.go, IsHTTP2).

    On ports without a protocol Istio speaks what the caller does, but no setting of HTTP/2 applies.
    """
    return any(protocol_of(port) in _HTTP2_FAMILY for port in ports)
