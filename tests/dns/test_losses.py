"""What each provider refuses to lose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshgen.dns import provider
from meshgen.dns.losses import losses
from meshgen.dns.model import Probe, Record
from tests.dns.plans import (
    BOTH_FAMILIES,
    HOSTNAMES,
    PROBE,
    REGIONS,
    SHARES,
    THREE_LEVELS,
    TWO_LEVELS,
    member,
    pool,
    record,
    zone,
)

NO_PROBE = {"probe": None}
APEX = replace(HOSTNAMES, host="example.com")
MIXED = record(pool("all", member("c1", "192.0.2.1"), member("c2", "a.elb.eu-west-1.amazonaws.com")), probe=None)
IPV6_ONLY = record(pool("all", member("c1", "2001:db8::1")), probe=None)
UNEVEN = record(pool("all", member("c1", "192.0.2.1", weight=997), member("c2", "192.0.2.2", weight=3)), probe=None)
GCP = record(
    pool("europe-west1", member("c1", "192.0.2.1", region="europe-west1")),
    pool("us-east-1", member("c2", "192.0.2.2", region="us-east-1")),
    steering="nearest",
    probe=None,
)
TWO_OF_A_REGION = replace(REGIONS, probe=None)


def probe(**fields: object) -> Record:
    return replace(TWO_LEVELS, probe=replace(PROBE, **fields))  # type: ignore[arg-type]


NOTHING: list[str] = []


def test_a_health_check_that_others_made_may_ask_as_it_likes() -> None:
    given = replace(HOSTNAMES, probe=PROBE)
    checks = {found.entry_point: "id" for found in given.members}
    at = zone("terraform", given, health_checks=checks)
    assert list(losses(provider("terraform"), at, given)) == []
    assert [loss.field for loss in losses(provider("octoDNS"), at, given)] == ["host"]


@pytest.mark.parametrize(
    ("name", "given", "lost"),
    [
        ("none", THREE_LEVELS, NOTHING),
        ("none", APEX, NOTHING),
        ("none", MIXED, NOTHING),
        ("octoDNS", THREE_LEVELS, NOTHING),
        ("octoDNS", SHARES, NOTHING),
        ("octoDNS", HOSTNAMES, NOTHING),
        ("octoDNS", REGIONS, ["entryPoints.mode: cannot answer `nearest`"]),
        ("octoDNS", UNEVEN, [("entryPoints.weights: takes weights of 1 to 100, and these shares are 997 for "
                             "`c1/edge/edge-gateway` for each address")]),
        ("octoDNS", APEX, [("addresses: cannot answer hostnames at the apex of a zone, where no CNAME may stand: "
                           "`c1/edge/edge-gateway` is known as `a.elb.eu-west-1.amazonaws.com`")]),
        ("octoDNS", MIXED, [("addresses: cannot answer a hostname (`c2/edge/edge-gateway`) and addresses "
                            "(`c1/edge/edge-gateway`) for one host")]),
        ("octoDNS", probe(interval=20), ["healthCheck.interval: takes 10 or 30 s, not 20 s"]),
        ("octoDNS", probe(threshold=11), ["healthCheck.threshold: takes 1 to 10, not 11"]),
        ("octoDNS", probe(expected_status=204),
         ["(weaker) healthCheck.expectedStatus: takes any status from 200 to 399 for life"]),
        ("octoDNS", probe(expected_status=503),
         ["healthCheck.expectedStatus: takes any status from 200 to 399 for life, never 503"]),
        ("octoDNS", replace(HOSTNAMES, probe=PROBE),
         [("healthCheck.host: asks a hostname under that hostname only, and `c1/edge/edge-gateway` is known as "
          "`a.elb.eu-west-1.amazonaws.com`")]),
        ("octoDNS", replace(HOSTNAMES, probe=Probe("https", 443, "/")), NOTHING),
        ("terraform", THREE_LEVELS, NOTHING),
        ("terraform", REGIONS, NOTHING),
        ("terraform", GCP, [("entryPoints.mode: answers by regions that it knows, and `c1/edge/edge-gateway` is in "
                            "`europe-west1`")]),
        ("terraform", UNEVEN, [("entryPoints.weights: takes weights of 0 to 255, and these shares are 997 for "
                               "`c1/edge/edge-gateway` for each address")]),
        ("externalDNS", TWO_LEVELS, NOTHING),
        ("externalDNS", BOTH_FAMILIES, NOTHING),
        ("externalDNS", SHARES, NOTHING),
        ("externalDNS", THREE_LEVELS, ["entryPoints.order: knows two levels, not 3",
                                       "entryPoints.order: answers one entry point of level 2, not 2"]),
        ("externalDNS", TWO_OF_A_REGION, [("entryPoints.mode: answers one entry point of a region, and `eu-west-1` "
                                          "has 2")]),
        ("externalDNS", replace(APEX, probe=None, pools=APEX.pools[:1]), NOTHING),
        ("route53Controller", SHARES, ["healthCheck: checks nothing, so never an answer",
                                       "entryPoints: writes simple records, one entry point of a host, not 2"]),
        ("k8gb", replace(SHARES, probe=None), NOTHING),
        ("k8gb", replace(MIXED, probe=None), NOTHING),
        ("k8gb", TWO_LEVELS, ["healthCheck: looks at pods, never at an answer"]),
        ("k8gb", IPV6_ONLY, ["addresses: answers A and CNAME records only, and these entry points need AAAA"]),
        ("k8gb", record(pool("level-1", member("c1", "192.0.2.1", weight=2), member("c2", "192.0.2.2")),
                        pool("level-2", member("c3", "192.0.2.3")), probe=None),
         ["entryPoints.order: answers one entry point of level 1, not 2",
          "entryPoints.weights: knows no weights beside an order"]),
        ("k8gb", record(pool("all", member("c.1", "192.0.2.1")), probe=None),
         ["entryPoints: takes letters, digits and dashes as geo tags, and the cluster is called `c.1`"]),
    ],
)  # fmt: skip
def test_what_would_be_lost_is_named_with_its_field(name: str, given: Record, lost: list[str]) -> None:
    at = zone(name, given)
    found = losses(provider(name), at, given)
    said = [
        f"{'(weaker) ' if loss.weaker else ''}{loss.topic}{'.' if loss.field else ''}{loss.field}: {loss.what}"
        for loss in found
    ]
    assert said == lost


def test_with_a_prefix_the_route_53_controller_carries_shares() -> None:
    at = zone("route53Controller", SHARES, annotation_prefix="external-dns.alpha.kubernetes.io/")
    assert list(losses(provider("route53Controller"), at, SHARES)) == []


def test_a_draining_entry_point_is_not_lost() -> None:
    draining = replace(THREE_LEVELS.pools[2], members=(replace(THREE_LEVELS.pools[2].members[0], state="draining"),))
    two = replace(THREE_LEVELS, pools=(THREE_LEVELS.pools[0], draining), probe=None)
    assert list(losses(provider("k8gb"), zone("k8gb", two), two)) == []
