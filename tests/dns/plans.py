"""Plans written by hand, short."""

from __future__ import annotations

from typing import Any

from meshgen.dns.model import EntryPoint, Member, Pool, Probe, Record, Steering, Zone

HOST = "bookinfo.example.com"
PROBE = Probe("https", 443, "/productpage", "health.bookinfo.example.com", interval=10, threshold=3)


def entry_point(cluster: str) -> EntryPoint:
    return EntryPoint(cluster, "edge", "edge-gateway")


def member(cluster: str, *targets: str, weight: int = 1, region: str | None = "eu-west-1", **more: Any) -> Member:
    """The edge gateway of a cluster; its targets are addresses, or one hostname."""
    named = [target for target in targets if target[0].isalpha()]
    return Member(
        entry_point(cluster),
        region,
        () if named else tuple(sorted(targets)),
        named[0] if named else None,
        weight,
        **more,
    )


def pool(name: str, *members: Member) -> Pool:
    regions = {found.region for found in members}
    return Pool(name, regions.pop() if len(regions) == 1 else None, members)


def record(
    *pools: Pool, steering: Steering = "ordered", probe: Probe | None = PROBE, host: str = HOST, ttl: int = 60
) -> Record:
    last = tuple(sorted(found.entry_point for found in pools[0].members)) if pools else ()
    return Record(host, ttl, steering, pools, last, probe)


def zone(provider: str, *records: Record, **more: Any) -> Zone:
    clusters = tuple(sorted({found.entry_point.cluster for one in records for found in one.members}))
    return Zone("example.com", provider, records, **({"clusters": clusters} | more))


THREE_LEVELS = record(
    pool("level-1", member("c1", "192.0.2.1")),
    pool("level-2", member("c2", "192.0.2.2", "192.0.2.22"), member("c3", "192.0.2.3")),
    pool("level-3", member("c4", "192.0.2.4")),
)
SHARES = record(
    pool(
        "all",
        member("c1", "192.0.2.11", "192.0.2.12", weight=70),
        member("c2", "192.0.2.21", "192.0.2.22", "192.0.2.23", weight=30),
    ),
    steering="weighted",
)
HOSTNAMES = record(
    pool("level-1", member("c1", "a.elb.eu-west-1.amazonaws.com"), member("c2", "b.elb.eu-west-1.amazonaws.com")),
    pool("level-2", member("c3", "c.elb.us-east-1.amazonaws.com", region="us-east-1")),
    probe=Probe("tcp", 443),
)
REGIONS = record(
    pool("eu-west-1", member("c1", "192.0.2.1"), member("c2", "192.0.2.2")),
    pool("us-east-1", member("c3", "192.0.2.3", region="us-east-1")),
    steering="nearest",
)
BOTH_FAMILIES = record(
    pool("level-1", member("c1", "192.0.2.1", "2001:db8::1")), pool("level-2", member("c2", "192.0.2.2", "2001:db8::2"))
)
TWO_LEVELS = record(pool("level-1", member("c1", "192.0.2.1")), pool("level-2", member("c2", "192.0.2.2")))
