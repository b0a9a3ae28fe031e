"""The name server of the lab."""

from __future__ import annotations

import dns.message
import dns.rcode
import pytest

from lab.dns import Zone, answer

ZONE = Zone(
    {"gateway.lb.example": ["198.51.100.1", "198.51.100.2"]},
    {1: {"web.shop.svc.cluster.local": "10.96.0.7"}, 2: {}},
)


@pytest.mark.parametrize(
    ("name", "kind", "client", "code", "addresses"),
    [
        ("gateway.lb.example", "A", "10.1.0.9", "NOERROR", ["198.51.100.1", "198.51.100.2"]),
        ("Gateway.LB.example", "A", "10.2.0.9", "NOERROR", ["198.51.100.1", "198.51.100.2"]),
        ("gateway.lb.example", "AAAA", "10.1.0.9", "NOERROR", []),
        ("web.shop.svc.cluster.local", "A", "10.1.0.9", "NOERROR", ["10.96.0.7"]),
        ("web.shop.svc.cluster.local", "A", "10.2.0.9", "NXDOMAIN", []),
        ("nowhere.example", "A", "10.1.0.9", "NXDOMAIN", []),
    ],
    ids=["address", "capitals", "another kind", "own Service", "another cluster's Service", "unknown"],
)
def test_a_name_is_answered_to_those_who_may_know_it(
    name: str, kind: str, client: str, code: str, addresses: list[str]
) -> None:
    query = dns.message.make_query(name, kind)
    found = dns.message.from_wire(answer(query.to_wire(), ZONE, client))
    assert found.id == query.id
    assert dns.rcode.to_text(found.rcode()) == code
    assert sorted(record.to_text() for rrset in found.answer for record in rrset) == addresses
