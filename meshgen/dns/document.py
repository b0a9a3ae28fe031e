"""The neutral plan as the document that people and programs read, `output/_dns/plan.json`.

Its schema is `schemas/dns-plan.schema.json`; a field that is added there is optional, none changes its meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgen.dns.model import DnsPlan, Member, Pool, Probe, Record, Zone

VERSION = "meshgen.io/dns/v1"


def document(plan: DnsPlan) -> dict[str, Any]:
    """The plan as plain data; what is not known has no key."""
    return {"version": VERSION, "zones": [_zone(zone) for zone in plan.zones]}


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "name": zone.name,
        "provider": zone.provider,
        "records": [_record(record) for record in zone.records],
        **({"probes": [_record(record) for record in zone.probes]} if zone.probes else {}),
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "host": record.host,
        "ttl": record.ttl,
        "steering": record.steering,
        "pools": [_pool(pool) for pool in record.pools],
        "lastResort": [str(entry_point) for entry_point in record.last_resort],
        **({} if record.probe is None else {"probe": _probe(record.probe)}),
    }


def _pool(pool: Pool) -> dict[str, Any]:
    return {"name": pool.name, **_said(region=pool.region), "members": [_member(member) for member in pool.members]}


def _member(member: Member) -> dict[str, Any]:
    return {
        "entryPoint": str(member.entry_point),
        "cluster": member.entry_point.cluster,
        **_said(region=member.region),
        **({"addresses": list(member.addresses)} if member.addresses else {}),
        **_said(hostname=member.hostname),
        "weight": member.weight,
        "state": member.state,
        **_said(originName=member.origin),
    }


def _probe(probe: Probe) -> dict[str, Any]:
    return {
        "protocol": probe.protocol,
        "port": probe.port,
        **_said(
            path=probe.path,
            host=probe.host,
            expectedStatus=probe.expected_status,
            intervalSeconds=probe.interval,
            threshold=probe.threshold,
        ),
    }


def _said(**fields: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in fields.items() if value is not None}
