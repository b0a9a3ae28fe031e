"""What a Service's port speaks, as Istio derives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.language.inventory import ServicePort

_BY_PREFIX = {
    "http": "HTTP",
    "http2": "HTTP2",
    "https": "HTTPS",
    "grpc": "GRPC",
    "tcp": "TCP",
    "tls": "TLS",
    "mongo": "MONGO",
    "mysql": "MYSQL",
    "redis": "REDIS",
}
_BY_APP_PROTOCOL = {
    **_BY_PREFIX,
    "kubernetes.io/h2c": "HTTP2",
    "kubernetes.io/ws": "HTTP",
    "kubernetes.io/wss": "HTTPS",
    "grpc-web": "GRPC-WEB",
}
HTTP_FAMILY = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB"})
_HTTP2_FAMILY = frozenset({"HTTP2", "GRPC", "GRPC-WEB"})


def declared_protocol(port: ServicePort) -> str | None:
    """The protocol of a port in Istio's spelling, None where Istio has to guess from the traffic.

    `appProtocol` first, then the prefix of the port's name
    (Istio: pkg/config/kube/conversion.go, ConvertProtocol).
    """
    if port.protocol == "UDP":
        return "UDP"
    if port.app_protocol is not None:
        found = _BY_APP_PROTOCOL.get(port.app_protocol.lower())
        if found is not None:
            return found
    if port.name is None:
        return None
    if port.name == "grpc-web" or port.name.startswith("grpc-web-"):
        return "GRPC-WEB"
    return _BY_PREFIX.get(port.name.partition("-")[0])


def speaks_http2(ports: Iterable[ServicePort]) -> bool:
    """Whether one of the ports is declared to speak HTTP/2 (Istio: pkg/config/protocol/instance.go, IsHTTP2).

    On ports without a protocol Istio speaks what the caller does, but no setting of HTTP/2 applies.
    """
    return any(declared_protocol(port) in _HTTP2_FAMILY for port in ports)
