"""OctoDNS with Route 53: one zone file each, with dynamic records.

Read of octodns 1.22 (record/dynamic.py: weights, pools, rules) and octodns-route53 1.3.1 (provider.py: a record set and
a health check for each value). A hostname is asked under its own name there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.dns.facts import Capabilities, File, Provider, Range, Rendered
from meshgen.dns.route53 import CHECKS
from meshgen.dns.shares import per_target

if TYPE_CHECKING:
    from meshgen.dns.model import Family, Probe, Record, Zone

_CAPABILITIES = Capabilities(
    checks=CHECKS,
    # Its rules choose by continent and country, which say nothing about the nearest of two regions.
    steering=frozenset({"ordered", "weighted"}),
    weights=Range(1, 100),
    weigh="targets",
)
_DIGITS = re.compile(r"(\d+)")


def _capabilities(_zone: Zone) -> Capabilities:
    return _CAPABILITIES


def _render(zones: tuple[Zone, ...]) -> Rendered:
    return Rendered(files=tuple(File(f"{zone.name}.yaml", _zone_file(zone)) for zone in zones))


def _zone_file(zone: Zone) -> dict[str, Any]:
    """Names in the natural order that OctoDNS's YamlProvider demands (`enforce_order`)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in zone.records:
        answered = record.answered
        for family in answered.families:
            found.setdefault(zone.relative(record.host), []).append(_sorted(_record(answered, family)))
        for member in answered.members:
            if member.origin is not None:
                found[zone.relative(member.origin)] = [
                    _sorted({"type": family, "ttl": record.ttl, **_values(family, member.targets(family))})
                    for family in answered.families
                ]
    return {
        name: records[0] if len(records) == 1 else records
        for name, records in sorted(found.items(), key=lambda item: _natural(item[0]))
    }


def _natural(name: str) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in _DIGITS.split(name) if part]


def _sorted(content: Any) -> Any:
    """Keys of all levels sorted, as `enforce_order` demands."""
    if isinstance(content, dict):
        return {key: _sorted(content[key]) for key in sorted(content, key=_natural)}
    return [_sorted(item) for item in content] if isinstance(content, list) else content


def _values(family: Family, targets: tuple[str, ...]) -> dict[str, Any]:
    if family == "CNAME":
        return {"value": f"{targets[0]}."}
    return {"values": list(targets)}


def _record(record: Record, family: Family) -> dict[str, Any]:
    last = [member for member in record.members if member.entry_point in record.last_resort]
    targets = tuple(sorted({target for member in last for target in member.targets(family)}))
    content = {"type": family, "ttl": record.ttl, **_values(family, targets)}
    if sum(len(member.targets(family)) for member in record.members) == 1:
        return content
    content["dynamic"] = {"pools": _pools(record, family), "rules": [{"pool": record.pools[0].name}]}
    if record.probe is not None:
        content["octodns"] = _health_check(record.probe)
    return content


def _pools(record: Record, family: Family) -> dict[str, Any]:
    dot = "." if family == "CNAME" else ""
    # Unless told so, OctoDNS would check every value.
    status = {} if record.probe is not None else {"status": "up"}
    pools: dict[str, Any] = {}
    for number, pool in enumerate(record.pools):
        targets = per_target(pool, family)
        values = [{"value": f"{at.value}{dot}", "weight": at.weight, **status} for at in targets]
        following = record.pools[number + 1 : number + 2]
        pools[pool.name] = {"values": values, **({"fallback": following[0].name} if following else {})}
    return pools


def _health_check(probe: Probe) -> dict[str, Any]:
    check: dict[str, Any] = {"protocol": probe.protocol.upper(), "port": probe.port}
    if probe.path is not None:
        check["path"] = probe.path
    if probe.host is not None:
        check["host"] = probe.host
    of_route53 = {"request_interval": probe.interval, "failure_threshold": probe.threshold}
    said = {key: value for key, value in of_route53.items() if value is not None}
    return {"healthcheck": check, **({"route53": {"healthcheck": said}} if said else {})}


PROVIDER = Provider(
    "octoDNS",
    "OctoDNS",
    _capabilities,
    _render,
    file_reasons={"*": "the record of the plan, in OctoDNS's words (ADR 33)"},
)
