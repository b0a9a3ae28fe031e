"""What of a record its provider cannot carry, from what the provider declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meshgen.dns.facts import Loss
from meshgen.dns.shares import per_member, per_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.dns.facts import Capabilities, Provider
    from meshgen.dns.model import Member, Pool, Probe, Record, Zone

_SOME = {1: "one", 2: "two"}


def losses(provider: Provider, zone: Zone, record: Record) -> Iterator[Loss]:
    """Everything of a record that the provider of its zone would drop or change; nothing where all is carried."""
    can = provider.capabilities(zone)
    answered = record.answered
    yield from _steering(can, zone, answered)
    yield from _weights(can, answered)
    yield from _targets(can, zone, answered)
    if record.probe is not None:
        yield from _probe(can, zone, answered, record.probe)
    yield from provider.refuses(zone, answered)


def _number(count: int, noun: str) -> str:
    return f"{_SOME.get(count, str(count))} {noun}{'' if count == 1 else 's'}"


def _steering(can: Capabilities, zone: Zone, record: Record) -> Iterator[Loss]:
    pools, several = record.pools, len(record.members) > 1
    if several and record.steering not in can.steering:
        yield Loss(
            "entryPoints",
            "mode",
            f"cannot answer `{record.steering}`",
            f"Say {_or(sorted(can.steering))}." if can.steering else "Leave one entry point.",
        )
        return
    if can.one_per_cluster:
        yield from _one_per_cluster(record)
    if can.kept_by_clusters:
        yield from _kept(zone, record)
    if record.steering == "nearest":
        yield from _nearest(can, pools)
    else:
        yield from _levels(can, pools)


def _or(words: list[str]) -> str:
    return " or ".join(f"`{word}`" for word in words)


def _one_per_cluster(record: Record) -> Iterator[Loss]:
    clusters = [member.entry_point.cluster for member in record.members]
    for cluster in sorted({cluster for cluster in clusters if clusters.count(cluster) > 1}):
        yield Loss(
            "entryPoints",
            "",
            f"knows one entry point of a cluster, and `{cluster}` has {clusters.count(cluster)}",
            "Publish the host through one gateway of a cluster.",
        )


def _kept(zone: Zone, record: Record) -> Iterator[Loss]:
    for member in record.members:
        if member.entry_point.cluster not in zone.clusters:
            yield Loss(
                "entryPoints",
                "",
                f"is kept by the clusters of the zone, and `{member.entry_point.cluster}` is none of them",
                "Take the cluster into `clusters` of the zone, or the entry point out of `entryPoints`.",
                str(member.entry_point),
            )


def _nearest(can: Capabilities, pools: tuple[Pool, ...]) -> Iterator[Loss]:
    for pool in pools:
        known = pool.region is not None and (can.regions is None or re.fullmatch(can.regions, pool.region))
        if not known and len(pools) > 1:
            where = "has no region" if pool.region is None else f"is in `{pool.region}`"
            yield Loss(
                "entryPoints",
                "mode",
                f"answers by regions that it knows, and `{pool.members[0].entry_point}` {where}",
                "Say `ordered` or `weighted`, or choose another provider for the zone.",
                str(pool.members[0].entry_point),
            )
        if can.in_region is not None and len(pool.members) > can.in_region and len(pools) > 1:
            yield Loss(
                "entryPoints",
                "mode",
                f"answers {_number(can.in_region, 'entry point')} of a region, and `{pool.region}` has "
                f"{len(pool.members)}",
                "Say `weighted`, or choose another provider for the zone.",
            )


def _levels(can: Capabilities, pools: tuple[Pool, ...]) -> Iterator[Loss]:
    if can.levels is not None and len(pools) > can.levels:
        yield Loss(
            "entryPoints",
            "order",
            f"knows {_number(can.levels, 'level')}, not {len(pools)}",
            f"Order no more than {_number(can.levels, 'level')}, or choose another provider for the zone.",
        )
    if len(pools) < 2 or not can.in_levels:  # noqa: PLR2004 - one pool is no order
        return
    for number, pool in enumerate(pools):
        most = can.in_levels[min(number, len(can.in_levels) - 1)]
        if most is not None and len(pool.members) > most:
            yield Loss(
                "entryPoints",
                "order",
                f"answers {_number(most, 'entry point')} of level {number + 1}, not {len(pool.members)}",
                "Order fewer entry points, or choose another provider for the zone.",
            )


def _weights(can: Capabilities, record: Record) -> Iterator[Loss]:
    for pool in record.pools:
        members = per_member(pool)
        if len({weight for _, weight in members}) > 1 and len(record.pools) > 1 and not can.weights_in_levels:
            yield Loss(
                "entryPoints", "weights", "knows no weights beside an order", "Say either `weighted` or `ordered`."
            )
            return
        if can.weights is None or len(members) == 1:
            continue
        if can.weigh == "members":
            weighed = [(member, weight) for member, weight in members]
        else:
            weighed = [(at.member, at.weight) for family in record.families for at in per_target(pool, family)]
        wrong = sorted({(weight, str(member.entry_point)) for member, weight in weighed if weight not in can.weights})
        if wrong:
            weight, entry_point = wrong[-1]
            each = "" if can.weigh == "members" else " for each address"
            yield Loss(
                "entryPoints",
                "weights",
                f"takes weights of {can.weights}, and these shares are {weight} for `{entry_point}`{each}",
                "Choose shares that stand in smaller whole numbers to each other, such as 70 and 30.",
                entry_point,
            )


def _targets(can: Capabilities, zone: Zone, record: Record) -> Iterator[Loss]:
    if not record.members:
        return
    named = [member for member in record.members if member.hostname is not None]
    if zone.is_apex(record.host):
        yield from _apex(can, named)
    if named and len(named) < len(record.members) and not can.mixed:
        other = next(member for member in record.members if member.hostname is None)
        yield Loss(
            "addresses",
            "",
            f"cannot answer a hostname (`{named[0].entry_point}`) and addresses (`{other.entry_point}`) for one host",
            "Give the entry points of one host all addresses or all hostnames, in the inventory or in `advertise`.",
            str(named[0].entry_point),
        )
        return
    if can.mixed:
        reached = all(any(member.targets(family) for family in can.families) for member in record.members)
    else:
        reached = not can.families.isdisjoint(record.families)
    if not reached:
        yield _no_family(can, record)


def _apex(can: Capabilities, named: list[Member]) -> Iterator[Loss]:
    ends = can.apex_hostnames
    wrong = [member for member in named if ends is not None and not (member.hostname or "").endswith(ends)]
    if wrong:
        only = f" other than those in `{'`, `'.join(ends)}`" if ends else ""
        yield Loss(
            "addresses",
            "",
            f"cannot answer hostnames{only} at the apex of a zone, where no CNAME may stand: "
            f"`{wrong[0].entry_point}` is known as `{wrong[0].hostname}`",
            "Publish a name below the zone, or give the gateway addresses.",
            str(wrong[0].entry_point),
        )


def _no_family(can: Capabilities, record: Record) -> Loss:
    if record.families:
        return Loss(
            "addresses",
            "",
            f"answers {' and '.join(sorted(can.families))} records only, and these entry points need "
            f"{' or '.join(record.families)}",
            "Give the gateways such addresses, or choose another provider for the zone.",
        )
    return Loss(
        "addresses",
        "",
        "has no type of record for all of these entry points: some have IPv4 addresses only, others IPv6 only",
        "Give all of them addresses of one family.",
    )


def _probe(can: Capabilities, zone: Zone, record: Record, probe: Probe) -> Iterator[Loss]:
    checks = can.checks
    if checks.by in ("pods", "nobody"):
        instead = "looks at pods, never at" if checks.by == "pods" else "checks nothing, so never"
        yield Loss("healthCheck", "", f"{instead} an answer", "Leave `healthCheck` out, or choose another provider.")
    if checks.by != "itself":
        return
    if probe.protocol not in checks.protocols:
        yield Loss(
            "healthCheck", "", f"asks by {', '.join(sorted(checks.protocols))}, not {probe.protocol}", "Ask otherwise."
        )
        return
    asked = [at for at in record.members if not (checks.takes_ids and at.entry_point in zone.health_checks)]
    named = next((member for member in asked if member.hostname is not None), None)
    if probe.protocol != "tcp" and probe.host is not None and named is not None and not checks.host_to_hostnames:
        yield Loss(
            "healthCheck",
            "host",
            f"asks a hostname under that hostname only, and `{named.entry_point}` is known as `{named.hostname}`",
            "Give the gateway addresses, or make a health check yourself and name it in `healthCheckIds` of the zone."
            if checks.takes_ids
            else "Give the gateway addresses, or choose another provider for the zone.",
            str(named.entry_point),
        )
    yield from _status(checks.status, probe)
    for field, number, possible in (
        ("interval", probe.interval, checks.intervals),
        ("threshold", probe.threshold, checks.thresholds),
    ):
        if number is not None and possible is not None and number not in possible:
            unit = " s" if field == "interval" else ""
            yield Loss("healthCheck", field, f"takes {possible}{unit}, not {number}{unit}", f"Say {possible}{unit}.")


def _status(can: str, probe: Probe) -> Iterator[Loss]:
    status = probe.expected_status
    if status is None or can == "exact" or probe.protocol == "tcp":
        return
    within = 200 <= status < 400  # noqa: PLR2004 - success and redirection
    yield Loss(
        "healthCheck",
        "expectedStatus",
        f"takes any status from 200 to 399 for life{'' if within else f', never {status}'}",
        "Let the path answer an error where the service is dead, not a redirect."
        if within
        else "Check a path that answers 200, and leave `expectedStatus` out.",
        weaker=within,
    )
