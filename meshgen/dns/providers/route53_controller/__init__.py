"""Tetrate's Route 53 controller: what it has to be given, and annotations on Gateways for several clusters.

From Tetrate's public documents: control-plane values `providerSettings.route53`, a hosted zone, an IAM policy, a role
that a service account takes. The keys of its annotations for weighted and failover records are not public. So they are
written with a prefix that the zone names, under ExternalDNS's names for the rest (`aws-weight`, …), and nothing is said
about who reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.dns.facts import Capabilities, Checks, File, Loss, Provider, Range, Rendered, SetupFile
from meshgen.dns.providers.external_dns import policy
from meshgen.dns.route53 import AWS_REGION, LONGEST_WEIGHT, identifier
from meshgen.dns.shares import per_member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.dns.model import Member, Record, Zone

NAMESPACE, SERVICE_ACCOUNT = "istio-system", "route53-controller"
_ROLE = "meshgen-route53"
_LONGEST_ROLE = 64
_ONE_CLUSTER = Capabilities(checks=Checks(by="nobody"), kept_by_clusters=True)
_ANNOTATED = Capabilities(
    kept_by_clusters=True,
    checks=Checks(by="id"),
    levels=2,
    in_levels=(1, 1),
    in_region=1,
    # One Gateway object says it once for all gateways that it selects.
    one_per_cluster=True,
    weights=Range(0, LONGEST_WEIGHT),
    regions=AWS_REGION,
)


def _capabilities(zone: Zone) -> Capabilities:
    return _ONE_CLUSTER if zone.annotation_prefix is None else _ANNOTATED


def _refuses(zone: Zone, record: Record) -> Iterable[Loss]:
    """Without annotations it writes a simple record, which has one owner."""
    if zone.annotation_prefix is None and len(record.members) > 1:
        yield Loss(
            "entryPoints",
            "",
            f"writes simple records, one entry point of a host, not {len(record.members)}",
            "Say the `annotationPrefix` that the controller reads, as its documentation has it.",
        )


def gateway_annotations(zone: Zone, record: Record, member: Member) -> dict[str, str]:
    """The annotations of the Gateway that publishes the host in the member's cluster; none without a prefix."""
    answered = record.answered
    for level, pool in enumerate(answered.pools):
        for found, weight in per_member(pool):
            if found.entry_point == member.entry_point and zone.annotation_prefix is not None:
                said = {f"aws-{key}": value for key, value in policy(answered, level, pool, weight).items()}
                check = zone.health_checks.get(member.entry_point)
                if check is not None:
                    said["aws-health-check-id"] = check
                said |= {"set-identifier": identifier(member.entry_point), "ttl": str(record.ttl)}
                return {f"{zone.annotation_prefix}{key}": value for key, value in sorted(said.items())}
    return {}


def role_arn(zone: Zone, cluster: str) -> str | None:
    """The role that the controller of a cluster takes; None as long as neither it nor the account is known."""
    if zone.role_arn is not None:
        return zone.role_arn
    return None if zone.account is None else f"arn:aws:iam::{zone.account}:role/{role_name(cluster)}"


def role_name(cluster: str) -> str:
    """The name of the role that the template makes for a cluster."""
    return f"{_ROLE}-{cluster}"[:_LONGEST_ROLE]


def _render(zones: tuple[Zone, ...]) -> Rendered:
    clusters = sorted({cluster for zone in zones for cluster in zone.clusters})
    setup = [
        found
        for cluster in clusters
        for found in _setup(cluster, tuple(zone for zone in zones if cluster in zone.clusters))
    ]
    return Rendered(files=(File("hosted-zones.yaml", _hosted_zones(zones)),) if zones else (), setup=tuple(setup))


def _hosted_zones(zones: tuple[Zone, ...]) -> dict[str, Any]:
    """A CloudFormation template: zones belong to an account, not to a cluster, so it is applied once."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            f"Zone{number}": {
                "Type": "AWS::Route53::HostedZone",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"Name": zone.name},
            }
            for number, zone in enumerate(zones, 1)
        },
    }


def _setup(cluster: str, zones: tuple[Zone, ...]) -> list[SetupFile]:
    route53 = {
        "serviceAccountName": SERVICE_ACCOUNT,
        "domainFilter": [zone.name for zone in zones],
    }
    files = [
        SetupFile(
            cluster,
            "route53-control-plane-values.yaml",
            {"spec": {"providerSettings": {"route53": route53}}},
        )
    ]
    zone = zones[0]
    arn = role_arn(zone, cluster)
    if arn is not None:
        files.append(SetupFile(cluster, "route53-service-account.yaml", _service_account(arn)))
    issuer = zone.oidc_issuers.get(cluster)
    if zone.account is not None and issuer is not None and zone.role_arn is None:
        files.append(SetupFile(cluster, "route53-access.yaml", _access(cluster, zone.account, issuer)))
    return files


def _service_account(arn: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": SERVICE_ACCOUNT,
            "namespace": NAMESPACE,
            "annotations": {"eks.amazonaws.com/role-arn": arn},
        },
    }


def _access(cluster: str, account: str, issuer: str) -> dict[str, Any]:
    """A CloudFormation template of the policy and of the role, which one service account of one cluster may take."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}",
            }
        },
    }
    allowed = [
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
    ]
    name = role_name(cluster)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Policy": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": name,
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": allowed},
                },
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": name,
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                    "ManagedPolicyArns": [{"Ref": "Policy"}],
                },
            },
        },
    }


PROVIDER = Provider(
    "route53Controller",
    "Tetrate's Route 53 controller",
    _capabilities,
    _render,
    gateway_annotations=gateway_annotations,
    refuses=_refuses,
    file_reasons={
        "AWSTemplateFormatVersion": "the only version of CloudFormation's templates",
        "Resources": "the zones; they belong to an account, so they are made once",
    },
    setup_reasons={
        "spec providerSettings route53 serviceAccountName": "the account of `route53-service-account.yaml`",
        "spec providerSettings route53 domainFilter": "the zones that this cluster keeps (`clusters` of the zone)",
        "apiVersion": "of ServiceAccount",
        "kind": "the controller's identity",
        "metadata name": "the account that the control plane's values name",
        "metadata namespace": "where the control plane runs",
        "metadata annotations eks.amazonaws.com/role-arn": "the role that it takes (`roleArn`)",
        "AWSTemplateFormatVersion": "the only version of CloudFormation's templates",
        "Resources Policy": "what the controller may do, as Tetrate documents it",
        "Resources Role": "who may: the one service account of this cluster (`account`, `oidcIssuers`)",
    },
)
