"""The name server of all machines in the lab: load balancers, each cluster's own Services, and published hosts."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Callable

_TTL = 1  # seconds


class Answer(NamedTuple):
    """What a name leads to: addresses, or another name that has them."""

    ttl: int
    addresses: tuple[str, ...] = ()
    alias: str = ""


@dataclass
class Zone:
    """What the server knows. `services`: cluster number → name → address, answered to that cluster only.

    `published`: (name, address of the client) → what whoever does the DNS of published hosts answers, if it is one.
    """

    hosts: dict[str, list[str]] = field(default_factory=dict)
    services: dict[int, dict[str, str]] = field(default_factory=dict)
    published: Callable[[str, str], Answer | None] = lambda _, __: None

    def find(self, name: str, client: str) -> Answer | None:
        """What the server answers; None: there is no such name."""
        if found := self.published(name, client):
            return found
        cluster = int(client.split(".")[1])
        service = self.services.get(cluster, {}).get(name)
        addresses = [service] if service else self.hosts.get(name, [])
        return Answer(_TTL, tuple(addresses)) if addresses else None


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
    """Answer one query: A records, by way of a CNAME where a name leads to another, or that there is no such name."""
    asked = dns.message.from_wire(query)
    (question,) = asked.question
    found = zone.find(question.name.to_text(omit_final_dot=True).lower(), client)
    response = dns.message.make_response(asked, recursion_available=True)
    response.flags |= dns.flags.AA
    if not found:
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()
    name = question.name
    if found.alias:
        alias = dns.rrset.from_text(name, found.ttl, "IN", "CNAME", f"{found.alias}.")
        response.answer.append(alias)
        name = alias[0].target
        found = zone.find(found.alias, client) or Answer(_TTL)
    if found.addresses and question.rdtype == dns.rdatatype.A:
        response.answer.append(dns.rrset.from_text_list(name, found.ttl, "IN", "A", list(found.addresses)))
    return response.to_wire()
