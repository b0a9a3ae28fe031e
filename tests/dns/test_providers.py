"""What each provider makes of a plan, input and output side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meshgen.dns import provider, provider_names
from meshgen.dns.document import document
from meshgen.dns.model import DnsPlan
from tests.dns import route53
from tests.dns.plans import (
    BOTH_FAMILIES,
    HOST,
    HOSTNAMES,
    REGIONS,
    SHARES,
    THREE_LEVELS,
    TWO_LEVELS,
    entry_point,
    member,
    pool,
    record,
    zone,
)

if TYPE_CHECKING:
    from meshgen.dns.model import Record


def test_each_package_has_the_provider_of_its_name() -> None:
    assert [provider(name).name for name in provider_names()] == sorted(provider_names())


def files(name: str, *records: Record, **more: Any) -> dict[str, Any]:
    rendered = provider(name).render((zone(name, *records, **more),))
    return {found.name: found.content for found in rendered.files}


def objects(name: str, *records: Record, **more: Any) -> dict[str, Any]:
    rendered = provider(name).render((zone(name, *records, **more),))
    return {f"{found.cluster}/{found.namespace}/{found.name}": found.spec for found in rendered.objects}


def test_octodns_has_a_pool_for_each_level_and_a_check_for_each_address() -> None:
    assert files("octoDNS", THREE_LEVELS)["example.com.yaml"] == {
        "bookinfo": {
            "dynamic": {
                "pools": {
                    "level-1": {"fallback": "level-2", "values": [{"value": "192.0.2.1", "weight": 1}]},
                    "level-2": {
                        "fallback": "level-3",
                        "values": [
                            {"value": "192.0.2.2", "weight": 1},
                            {"value": "192.0.2.22", "weight": 1},
                            {"value": "192.0.2.3", "weight": 2},
                        ],
                    },
                    "level-3": {"values": [{"value": "192.0.2.4", "weight": 1}]},
                },
                "rules": [{"pool": "level-1"}],
            },
            "octodns": {
                "healthcheck": {
                    "host": "health.bookinfo.example.com",
                    "path": "/productpage",
                    "port": 443,
                    "protocol": "HTTPS",
                },
                "route53": {"healthcheck": {"failure_threshold": 3, "request_interval": 10}},
            },
            "ttl": 60,
            "type": "A",
            "values": ["192.0.2.1"],
        }
    }


def test_octodns_has_a_record_of_each_family_under_one_name() -> None:
    found = files("octoDNS", BOTH_FAMILIES)["example.com.yaml"]["bookinfo"]
    assert [(one["type"], one["values"]) for one in found] == [("A", ["192.0.2.1"]), ("AAAA", ["2001:db8::1"])]


def test_octodns_writes_one_address_as_a_plain_record_at_the_apex() -> None:
    alone = record(pool("level-1", member("c1", "192.0.2.1")), host="example.com", probe=None)
    assert files("octoDNS", alone) == {"example.com.yaml": {"": {"ttl": 60, "type": "A", "values": ["192.0.2.1"]}}}


def test_origin_names_are_records_of_their_own() -> None:
    two = record(
        pool("all", *(member(f"c{n}", f"192.0.2.{n}", origin=f"c{n}.bookinfo.example.com") for n in (2, 10))),
        probe=None,
    )
    found = files("octoDNS", two)["example.com.yaml"]
    assert list(found) == ["bookinfo", "c2.bookinfo", "c10.bookinfo"]
    assert found["c2.bookinfo"] == {"ttl": 60, "type": "A", "values": ["192.0.2.2"]}
    records = files("terraform", two)["example.com.tf.json"]["resource"]["aws_route53_record"].values()
    assert [one["records"] for one in records if one["name"] == "c10.bookinfo.example.com"] == [["192.0.2.10"]]


def test_external_dns_gets_in_each_cluster_its_own_targets_only() -> None:
    assert objects("externalDNS", SHARES, health_checks={entry_point("c2"): "check-2"}) == {
        "c1/edge/bookinfo.example.com": {
            "endpoints": [
                {
                    "dnsName": HOST,
                    "recordType": "A",
                    "recordTTL": 60,
                    "setIdentifier": "c1/edge/edge-gateway",
                    "targets": ["192.0.2.11", "192.0.2.12"],
                    "providerSpecific": [{"name": "aws/weight", "value": "7"}],
                }
            ]
        },
        "c2/edge/bookinfo.example.com": {
            "endpoints": [
                {
                    "dnsName": HOST,
                    "recordType": "A",
                    "recordTTL": 60,
                    "setIdentifier": "c2/edge/edge-gateway",
                    "targets": ["192.0.2.21", "192.0.2.22", "192.0.2.23"],
                    "providerSpecific": [
                        {"name": "aws/health-check-id", "value": "check-2"},
                        {"name": "aws/weight", "value": "3"},
                    ],
                }
            ]
        },
    }


@pytest.mark.parametrize(
    ("given", "policies"),
    [
        (TWO_LEVELS, {"c1": {"aws/failover": "PRIMARY"}, "c2": {"aws/failover": "SECONDARY"}}),
        (
            record(REGIONS.pools[1], pool("eu-west-1", member("c1", "192.0.2.1")), steering="nearest"),
            {"c3": {"aws/region": "us-east-1"}, "c1": {"aws/region": "eu-west-1"}},
        ),
        (
            record(HOSTNAMES.pools[0]),
            {"c1": {"alias": "false", "aws/weight": "1"}, "c2": {"alias": "false", "aws/weight": "1"}},
        ),
        (record(HOSTNAMES.pools[1], host="example.com"), {"c3": {"alias": "true", "aws/weight": "1"}}),
    ],
)
def test_external_dns_is_told_how_route_53_chooses(given: Record, policies: dict[str, dict[str, str]]) -> None:
    found = {
        place.partition("/")[0]: {one["name"]: one["value"] for one in spec["endpoints"][0]["providerSpecific"]}
        for place, spec in objects("externalDNS", given).items()
    }
    assert found == policies


def test_k8gb_gets_a_gslb_in_each_cluster_and_the_addresses_in_annotations() -> None:
    rendered = provider("k8gb").render((zone("k8gb", SHARES),))
    first = rendered.objects[0]
    assert (first.cluster, first.namespace, first.name) == ("c1", "edge", "bookinfo.example.com")
    assert first.annotations == {
        "k8gb.io/exposed-ip-addresses": "192.0.2.11,192.0.2.12",
        "k8gb.io/hostname": HOST,
    }
    assert first.spec == {
        "resourceRef": {"apiVersion": "v1", "kind": "Service", "name": "edge-gateway"},
        "strategy": {"type": "roundRobin", "weight": {"c1": 7, "c2": 3}, "dnsTtlSeconds": 60},
    }
    assert [spec["strategy"] for spec in objects("k8gb", TWO_LEVELS).values()] == [
        {"type": "failover", "primaryGeoTag": "c1", "dnsTtlSeconds": 60}
    ] * 2
    named = provider("k8gb").render((zone("k8gb", HOSTNAMES),)).objects[0]
    assert named.annotations["k8gb.io/exposed-hostnames"] == "a.elb.eu-west-1.amazonaws.com"


def test_terraform_nests_the_third_level_below_the_second() -> None:
    records = files("terraform", THREE_LEVELS)["example.com.tf.json"]["resource"]["aws_route53_record"]
    shape = sorted(
        (
            content["name"],
            content.get("failover_routing_policy", {}).get("type", ""),
            content.get("weighted_routing_policy", {}).get("weight", ""),
            content["alias"]["name"] if "alias" in content else content["records"][0],
        )
        for content in records.values()
    )
    below = "_after-level-1.bookinfo.example.com"
    assert shape == [
        (below, "PRIMARY", "", "_level-2.bookinfo.example.com"),
        (below, "SECONDARY", "", "192.0.2.4"),
        ("_level-2.bookinfo.example.com", "", 1, "192.0.2.2"),
        ("_level-2.bookinfo.example.com", "", 1, "192.0.2.22"),
        ("_level-2.bookinfo.example.com", "", 2, "192.0.2.3"),
        (HOST, "PRIMARY", "", "192.0.2.1"),
        (HOST, "SECONDARY", "", below),
    ]
    alias = next(content for content in records.values() if content.get("alias", {}).get("name") == below)
    assert sorted(alias["depends_on"]) == sorted(
        f"aws_route53_record.{key}" for key, content in records.items() if content["name"] == below
    )


def test_terraform_asks_each_address_once() -> None:
    module = files("terraform", SHARES)["example.com.tf.json"]
    assert module["data"] == {"aws_route53_zone": {"dns_example_com_a379a6f6": {"name": "example.com"}}}
    checks = module["resource"]["aws_route53_health_check"].values()
    assert sorted(check["ip_address"] for check in checks) == [
        "192.0.2.11", "192.0.2.12", "192.0.2.21", "192.0.2.22", "192.0.2.23",
    ]  # fmt: skip
    assert next(iter(checks)) | {"ip_address": ""} == {
        "type": "HTTPS",
        "port": 443,
        "request_interval": 10,
        "ip_address": "",
        "fqdn": "health.bookinfo.example.com",
        "resource_path": "/productpage",
        "failure_threshold": 3,
        "enable_sni": True,
    }


@pytest.mark.parametrize("given", [THREE_LEVELS, SHARES, TWO_LEVELS, BOTH_FAMILIES, HOSTNAMES])
def test_terraforms_record_sets_answer_what_the_plan_says_whoever_dies(given: Record) -> None:
    answering = route53.of_terraform(files("terraform", given)["example.com.tf.json"])
    for family in given.families:
        targets = [target for at in given.members for target in at.targets(family)]
        first = {target for at in given.pools[0].members for target in at.targets(family)}
        for dead in (set(), *({target} for target in targets), first, set(targets)):
            gone = frozenset(dead)
            assert answering.answers(HOST, family, gone) == route53.expected(given, family, gone)


def test_terraform_takes_health_checks_that_others_made() -> None:
    ids = {entry_point("c1"): "check-1", entry_point("c3"): "check-3"}
    resources = files("terraform", HOSTNAMES, health_checks=ids)["example.com.tf.json"]["resource"]
    assert [check["fqdn"] for check in resources["aws_route53_health_check"].values()] == [
        "b.elb.eu-west-1.amazonaws.com"
    ]
    by_target = {
        content["records"][0][0]: content["health_check_id"]
        for content in resources["aws_route53_record"].values()
        if "records" in content
    }
    assert (by_target["a"], by_target["c"]) == ("check-1", "check-3")
    assert by_target["b"].startswith("${aws_route53_health_check.")


def test_terraforms_record_sets_answer_the_nearest_living_region() -> None:
    answering = route53.of_terraform(files("terraform", REGIONS)["example.com.tf.json"])
    near = {(at.addresses[0],) for at in REGIONS.pools[0].members}
    assert answering.answers(HOST, "A", region="eu-west-1").keys() == near
    assert answering.answers(HOST, "A", region="us-east-1").keys() == {("192.0.2.3",)}
    assert answering.answers(HOST, "A", frozenset({"192.0.2.3"}), region="us-east-1").keys() == near


def test_the_route_53_controller_is_prepared_cluster_by_cluster() -> None:
    at = zone(
        "route53Controller",
        clusters=("c1",),
        account="123456789012",
        oidc_issuers={"c1": "oidc.eks.eu-west-1.amazonaws.com/id/AB"},
    )
    rendered = provider("route53Controller").render((at,))
    assert {(found.cluster, found.name): found.content for found in rendered.setup} == {
        ("c1", "route53-control-plane-values.yaml"): {
            "spec": {
                "providerSettings": {
                    "route53": {"serviceAccountName": "route53-controller", "domainFilter": ["example.com"]}
                }
            }
        },
        ("c1", "route53-service-account.yaml"): {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": "route53-controller",
                "namespace": "istio-system",
                "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/meshgen-route53-c1"},
            },
        },
        ("c1", "route53-access.yaml"): {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {
                "Policy": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": {
                        "ManagedPolicyName": "meshgen-route53-c1",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": ["route53:ChangeResourceRecordSets"],
                                    "Resource": ["arn:aws:route53:::hostedzone/*"],
                                },
                                {
                                    "Effect": "Allow",
                                    "Action": ["route53:ListHostedZones", "route53:ListResourceRecordSets"],
                                    "Resource": ["*"],
                                },
                            ],
                        },
                    },
                },
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {
                        "RoleName": "meshgen-route53-c1",
                        "AssumeRolePolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Principal": {
                                        "Federated": "arn:aws:iam::123456789012:oidc-provider/"
                                        "oidc.eks.eu-west-1.amazonaws.com/id/AB"
                                    },
                                    "Action": "sts:AssumeRoleWithWebIdentity",
                                    "Condition": {
                                        "StringEquals": {
                                            "oidc.eks.eu-west-1.amazonaws.com/id/AB:aud": "sts.amazonaws.com",
                                            "oidc.eks.eu-west-1.amazonaws.com/id/AB:sub": "system:serviceaccount:"
                                            "istio-system:route53-controller",
                                        }
                                    },
                                }
                            ],
                        },
                        "ManagedPolicyArns": [{"Ref": "Policy"}],
                    },
                },
            },
        },
    }


def test_the_route_53_controllers_annotations_have_the_prefix_of_the_zone() -> None:
    by = provider("route53Controller")
    at = zone("route53Controller", SHARES, annotation_prefix="dns.example.com/", health_checks={entry_point("c1"): "x"})
    assert by.gateway_annotations(at, SHARES, SHARES.members[0]) == {
        "dns.example.com/aws-health-check-id": "x",
        "dns.example.com/aws-weight": "7",
        "dns.example.com/set-identifier": "c1/edge/edge-gateway",
        "dns.example.com/ttl": "60",
    }
    assert by.gateway_annotations(zone("route53Controller", SHARES), SHARES, SHARES.members[0]) == {}


def test_the_plan_as_a_document_says_nothing_that_is_not_known() -> None:
    given = record(pool("level-1", member("c1", region=None, state="draining", weight=2)), probe=None)
    assert document(DnsPlan((zone("none", given),))) == {
        "version": "meshgen.io/dns/v1",
        "zones": [
            {
                "name": "example.com",
                "provider": "none",
                "records": [
                    {
                        "host": HOST,
                        "ttl": 60,
                        "steering": "ordered",
                        "pools": [
                            {
                                "name": "level-1",
                                "members": [
                                    {
                                        "entryPoint": "c1/edge/edge-gateway",
                                        "cluster": "c1",
                                        "weight": 2,
                                        "state": "draining",
                                    }
                                ],
                            }
                        ],
                        "lastResort": ["c1/edge/edge-gateway"],
                    }
                ],
            }
        ],
    }
