"""What a DNS provider is: what it can carry of a plan, and what it makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from meshgen.dns.model import Family, Member, Record, Steering, Zone


class Range(NamedTuple):
    """Whole numbers from `least` to `most`, both possible."""

    least: int
    most: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.least <= number <= self.most

    def __str__(self) -> str:
        return f"{self.least} to {self.most}"


class OneOf(NamedTuple):
    """A few numbers."""

    numbers: tuple[int, ...]

    def __contains__(self, number: object) -> bool:
        return number in self.numbers

    def __str__(self) -> str:
        return " or ".join(map(str, self.numbers))


Numbers: TypeAlias = Range | OneOf | None
"""None: any."""


@dataclass(frozen=True, slots=True)
class Checks:
    """How a provider asks entry points whether they live."""

    by: Literal["itself", "id", "pods", "nobody", "people"]
    """It makes the health checks, or takes ids of ones that others made, or looks at pods, or at nothing; or whoever
    reads the plan decides."""
    takes_ids: bool = False
    """Whether it takes ids of health checks, too, besides making them."""
    protocols: frozenset[str] = frozenset({"http", "https", "tcp"})
    status: Literal["exact", "2xxAnd3xx"] = "exact"
    """What it can demand of an answer."""
    host_to_hostnames: bool = True
    """Whether a request to a hostname can carry another name."""
    intervals: Numbers = None
    thresholds: Numbers = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can carry; whatever else a record says is refused, not dropped."""

    checks: Checks
    steering: frozenset[Steering] = frozenset({"ordered", "weighted", "nearest"})
    levels: int | None = None
    """The most pools one after the other."""
    in_levels: tuple[int | None, ...] = ()
    """Where there are several levels: the most entry points of the first, the second, …; the last number is for all
    after it. Empty: any number."""
    in_region: int | None = None
    """The most entry points of a region where the nearest answers."""
    weights: Numbers = None
    weigh: Literal["members", "targets"] = "members"
    """What has a weight: an entry point, or each of its addresses."""
    weights_in_levels: bool = True
    """Whether entry points of several levels can have different weights."""
    families: frozenset[Family] = frozenset({"A", "AAAA", "CNAME"})
    apex_hostnames: tuple[str, ...] | None = ()
    """Ends of hostnames that it can answer at the apex; None: any."""
    mixed: bool = False
    """Whether one record can lead to addresses and to hostnames."""
    kept_by_clusters: bool = False
    """Whether controllers in the entry points' own clusters write the records, which have to keep the zone."""
    one_per_cluster: bool = False
    """Whether a cluster can have no more than one entry point of a record."""
    regions: str | None = None
    """Pattern of the regions that it knows; None: any."""


class Loss(NamedTuple):
    """Something of a record that a provider cannot carry."""

    topic: Literal["entryPoints", "healthCheck", "addresses"]
    field: str
    """Below the topic, as the language has it; empty: all of it."""
    what: str
    """What the provider does instead, as the end of "…, but <provider> "."""
    help: str
    entry_point: str = ""
    weaker: bool = False
    """It is not lost, only asked for less strictly."""


Reasons: TypeAlias = "Mapping[str, str]"
"""Path → why the field there says what it says; paths as in `meshgen.emit.reasons`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of Kubernetes object that a controller in the cluster reads."""

    api_version: str
    kind: str
    reasons: Reasons
    """Of the fields after the metadata, and of its own annotations."""


@dataclass(frozen=True, slots=True)
class File:
    """A file for people or programs outside of any cluster, as plain data."""

    name: str
    """Below the provider's directory; ends in `.yaml` or `.json`."""
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClusterObject:
    """A Kubernetes object of one cluster, that a controller there reads."""

    cluster: str
    namespace: str
    name: str
    kind: Kind
    host: str
    annotations: dict[str, str]
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SetupFile:
    """A file that people apply once in, or for, one cluster."""

    cluster: str
    name: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a provider makes of the zones that it serves."""

    files: tuple[File, ...] = ()
    objects: tuple[ClusterObject, ...] = ()
    setup: tuple[SetupFile, ...] = ()


def _nothing_more(_zone: Zone, _record: Record) -> Iterable[Loss]:
    return ()


def _no_annotations(_zone: Zone, _record: Record, _member: Member) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Provider:
    """One way to get a plan into DNS."""

    name: str
    title: str
    """As people call it."""
    capabilities: Callable[[Zone], Capabilities]
    render: Callable[[tuple[Zone, ...]], Rendered]
    """Gives what the zones of this provider become; they hold what it can carry."""
    gateway_annotations: Callable[[Zone, Record, Member], dict[str, str]] = field(default=_no_annotations)
    """What the Gateway object that publishes the host in the member's cluster says to a controller there."""
    refuses: Callable[[Zone, Record], Iterable[Loss]] = field(default=_nothing_more)
    """What it cannot carry for reasons of its own."""
    kinds: tuple[Kind, ...] = ()
    """Every kind of the objects that it renders."""
    file_reasons: Reasons = field(default_factory=dict)
    """Of its files' fields."""
    setup_reasons: Reasons = field(default_factory=dict)
    """Of its setup files' fields."""
