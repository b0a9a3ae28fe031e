"""The name server of the lab."""

from __future__ import annotations

import dns.message
import dns.rcode
import pytest

from lab.dns import Answer, Zone, answer


def _published(name: str, client: str) -> Answer | None:
    answers = {
        "shop.example.com": Answer(5, ("192.0.2.7",) if client == "10.200.0.2" else ("192.0.2.8",)),
        "named.example.com": Answer(5, alias="gateway.lb.example"),
        "dead.example.com": Answer(5),
    }
    return answers.get(name)


ZONE = Zone(
    {"gateway.lb.example": ["198.51.100.1", "198.51.100.2"]},
    {1: {"web.shop.svc.cluster.local": "10.96.0.7"}, 2: {}},
    _published,
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
        ("shop.example.com", "A", "10.200.0.2", "NOERROR", ["192.0.2.7"]),
        ("shop.example.com", "A", "10.200.0.3", "NOERROR", ["192.0.2.8"]),
        ("named.example.com", "A", "10.200.0.2", "NOERROR", ["198.51.100.1", "198.51.100.2", "gateway.lb.example."]),
        ("dead.example.com", "A", "10.200.0.2", "NOERROR", []),
    ],
    ids=[
        "address",
        "capitals",
        "another kind",
        "own Service",
        "another cluster's Service",
        "unknown",
        "published",
        "published, as somebody else sees it",
        "published under another name",
        "published without addresses",
    ],
)
def test_a_name_is_answered_to_those_who_may_know_it(
    name: str, kind: str, client: str, code: str, addresses: list[str]
) -> None:
    query = dns.message.make_query(name, kind)
    found = dns.message.from_wire(answer(query.to_wire(), ZONE, client))
    assert found.id == query.id
    assert dns.rcode.to_text(found.rcode()) == code
    assert sorted(record.to_text() for rrset in found.answer for record in rrset) == addresses
