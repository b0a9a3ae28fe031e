"""The neutral DNS plan: which entry points answer for a host, in which order, and how somebody sees that one is dead.

Plain data that knows neither a language nor a provider. Everything in it is sorted, so the same fleet gives the same
plan.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Steering = Literal["ordered", "weighted", "nearest"]
Family = Literal["A", "AAAA", "CNAME"]
"""The type of record that leads to a member: by IPv4 address, IPv6 address or hostname."""

_LONGEST_LABEL = 63
_NO_LABEL = re.compile(r"[^a-z0-9]+")


class EntryPoint(NamedTuple):
    """A gateway that clients outside reach."""

    cluster: str
    namespace: str
    gateway: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.gateway}"

    @property
    def label(self) -> str:
        """It as one label of a DNS name; the digest keeps apart what reads alike (`a-b/c`, `a/b-c`)."""
        digest = hashlib.sha256(str(self).encode()).hexdigest()[:8]
        readable = _NO_LABEL.sub("-", "-".join(self).lower()).strip("-")
        return f"{readable[: _LONGEST_LABEL - len(digest) - 1].rstrip('-')}-{digest}"


@dataclass(frozen=True, slots=True)
class Member:
    """An entry point in a pool. It has addresses or a hostname; neither as long as nobody knows them."""

    entry_point: EntryPoint
    region: str | None
    addresses: tuple[str, ...] = ()
    """IPv4 and IPv6, sorted."""
    hostname: str | None = None
    weight: int = 1
    """Its share of the pool, whatever the number of its addresses."""
    state: Literal["active", "draining"] = "active"
    origin: str | None = None
    """A name of its own, for a CDN."""

    def targets(self, family: Family) -> tuple[str, ...]:
        """What records of that type say of it."""
        if family == "CNAME":
            return () if self.hostname is None else (self.hostname,)
        return tuple(address for address in self.addresses if (":" in address) == (family == "AAAA"))


@dataclass(frozen=True, slots=True)
class Pool:
    """Entry points that are answered together."""

    name: str
    region: str | None
    """The region of all of them; None: they have no common one."""
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """What somebody outside asks each entry point; None: left to the provider."""

    protocol: Literal["http", "https", "tcp"]
    port: int
    path: str | None = None
    host: str | None = None
    """Name in the request and in its SNI; None: the entry point's own."""
    expected_status: int | None = None
    interval: int | None = None
    """Seconds."""
    threshold: int | None = None
    """Failures in a row that make an entry point dead."""


@dataclass(frozen=True, slots=True)
class Record:
    """A host, and the entry points that DNS answers for it."""

    host: str
    ttl: int
    """Seconds."""
    steering: Steering
    pools: tuple[Pool, ...]
    """`ordered`, `weighted`: first to last, each used when those before it are dead; `nearest`: one a region."""
    last_resort: tuple[EntryPoint, ...]
    """Answered when all are dead: a probe may be wrong about all of them at once."""
    probe: Probe | None = None

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(member for pool in self.pools for member in pool.members)

    @property
    def answered(self) -> Record:
        """It without what is draining or has no address, and without pools that are empty then."""
        pools = (
            replace(pool, members=tuple(member for member in pool.members if _answers(member))) for pool in self.pools
        )
        left = tuple(pool for pool in pools if pool.members)
        answering = {member.entry_point for pool in left for member in pool.members}
        last = tuple(entry_point for entry_point in self.last_resort if entry_point in answering)
        first = tuple(member.entry_point for pool in left[:1] for member in pool.members)
        return replace(self, pools=left, last_resort=last or first)

    @property
    def families(self) -> tuple[Family, ...]:
        """The types of record that all its members have targets for.

        A type that only some have is none: its clients would find an order and shares of their own.
        """
        types: tuple[Family, ...] = ("A", "AAAA", "CNAME")
        return tuple(
            family for family in types if self.members and all(member.targets(family) for member in self.members)
        )


def _answers(member: Member) -> bool:
    return member.state == "active" and bool(member.addresses or member.hostname)


@dataclass(frozen=True, slots=True)
class Zone:
    """A DNS zone, who serves it, and what the provider has to be told of it."""

    name: str
    provider: str
    records: tuple[Record, ...] = ()
    probes: tuple[Record, ...] = ()
    """Names of health checks, for probers that resolve them: each leads to the entry points that answer for it."""
    clusters: tuple[str, ...] = ()
    """The clusters whose controllers write it, sorted."""
    account: str | None = None
    """Account of AWS."""
    oidc_issuers: dict[str, str] = field(default_factory=dict)
    """Cluster → issuer of its service account tokens, without `https://`."""
    role_arn: str | None = None
    """The role that the controllers take; None: one for each cluster."""
    hosted_zone_id: str | None = None
    """Its id in Route 53; None: it is found by its name."""
    annotation_prefix: str | None = None
    """What annotations of its controller begin with."""
    health_checks: dict[EntryPoint, str] = field(default_factory=dict)
    """Ids of health checks that are made elsewhere."""

    def is_apex(self, host: str) -> bool:
        """Whether a host is the zone itself, where no CNAME may stand (RFC 1034 §3.6.2)."""
        return host == self.name

    def relative(self, host: str) -> str:
        """A host without the zone; empty at the apex."""
        return host.removesuffix(self.name).removesuffix(".")


@dataclass(frozen=True, slots=True)
class DnsPlan:
    """The DNS of a fleet; zones sorted by name, their records by host."""

    zones: tuple[Zone, ...] = ()
