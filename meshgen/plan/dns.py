"""How DNS answers for published hosts: the neutral plan, and what the zones' providers make of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

from meshgen.analysis.gateways import HTTP, HTTPS
from meshgen.analysis.hosts import selects
from meshgen.analysis.traffic import arrange, whole
from meshgen.analysis.zones import declared_zones, zone_of
from meshgen.dns import provider
from meshgen.dns.document import document
from meshgen.dns.facts import File
from meshgen.dns.losses import losses
from meshgen.dns.model import DnsPlan, EntryPoint, Member, Pool, Record, Zone
from meshgen.dns.model import Probe as ProbeOfRecord
from meshgen.language.base import milliseconds
from meshgen.plan.gateways import spans
from meshgen.plan.model import (
    HostInZone,
    Origin,
    PlannedDns,
    PlannedDnsFile,
    PlannedDnsObject,
    PlannedDnsRecord,
    PlannedDnsSetup,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.dns.model import Steering
    from meshgen.language.dns import Zone as DeclaredZone
    from meshgen.published import Published, PublishedGateway
    from meshgen.published.probes import Probe

_LONGEST_NAME = 40
"""Names of pools stand in labels of DNS, with a few words of the provider's."""
_NO_NAME = re.compile(r"[^a-z0-9]+")


def planned_dns(relations: Relations, published: Sequence[Published], asked: Sequence[Probe]) -> PlannedDns | None:
    """Plan the records of every host and of every probe that is in a zone, also of a fleet that rules refuse.

    None: the fleet says nothing of DNS.
    """
    if relations.fleet.spec.dns is None:
        return None
    hosts: list[HostInZone] = []
    zones: list[Zone] = []
    origins: dict[tuple[str, str], Origin] = {}
    names_asked = (*(item.host for item in published), *(probe.host for probe in asked))
    zone_by_host = {host: zone_of(relations, host) for host in names_asked}
    for declared in declared_zones(relations):
        own = {item.host: item for item in reversed(published) if zone_by_host[item.host] is declared}
        names = {
            probe.host: probe
            for probe in reversed(asked)
            if probe.host not in own and zone_by_host[probe.host] is declared and _answering(probe)
        }
        if not own and not names:
            continue
        zone = replace(
            _zone(relations, declared, own.values(), names.values()),
            records=tuple(_record(relations, declared, own[host], asked) for host in sorted(own)),
            probes=tuple(_record_of_probe(declared, names[host]) for host in sorted(names)),
        )
        zones.append(zone)
        by = provider(zone.provider)
        found = [
            HostInZone(own[record.host], declared, zone, record, tuple(losses(by, zone, record)))
            for record in zone.records
        ]
        hosts += found
        origins |= {(zone.name, host.record.host): _origin(host) for host in found}
        origins |= {
            (zone.name, host): Origin(probe.object, spans(probe.setting.span(), declared.span()))
            for host, probe in names.items()
        }
    used = {zone.name for zone in zones}
    of_fleet = Origin(
        f"fleet/{relations.fleet.name}",
        spans(*(zone.span() for zone in declared_zones(relations) if zone.name in used)),
    )
    files = [PlannedDnsFile("", File("plan.json", document(DnsPlan(tuple(zones)))), of_fleet)] if zones else []
    objects: dict[str, list[PlannedDnsObject]] = {}
    setup: dict[str, list[PlannedDnsSetup]] = {}
    for name in sorted({zone.provider for zone in zones}):
        rendered = provider(name).render(tuple(_carried(zone) for zone in zones if zone.provider == name))
        files += [PlannedDnsFile(name, file, of_fleet) for file in rendered.files]
        for item in rendered.objects:
            origin = next(origin for (_, host), origin in origins.items() if host == item.host)
            objects.setdefault(item.cluster, []).append(PlannedDnsObject(item, origin))
        for file in rendered.setup:
            setup.setdefault(file.cluster, []).append(PlannedDnsSetup(name, file, of_fleet))
    return PlannedDns(
        hosts=tuple(hosts),
        records=tuple(
            PlannedDnsRecord(host.zone.name, host.zone.provider, host.record, origins[host.zone.name, host.record.host])
            for host in hosts
        ),
        files=tuple(files),
        objects={cluster: tuple(found) for cluster, found in objects.items()},
        setup={cluster: tuple(found) for cluster, found in setup.items()},
        gateway_annotations={
            (member.entry_point.cluster, host.record.host): annotations
            for host in hosts
            for member in host.record.members
            if (annotations := provider(host.zone.provider).gateway_annotations(host.zone, host.record, member))
        },
    )


def _origin(host: HostInZone) -> Origin:
    setting = host.published.setting
    return Origin(host.published.object, spans(setting.span(), host.declared.span()))


def _carried(zone: Zone) -> Zone:
    """A zone for its provider: names of probes are records as others, as far as it can carry them."""
    by = provider(zone.provider)
    able = (record for record in zone.probes if not any(not loss.weaker for loss in losses(by, zone, record)))
    return replace(zone, records=tuple(sorted((*zone.records, *able), key=lambda record: record.host)))


def _answering(probe: Probe) -> list[PublishedGateway]:
    """The entry points that answer for the name of a probe."""
    return [place.gateway for place in probe.asked_at if place.behind]


def _zone(relations: Relations, declared: DeclaredZone, published: Iterable[Published], asked: Iterable[Probe]) -> Zone:
    if declared.clusters is not None:
        clusters = {cluster.name for cluster in relations.fleet.clusters if selects(declared.clusters, cluster)}
    else:
        clusters = {gateway.cluster for item in published for gateway in item.entry_points}
        clusters |= {gateway.cluster for probe in asked for gateway in _answering(probe)}
    prefix = declared.annotation_prefix
    return Zone(
        name=declared.name,
        provider=declared.provider,
        clusters=tuple(sorted(clusters)),
        account=declared.account,
        oidc_issuers={
            cluster: issuer.removeprefix("https://").rstrip("/")
            for cluster, issuer in sorted(declared.oidc_issuers.items())
        },
        role_arn=declared.role_arn,
        hosted_zone_id=declared.hosted_zone_id,
        annotation_prefix=None if prefix is None else f"{prefix.rstrip('/')}/",
        health_checks={
            EntryPoint(*parts): check
            for entry_point, check in sorted(declared.health_check_ids.items())
            if len(parts := entry_point.split("/")) == len(EntryPoint._fields)
        },
    )


def _record(relations: Relations, declared: DeclaredZone, published: Published, asked: Sequence[Probe]) -> Record:
    steering, pools = _pools(relations, declared, published)
    first = pools if steering == "nearest" else pools[:1]
    last = sorted(member.entry_point for pool in first for member in pool.members)
    return Record(published.host, declared.ttl, steering, pools, tuple(last), _asked(published, asked))


def _record_of_probe(declared: DeclaredZone, probe: Probe) -> Record:
    """All entry points that answer, whatever the policy of a host: a prober is no user."""
    members = sorted(
        (
            Member(
                entry_point=EntryPoint(gateway.cluster, gateway.namespace, gateway.name),
                region=gateway.region,
                addresses=tuple(sorted(gateway.addresses)),
                hostname=gateway.hostname,
                state=gateway.state,
            )
            for gateway in _answering(probe)
        ),
        key=_place,
    )
    pool = Pool("all", _common_region(members), tuple(members))
    return Record(probe.host, declared.ttl, "weighted", (pool,), tuple(map(_place, members)))


def _pools(relations: Relations, declared: DeclaredZone, published: Published) -> tuple[Steering, tuple[Pool, ...]]:
    """The pools with all entry points that the host's policy names: also those that drain or have no address yet."""
    gateways = {gateway.cluster: gateway for gateway in published.entry_points}
    everybody = arrange(published.entry_traffic, map(relations.cluster, gateways), region=None, own=None, regions={})
    shares = {ranked.cluster: ranked.share for level in everybody.levels for ranked in level}
    shares |= {ranked.cluster: ranked.share for level in published.entry_order.levels for ranked in level}
    weights = whole([share or Fraction(1) for share in shares.values()])
    members = {
        cluster: _member(declared, published, gateways[cluster], weight)
        for cluster, weight in zip(shares, weights, strict=True)
    }
    levels = [sorted((members[ranked.cluster] for ranked in level), key=_place) for level in everybody.levels]
    if published.entry_traffic.mode == "ordered":
        return "ordered", tuple(
            Pool(f"level-{number}", _common_region(level), tuple(level)) for number, level in enumerate(levels, 1)
        )
    together = sorted((member for level in levels for member in level), key=_place)
    if not together:
        return "weighted", ()
    if any(policy.mode == "nearest" for policy in published.entry_traffic.policies):
        by_region = sorted(together, key=lambda member: (member.region or "", _place(member)))
        return "nearest", tuple(
            Pool(_pool_name(region), region or None, tuple(group))
            for region, group in groupby(by_region, key=lambda member: member.region or "")
        )
    return "weighted", (Pool("all", _common_region(together), tuple(together)),)


def _place(member: Member) -> EntryPoint:
    return member.entry_point


def _common_region(members: Sequence[Member]) -> str | None:
    regions = {member.region for member in members}
    return regions.pop() if len(regions) == 1 else None


def _pool_name(region: str) -> str:
    """The region, with a digest where it is no such name itself; `elsewhere` where it is not known."""
    name = _NO_NAME.sub("-", region.lower()).strip("-")[:_LONGEST_NAME]
    if name == region:
        return name or "elsewhere"
    return f"{name}-{hashlib.sha256(region.encode()).hexdigest()[:8]}"


def _member(declared: DeclaredZone, published: Published, gateway: PublishedGateway, weight: int) -> Member:
    at = EntryPoint(gateway.cluster, gateway.namespace, gateway.name)
    return Member(
        entry_point=at,
        region=gateway.region,
        addresses=tuple(sorted(gateway.addresses)),
        hostname=gateway.hostname,
        weight=weight,
        state=gateway.state,
        origin=f"{at.label}.{published.host}" if declared.origin_names else None,
    )


def _asked(published: Published, asked: Sequence[Probe]) -> ProbeOfRecord | None:
    """What a prober asks each entry point of a host: the host's own health check, else the canary.

    As entry points answer it, at the ports that users dial.
    """
    check = published.setting.health_check
    of = None if check is None else published
    probe = next((probe for probe in asked if probe.published is of and probe.cluster is None), None)
    if probe is None:
        return None
    return ProbeOfRecord(
        protocol="http" if probe.tls is None else "https",
        port=HTTP if probe.tls is None else HTTPS,
        path=probe.path,
        host=probe.host,
        expected_status=probe.expected_status,
        interval=None if check is None else ceil(milliseconds(check.interval) / 1000),
        threshold=None if check is None else check.threshold,
    )
