"""Zone files by the real OctoDNS: validated, planned, applied to a Route 53, which then answers what the plan says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from meshgen.dns import provider
from meshgen.emit.yaml import document
from tests.dns import route53
from tests.dns.plans import BOTH_FAMILIES, HOST, HOSTNAMES, SHARES, THREE_LEVELS, TWO_LEVELS, member, pool, record, zone

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.dns.model import Record
    from tests.dns.conftest import Aws

pytestmark = [pytest.mark.slow, pytest.mark.dns]

CONFIG = """
providers:
  files: {{class: octodns.provider.yaml.YamlProvider, directory: {directory}, enforce_order: true}}
  route53: {{class: octodns_route53.Route53Provider, access_key_id: test, secret_access_key: test}}
zones:
  example.com.: {{sources: [files], targets: [route53]}}
"""


def configure(directory: Path, *records: Record) -> str:
    rendered = provider("octoDNS").render((zone("octoDNS", *records),))
    for found in rendered.files:
        (directory / found.name).write_bytes(document(found.content))
    config = directory / "config"
    config.write_text(CONFIG.format(directory=directory))
    return f"--config-file={config}"


@pytest.mark.parametrize("given", [THREE_LEVELS, SHARES, BOTH_FAMILIES, HOSTNAMES])
def test_what_arrives_answers_what_the_plan_says_whoever_dies(given: Record, tmp_path: Path, aws: Aws) -> None:
    config = configure(tmp_path, given)
    aws.run("octodns-validate", config)
    assert "Create" in aws.run("octodns-sync", config)
    aws.run("octodns-sync", config, "--doit")
    answering = route53.of_api(aws.state(), "example.com")
    for family in given.families:
        targets = [target for at in given.members for target in at.targets(family)]
        first = {target for at in given.pools[0].members for target in at.targets(family)}
        for dead in (set(), *({target} for target in targets), first):
            gone = frozenset(dead)
            if gone != frozenset(targets):
                assert answering.answers(HOST, family, gone) == route53.expected(given, family, gone)
        last = tuple(sorted(first))[: 1 if family == "CNAME" else None]
        if len(given.pools) > 1:
            assert answering.answers(HOST, family, frozenset(targets)) == {last: Fraction(1)}
    assert "No changes were planned" in aws.run("octodns-sync", config)


def test_the_health_checks_that_arrive_are_those_of_the_plan(tmp_path: Path, aws: Aws) -> None:
    aws.run("octodns-sync", configure(tmp_path, TWO_LEVELS), "--doit")
    found = sorted(
        (check["HealthCheckConfig"] for check in aws.state()["healthChecks"]), key=lambda config: config["IPAddress"]
    )
    assert [
        {key: config[key] for key in ("IPAddress", "Port", "Type", "ResourcePath", "FullyQualifiedDomainName")}
        | {"interval": config["RequestInterval"], "threshold": config["FailureThreshold"]}
        for config in found
    ] == [
        {
            "IPAddress": address,
            "Port": 443,
            "Type": "HTTPS",
            "ResourcePath": "/productpage",
            "FullyQualifiedDomainName": "health.bookinfo.example.com",
            "interval": 10,
            "threshold": 3,
        }
        for address in ("192.0.2.1", "192.0.2.2")
    ]


def test_without_a_probe_nothing_is_checked(tmp_path: Path, aws: Aws) -> None:
    aws.run("octodns-sync", configure(tmp_path, replace(SHARES, probe=None)), "--doit")
    assert aws.state()["healthChecks"] == []


def test_a_drained_entry_point_leaves_the_answer(tmp_path: Path, aws: Aws) -> None:
    aws.run("octodns-sync", configure(tmp_path, SHARES), "--doit")
    drained = replace(SHARES.pools[0].members[0], state="draining")
    less = replace(SHARES, pools=(replace(SHARES.pools[0], members=(drained, SHARES.pools[0].members[1])),))
    aws.run("octodns-sync", configure(tmp_path, less), "--doit", "--force")
    answers = route53.of_api(aws.state(), "example.com").answers(HOST, "A")
    assert answers.keys() == {("192.0.2.21",), ("192.0.2.22",), ("192.0.2.23",)}


def test_names_stand_in_the_order_that_octodns_demands(tmp_path: Path, aws: Aws) -> None:
    hosts = ("example.com", *(f"{name}.example.com" for name in ("a10", "a9", "b", "a9-x", "a9.x", "1a", "z", "10")))
    records = [record(pool("all", member("c1", "192.0.2.1")), host=host, probe=None) for host in hosts]
    aws.run("octodns-validate", configure(tmp_path, *records))
