"""DNSEndpoints by ExternalDNS's own plan, registry and provider, one owner a cluster, into one Route 53."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from meshgen.dns import provider
from tests.dns import route53
from tests.dns.conftest import EXTERNAL_DNS
from tests.dns.plans import (
    BOTH_FAMILIES,
    HOST,
    HOSTNAMES,
    SHARES,
    TWO_LEVELS,
    entry_point,
    member,
    pool,
    record,
    zone,
)

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.dns.model import Record
    from tests.dns.conftest import Aws

pytestmark = [pytest.mark.slow, pytest.mark.dns]

CLUSTERS = ("c1", "c2", "c3")
TWO_REGIONS = record(
    pool("eu-west-1", member("c1", "192.0.2.1")),
    pool("us-east-1", member("c3", "192.0.2.3", region="us-east-1")),
    steering="nearest",
)
NAMES = replace(HOSTNAMES, pools=HOSTNAMES.pools[:1])


def sync(aws: Aws, directory: Path, given: Record, clusters: tuple[str, ...] = CLUSTERS) -> list[int]:
    """Reconcile cluster after cluster; how many records each of them changes."""
    checks = {entry_point(name): f"check-{name}" for name in clusters}
    rendered = provider("externalDNS").render((zone("externalDNS", given, health_checks=checks),))
    changes = []
    for cluster in clusters:
        files = []
        for found in rendered.objects:
            if found.cluster == cluster:
                file = directory / f"{cluster}-{found.name}.json"
                meta = {"name": found.name, "namespace": found.namespace}
                file.write_text(
                    json.dumps(
                        {
                            "apiVersion": found.kind.api_version,
                            "kind": found.kind.kind,
                            "metadata": meta,
                            "spec": found.spec,
                        }
                    )
                )
                files.append(str(file))
        changes.append(int(aws.run(EXTERNAL_DNS, f"--owner={cluster}", "--domain=example.com", *files).split()[-1]))
    return changes


@pytest.mark.parametrize("given", [SHARES, TWO_LEVELS, BOTH_FAMILIES, NAMES])
def test_what_arrives_answers_what_the_plan_says_whichever_entry_point_dies(
    given: Record, tmp_path: Path, aws: Aws
) -> None:
    sync(aws, tmp_path, given)
    answering = route53.of_api(aws.state(), "example.com")
    clusters = [at.entry_point.cluster for at in given.members]
    for family in given.families:
        for dead in ((), *((cluster,) for cluster in clusters)):
            gone = frozenset(f"check-{cluster}" for cluster in dead)
            found = answering.answers(HOST, family, gone)
            assert found == whole(given, family, frozenset(dead))


def whole(given: Record, family: str, dead: frozenset[str]) -> route53.Answers:
    """What the plan promises where all targets of an entry point are answered together."""
    for at in given.pools:
        living = [found for found in at.members if found.entry_point.cluster not in dead]
        total = sum(found.weight for found in living)
        if living:
            return {found.targets(family): Fraction(found.weight, total) for found in living}  # type: ignore[arg-type]
    raise AssertionError("nobody lives")


def test_the_nearest_is_answered_by_region(tmp_path: Path, aws: Aws) -> None:
    sync(aws, tmp_path, TWO_REGIONS)
    answering = route53.of_api(aws.state(), "example.com")
    assert answering.answers(HOST, "A", region="us-east-1") == {("192.0.2.3",): 1}
    assert answering.answers(HOST, "A", region="eu-west-1") == {("192.0.2.1",): 1}
    assert answering.answers(HOST, "A", frozenset({"check-c3"}), region="us-east-1") == {("192.0.2.1",): 1}


def test_a_second_reconciliation_changes_nothing(tmp_path: Path, aws: Aws) -> None:
    assert sync(aws, tmp_path, SHARES)[:2] != [0, 0]
    assert sync(aws, tmp_path, SHARES) == [0, 0, 0]


def test_a_cluster_comes_and_drains_beside_the_others(tmp_path: Path, aws: Aws) -> None:
    """None of them touches what another owns, and Route 53 takes the second beside the first."""
    first, second = SHARES.pools[0].members
    alone = replace(SHARES, pools=(pool("all", first),))
    sync(aws, tmp_path, alone)
    sync(aws, tmp_path, SHARES)
    drained = replace(SHARES, pools=(pool("all", replace(first, state="draining"), second),))
    assert sync(aws, tmp_path, drained)[2] == 0
    answers = route53.of_api(aws.state(), "example.com").answers(HOST, "A")
    assert answers == {("192.0.2.21", "192.0.2.22", "192.0.2.23"): 1}


def test_a_load_balancer_of_aws_is_an_alias_at_the_apex(tmp_path: Path, aws: Aws) -> None:
    sync(aws, tmp_path, record(pool("all", member("c1", "a.elb.eu-west-1.amazonaws.com")), host="example.com"))
    found = [one for one in aws.state()["zones"]["example.com"] if "AliasTarget" in one]
    assert [(one["Type"], one["AliasTarget"]["DNSName"].rstrip("."), one["HealthCheckId"]) for one in found] == [
        ("A", "a.elb.eu-west-1.amazonaws.com", "check-c1"),
        ("AAAA", "a.elb.eu-west-1.amazonaws.com", "check-c1"),
    ]


def test_a_field_that_external_dns_does_not_know_is_refused(tmp_path: Path, aws: Aws) -> None:
    """So nothing above passes because a field is overlooked."""
    file = tmp_path / "wrong.json"
    file.write_text('{"spec": {"endpoints": [{"dnsName": "a.example.com", "weight": "1"}]}}')
    assert "unknown field" in aws.run(EXTERNAL_DNS, "--owner=c1", "--domain=example.com", str(file), fails=True)
