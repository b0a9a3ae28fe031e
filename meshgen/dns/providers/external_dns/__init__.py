"""ExternalDNS with Route 53: DNSEndpoint objects, in each cluster its own entry points only.

Read of ExternalDNS 0.22.0 (provider/aws/aws.go, endpoint/endpoint.go): each endpoint becomes a record set of its own,
told apart by `setIdentifier`. It makes no health checks; ids of ones that exist are passed on.

Each cluster changes its own record sets, and Route 53 refuses sets of two policies for one name: a change of mode is
refused as long as another cluster's set has the old one (`meshgen/pages/MG841.md` says what to do).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.dns.facts import Capabilities, Checks, ClusterObject, Kind, Provider, Range, Rendered
from meshgen.dns.route53 import AWS_REGION, LONGEST_WEIGHT, identifier
from meshgen.dns.shares import per_member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.dns.model import Family, Member, Pool, Record, Zone

DNS_ENDPOINT = Kind(
    "externaldns.k8s.io/v1alpha1",
    "DNSEndpoint",
    {
        "metadata name": "the published host",
        "metadata namespace": "of the gateway, which is there",
        "spec endpoints [] dnsName": "the published host",
        "spec endpoints [] recordType": "a type that all entry points of the host have (ADR 33)",
        "spec endpoints [] recordTTL": "the zone's `ttl`",
        "spec endpoints [] setIdentifier": "the entry point: no two record sets of a name may have the same",
        "spec endpoints [] targets": "what this entry point is reached at",
        "spec endpoints [] providerSpecific": "how Route 53 chooses among the entry points (`entryPoints`), and how it "
        "sees that this one is dead (`healthCheckIds`)",
    },
)
_ALIASED = (".amazonaws.com", ".amazonaws.com.cn", ".awsglobalaccelerator.com", ".cloudfront.net")
"""Hostnames whose hosted zone ExternalDNS knows, so that it can write an alias (`canonicalHostedZones`)."""

_CAPABILITIES = Capabilities(
    kept_by_clusters=True,
    checks=Checks(by="id"),
    levels=2,
    # A failover record set has no weight, and nesting needs records that belong to no cluster.
    in_levels=(1, 1),
    in_region=1,
    weights=Range(0, LONGEST_WEIGHT),
    apex_hostnames=_ALIASED,
    regions=AWS_REGION,
)


def _capabilities(_zone: Zone) -> Capabilities:
    return _CAPABILITIES


def _render(zones: tuple[Zone, ...]) -> Rendered:
    return Rendered(
        objects=tuple(found for zone in zones for record in zone.records for found in _objects(zone, record))
    )


def _objects(zone: Zone, record: Record) -> Iterator[ClusterObject]:
    answered = record.answered
    for level, pool in enumerate(answered.pools):
        for member, weight in per_member(pool):
            endpoints = [
                _endpoint(zone, answered, member, family, policy(answered, level, pool, weight))
                for family in answered.families
            ]
            if endpoints:
                at = member.entry_point
                yield ClusterObject(
                    at.cluster, at.namespace, record.host, DNS_ENDPOINT, record.host, {},
                    {"endpoints": endpoints},
                )  # fmt: skip


def policy(record: Record, level: int, pool: Pool, weight: int) -> dict[str, str]:
    """How Route 53 chooses a record set of a member among those of the same name, in ExternalDNS's words.

    A single one is weighted, too: Route 53 takes none without policy beside others, so the next entry point would wait
    until this one was gone.
    """
    if record.steering == "nearest" and len(record.pools) > 1:
        return {"region": pool.region or ""}
    if len(record.pools) > 1:
        return {"failover": "SECONDARY" if level else "PRIMARY"}
    return {"weight": str(weight)}


def _endpoint(zone: Zone, record: Record, member: Member, family: Family, chosen: dict[str, str]) -> dict[str, Any]:
    specific = {f"aws/{key}": value for key, value in chosen.items()}
    check = zone.health_checks.get(member.entry_point)
    if check is not None:
        specific["aws/health-check-id"] = check
    if family == "CNAME":
        # Left alone it would make aliases of load balancers of AWS, which lose the TTL and the check.
        specific["alias"] = "true" if zone.is_apex(record.host) else "false"
    return {
        "dnsName": record.host,
        "recordType": family,
        "recordTTL": record.ttl,
        "setIdentifier": identifier(member.entry_point),
        "targets": list(member.targets(family)),
        "providerSpecific": [{"name": name, "value": value} for name, value in sorted(specific.items())],
    }


PROVIDER = Provider("externalDNS", "ExternalDNS", _capabilities, _render, kinds=(DNS_ENDPOINT,))
