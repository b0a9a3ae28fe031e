"""k8gb: a Gslb object in the cluster of each entry point; the clusters ask each other's name servers for the rest.

Read of k8gb at 382afee (2026-08-21): controllers/refresolver/lbservice (host and addresses by annotation, health by the
Service's pods), controllers/providers/k8gbendpoint (A records only; a primary, then all others together),
controllers/resolver/spec_validations.go (weights 0 to 1000, `roundRobin` only). Each cluster's k8gb has the name of the
cluster as its `clusterGeoTag`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.dns.facts import Capabilities, Checks, ClusterObject, Kind, Loss, Provider, Range, Rendered
from meshgen.dns.shares import per_member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.dns.model import Member, Record, Zone

GSLB = Kind(
    "k8gb.io/v1beta1",
    "Gslb",
    {
        "metadata name": "the published host",
        "metadata namespace": "of the gateway, whose Service it names",
        "metadata annotations k8gb.io/hostname": "the published host; a Service does not say it",
        "metadata annotations k8gb.io/exposed-ip-addresses": "what the entry point is reached at",
        "metadata annotations k8gb.io/exposed-hostnames": "what the entry point is reached at",
        "spec resourceRef": "the gateway's Service, whose pods say whether it lives (ADR 34)",
        "spec strategy type": "a primary and all others, or all together (`entryPoints`)",
        "spec strategy primaryGeoTag": "the cluster of the first level (`entryPoints`)",
        "spec strategy weight": "shares by cluster (`entryPoints`)",
        "spec strategy dnsTtlSeconds": "the zone's `ttl`",
    },
)
_GEO_TAG = re.compile(r"[A-Za-z0-9-]+")

_CAPABILITIES = Capabilities(
    kept_by_clusters=True,
    checks=Checks(by="pods"),
    steering=frozenset({"ordered", "weighted"}),
    levels=2,
    in_levels=(1, None),
    weights=Range(0, 1000),
    weights_in_levels=False,
    families=frozenset({"A", "CNAME"}),
    apex_hostnames=None,
    mixed=True,
    one_per_cluster=True,
)


def _capabilities(_zone: Zone) -> Capabilities:
    return _CAPABILITIES


def _refuses(_zone: Zone, record: Record) -> Iterable[Loss]:
    for member in record.members:
        cluster = member.entry_point.cluster
        if not _GEO_TAG.fullmatch(cluster):
            yield Loss(
                "entryPoints",
                "",
                f"takes letters, digits and dashes as geo tags, and the cluster is called `{cluster}`",
                "Choose another provider for the zone.",
                str(member.entry_point),
            )


def _render(zones: tuple[Zone, ...]) -> Rendered:
    return Rendered(objects=tuple(found for zone in zones for record in zone.records for found in _objects(record)))


def _objects(record: Record) -> Iterator[ClusterObject]:
    answered = record.answered
    strategy = _strategy(answered)
    for member in answered.members:
        at = member.entry_point
        yield ClusterObject(
            at.cluster,
            at.namespace,
            record.host,
            GSLB,
            record.host,
            _annotations(record, member),
            {"resourceRef": {"apiVersion": "v1", "kind": "Service", "name": at.gateway}, "strategy": strategy},
        )


def _annotations(record: Record, member: Member) -> dict[str, str]:
    exposed = (
        {"k8gb.io/exposed-ip-addresses": ",".join(member.targets("A"))}
        if member.hostname is None
        else {"k8gb.io/exposed-hostnames": member.hostname}
    )
    return {**exposed, "k8gb.io/hostname": record.host}


def _strategy(record: Record) -> dict[str, Any]:
    ttl = {"dnsTtlSeconds": record.ttl}
    if len(record.pools) > 1:
        primary = record.pools[0].members[0].entry_point.cluster
        return {"type": "failover", "primaryGeoTag": primary, **ttl}
    weights = {member.entry_point.cluster: weight for pool in record.pools for member, weight in per_member(pool)}
    if len(set(weights.values())) > 1:
        return {"type": "roundRobin", "weight": weights, **ttl}
    return {"type": "roundRobin", **ttl}


PROVIDER = Provider("k8gb", "k8gb", _capabilities, _render, refuses=_refuses, kinds=(GSLB,))
