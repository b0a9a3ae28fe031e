"""The review of a change, as data; views put it into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from meshgen.review.split import Step
    from meshgen.revisions.compile import Meaning
    from meshgen.revisions.order import Hazard
    from meshgen.revisions.waves import Gap

Kind = Literal["cut", "failoverLost", "fewer", "ports", "order", "failoverGained", "more", "reachable"]
"""What a change is for a call, the worst first: nobody answers any more; one cluster does, where it was several; fewer
clusters do; fewer ports lead there; the same clusters in another order or with other shares; several clusters answer,
where it was one; more do; somebody answers for the first time."""
KINDS: tuple[Kind, ...] = (
    "cut",
    "failoverLost",
    "fewer",
    "ports",
    "order",
    "failoverGained",
    "more",
    "reachable",
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two fleets that are compared."""

    name: str
    """As people named it: a revision, or the working tree."""
    meaning: Meaning


class Way(NamedTuple):
    """Who answers the calls of one consumer for one host."""

    levels: tuple[tuple[str, ...], ...]
    """Clusters, first to last, each level sorted; a share stands behind the name: `cluster-1 70 %`."""
    ports: tuple[int, ...]
    """TCP ports that lead to other clusters, sorted."""
    leaves_region: bool
    """Whether another region may answer."""

    @property
    def clusters(self) -> frozenset[str]:
        return frozenset(name.partition(" ")[0] for level in self.levels for name in level)


class Effect(NamedTuple):
    """What changes in the same way for some consumers of some hosts."""

    kind: Kind
    hosts: tuple[str, ...]
    consumers: tuple[str, ...]
    old: Way
    new: Way

    @property
    def lost(self) -> tuple[str, ...]:
        """Clusters that answer no more, sorted."""
        return tuple(sorted(self.old.clusters - self.new.clusters))

    @property
    def gained(self) -> tuple[str, ...]:
        """Clusters that answer from now on, sorted."""
        return tuple(sorted(self.new.clusters - self.old.clusters))

    @property
    def kept(self) -> tuple[str, ...]:
        """Clusters that go on to answer, sorted."""
        return tuple(sorted(self.new.clusters & self.old.clusters))


class ObjectChange(NamedTuple):
    """One file of the output that differs."""

    cluster: str
    """Empty: of no cluster."""
    path: str
    """Below the output directory."""
    kind: str
    """Kind of the Kubernetes object; empty where it is none."""
    change: Literal["added", "changed", "removed"]
    diff: tuple[str, ...]
    """The lines of a unified diff, without line ends."""

    @property
    def directory(self) -> str:
        """The first of its path: a cluster, or one that nobody syncs, as `_dns`."""
        return self.path.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Review:
    """What lies between two fleets."""

    old: str
    new: str
    effects: tuple[Effect, ...]
    """The worst first."""
    objects: tuple[ObjectChange, ...]
    """Sorted by path."""
    revisions: tuple[str, ...]
    """What clusters may run while they sync, the oldest first, the new fleet last."""
    hazards: tuple[Hazard, ...]
    """The orders of syncs in which the change hurts, the worst first."""
    gaps: tuple[Gap, ...] = ()
    """What requests do not find while a cluster syncs."""
    steps: tuple[Step, ...] = ()
    """Into which the change goes, where it is not safe as it is."""
    broken: bool = False
    """Whether the new fleet has errors, so that it is not built as it is."""

    @property
    def safe(self) -> bool:
        """Whether the order of syncs does not matter, nor how far each of them has come."""
        return not self.hazards and not self.gaps

    def __bool__(self) -> bool:
        """Whether anything differs, or clusters may run what does not get along."""
        return bool(self.effects or self.objects or not self.safe)
