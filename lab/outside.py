"""People outside the mesh: a network of their own, without proxies, from which only load balancers are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.message
import dns.query
import dns.rdatatype

from lab.network import RESOLVER

if TYPE_CHECKING:
    from lab.network import Namespace, Network

_BRIDGE = 200  # clusters count from 1


class Outside:
    """The network outside; `regions`: the region of everybody in it, by address."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._users: list[User] = []
        self.regions: dict[str, str] = {}
        network.add_bridge(_BRIDGE)

    def user(self, region: str = "") -> User:
        """Somebody new, in a region."""
        user = User(self._network.add_namespace(_BRIDGE, f"user-{len(self._users) + 1}"))
        self._users.append(user)
        self.regions[user.namespace.address] = region
        return user

    def close(self) -> None:
        for user in self._users:
            user.namespace.delete()


class User:
    """Somebody outside, with a machine of their own."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace

    def ask(self, name: str, number: int = 1) -> list[list[str]]:
        """The addresses of a name in so many answers of the name server, none of which is remembered."""
        query = dns.message.make_query(name, dns.rdatatype.A)
        with self.namespace.entered():
            answers = [dns.query.udp(query, RESOLVER, timeout=5) for _ in range(number)]
        sets = ([rrset for rrset in found.answer if rrset.rdtype == dns.rdatatype.A] for found in answers)
        return [[str(record.address) for rrset in found for record in rrset] for found in sets]
