"""Terraform for Route 53: one JSON file a zone, with health checks and record sets.

Arguments of `aws_route53_record` and `aws_route53_health_check` as the AWS provider 6 has them (tests/dns).
A failover record set is PRIMARY or SECONDARY, so more levels are nested; so is a pool with several targets, whose
weights need a name of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from meshgen.dns.facts import Capabilities, File, Provider, Range, Rendered
from meshgen.dns.route53 import AWS_REGION, CHECKS, LONGEST_WEIGHT, identifier
from meshgen.dns.shares import per_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.dns.model import Family, Pool, Probe, Record, Zone
    from meshgen.dns.shares import Target

_CAPABILITIES = Capabilities(
    checks=replace(CHECKS, takes_ids=True),
    weights=Range(0, LONGEST_WEIGHT),
    weigh="targets",
    regions=AWS_REGION,
)
_RECORD, _CHECK, _ZONE = "aws_route53_record", "aws_route53_health_check", "aws_route53_zone"
_NO_IDENTIFIER = re.compile(r"[^A-Za-z0-9-]+")
_INTERVAL = 30
"""Seconds; the provider demands a number, and this is Route 53's own."""


def _capabilities(_zone: Zone) -> Capabilities:
    return _CAPABILITIES


@dataclass(frozen=True, slots=True)
class _Set:
    """A record set: an address or hostname, or an alias to all sets of another name."""

    name: str
    identifier: str
    policy: dict[str, dict[str, Any]]
    target: Target | None = None
    alias: str = ""


def _render(zones: tuple[Zone, ...]) -> Rendered:
    return Rendered(files=tuple(File(f"{zone.name}.tf.json", _module(zone)) for zone in zones))


def _module(zone: Zone) -> dict[str, Any]:
    checks: dict[str, Any] = {}
    records: dict[str, Any] = {}
    for record in zone.records:
        answered = record.answered
        for family in answered.families:
            sets = list(_record_sets(answered, family))
            names = defaultdict(list)
            for found in sets:
                names[found.name].append(_key(found.name, family, found.identifier))
            for found in sets:
                content = _base(zone, found.name, family) | {"set_identifier": found.identifier, **found.policy}
                if found.target is None:
                    content |= _alias(zone, found.alias, [f"{_RECORD}.{key}" for key in names[found.alias]])
                else:
                    content |= {"ttl": record.ttl, "records": [found.target.value]}
                    known = zone.health_checks.get(found.target.member.entry_point)
                    if known is not None:
                        content["health_check_id"] = known
                    elif record.probe is not None:
                        check = _check(record.probe, found.target.value, family)
                        key = _key(found.target.value, record.host, repr(sorted(check.items())))
                        checks[key] = check
                        content["health_check_id"] = f"${{{_CHECK}.{key}.id}}"
                records[_key(found.name, family, found.identifier)] = content
            for member in answered.members:
                if member.origin is not None:
                    origin = {"ttl": record.ttl, "records": list(member.targets(family))}
                    records[_key(member.origin, family, "")] = _base(zone, member.origin, family) | origin
    by_name = {} if zone.hosted_zone_id is not None else {"data": {_ZONE: {_key(zone.name): {"name": zone.name}}}}
    resources = {_CHECK: dict(sorted(checks.items())), _RECORD: dict(sorted(records.items()))}
    return {
        **by_name,
        "resource": {kind: content for kind, content in resources.items() if content},
    }


def _base(zone: Zone, name: str, family: Family) -> dict[str, Any]:
    return {"zone_id": _zone_id(zone), "name": name, "type": family}


def _zone_id(zone: Zone) -> str:
    return zone.hosted_zone_id or f"${{data.{_ZONE}.{_key(zone.name)}.zone_id}}"


def _alias(zone: Zone, name: str, targets: list[str]) -> dict[str, Any]:
    """Route 53 takes an alias only when its target is there."""
    alias = {
        "name": name,
        "zone_id": _zone_id(zone),
        "evaluate_target_health": True,
    }
    return {"alias": alias, "depends_on": sorted(targets)}


def _key(*parts: str) -> str:
    """A name in Terraform: readable, and never the same for two things."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    readable = _NO_IDENTIFIER.sub("_", "_".join(parts[:2]))
    return f"dns_{readable}_{digest}"


def _record_sets(record: Record, family: Family) -> Iterator[_Set]:
    """The record sets of a host, and of the names that it needs besides."""
    pools, host = record.pools, record.host
    if len(pools) == 1:
        yield from _weighted(host, pools[0], family)
    elif record.steering == "nearest":
        for pool in pools:
            yield from _pool(host, host, pool, family, {"latency_routing_policy": {"region": pool.region or ""}})
    else:
        at = host
        for number, pool in enumerate(pools[:-1], 1):
            yield from _pool(at, host, pool, family, _failover("PRIMARY"))
            if number < len(pools) - 1:
                rest = f"_after-{pool.name}.{host}"
                yield _Set(at, f"after-{pool.name}", _failover("SECONDARY"), alias=rest)
                at = rest
        yield from _pool(at, host, pools[-1], family, _failover("SECONDARY"))


def _failover(sort: str) -> dict[str, dict[str, Any]]:
    return {"failover_routing_policy": {"type": sort}}


def _pool(at: str, host: str, pool: Pool, family: Family, policy: dict[str, dict[str, Any]]) -> Iterator[_Set]:
    targets = per_target(pool, family)
    if len(targets) == 1:
        yield _Set(at, identifier(targets[0].member.entry_point), policy, targets[0])
        return
    name = f"_{pool.name}.{host}"
    yield from _weighted(name, pool, family)
    yield _Set(at, pool.name, policy, alias=name)


def _weighted(name: str, pool: Pool, family: Family) -> Iterator[_Set]:
    """Weighted even where there is one: Route 53 takes no second set beside one without policy."""
    for target in per_target(pool, family):
        policy = {"weighted_routing_policy": {"weight": target.weight}}
        yield _Set(name, identifier(target.member.entry_point, target.value), policy, target)


def _check(probe: Probe, target: str, family: Family) -> dict[str, Any]:
    check: dict[str, Any] = {
        "type": probe.protocol.upper(),
        "port": probe.port,
        "request_interval": _INTERVAL if probe.interval is None else probe.interval,
    }
    if family == "CNAME":
        check["fqdn"] = target
    else:
        check["ip_address"] = target
        if probe.host is not None and probe.protocol != "tcp":
            check["fqdn"] = probe.host
    if probe.path is not None:
        check["resource_path"] = probe.path
    if probe.threshold is not None:
        check["failure_threshold"] = probe.threshold
    if probe.protocol == "https":
        check["enable_sni"] = True
    return check


PROVIDER = Provider(
    "terraform",
    "Terraform",
    _capabilities,
    _render,
    file_reasons={
        f"data {_ZONE}": "the zone, by its name where `hostedZoneId` is not said",
        f"resource {_CHECK}": "the probe of the plan, for each address (`healthCheck`)",
        f"resource {_RECORD}": "the record of the plan, as record sets (`entryPoints`, ADR 33)",
    },
)
