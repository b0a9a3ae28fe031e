"""The name server of all machines in the lab: hostnames of load balancers, and each cluster's own Services."""

from __future__ import annotations

import ipaddress
import socketserver
import struct
import threading
from dataclasses import dataclass, field

_NO_SUCH_NAME, _A, _IN, _TTL = 3, 1, 1, 1


@dataclass
class Zone:
    """What the server knows. `services`: cluster number → name → address, answered to that cluster only."""

    hosts: dict[str, list[str]] = field(default_factory=dict)
    services: dict[int, dict[str, str]] = field(default_factory=dict)

    def addresses(self, name: str, client: str) -> list[str]:
        cluster = int(client.split(".")[1])
        service = self.services.get(cluster, {}).get(name)
        return [service] if service else self.hosts.get(name, [])


def serve(zone: Zone, address: str) -> socketserver.BaseServer:
    """Answer queries over UDP on `address` in a thread, until the server is shut down."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, socket = self.request
            socket.sendto(answer(query, zone, self.client_address[0]), self.client_address)

    server = socketserver.ThreadingUDPServer((address, 53), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def answer(query: bytes, zone: Zone, client: str) -> bytes:
    """Answer one query: A records, or that there is no such name (RFC 1035, section 4)."""
    name, end = _question(query)
    kind = struct.unpack("!H", query[end : end + 2])[0]
    addresses = zone.addresses(name, client)
    found = addresses if kind == _A else []
    flags = 0x8580 | (0 if addresses else _NO_SUCH_NAME)
    header = query[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
    records = [
        struct.pack("!HHHIH", 0xC00C, _A, _IN, _TTL, 4) + ipaddress.IPv4Address(address).packed for address in found
    ]
    return header + query[12 : end + 4] + b"".join(records)


def _question(query: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    return ".".join(labels), at + 1
