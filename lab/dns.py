"""The name server of all machines in the lab: hostnames of load balancers, and each cluster's own Services."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL = 1  # seconds


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
    """Answer one query: A records, or that there is no such name."""
    asked = dns.message.from_wire(query)
    (question,) = asked.question
    addresses = zone.addresses(question.name.to_text(omit_final_dot=True).lower(), client)
    response = dns.message.make_response(asked, recursion_available=True)
    response.flags |= dns.flags.AA
    if not addresses:
        response.set_rcode(dns.rcode.NXDOMAIN)
    elif question.rdtype == dns.rdatatype.A:
        response.answer.append(dns.rrset.from_text_list(question.name, _TTL, "IN", "A", addresses))
    return response.to_wire()
