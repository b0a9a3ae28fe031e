"""What is delivered: the repository, and the clusters with their directories, revisions and waves. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of object that clusters get, whether this fleet has one or not."""

    group: str
    """Empty for core."""
    kind: str
    namespaced: bool


class Object(NamedTuple):
    """An object that one cluster gets."""

    api_version: str
    kind: str
    namespace: str
    """Empty for objects of the cluster."""
    name: str
    path: str
    """Of its file, below the output directory."""
    stage: int
    """Objects of a lower stage are applied first (ADR 12)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster, as an engine sees it. It knows the cluster by its name in the fleet; the user registers it so."""

    cluster: str
    revision: str
    """What it follows."""
    wave: int | None
    """None: after all that have one."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of a fleet."""

    engine: str
    repo_url: str
    revision: str
    path: str
    """Of the output in the repository, relative, without `/` at the end; `.` for the repository itself."""
    namespace: str
    """Of the engine's objects."""
    project: str
    targets: tuple[Target, ...]
    """Sorted by name: every cluster of the fleet."""
    secret: str = ""
    """In `namespace`, with what reads the repository; empty: the engine finds it by itself, or needs none."""
    leaving: tuple[str, ...] = ()
    """Clusters that are permitted though the fleet has them no more, sorted."""
    application_set: bool = True
    """Whether Argo CD makes the Applications out of one object; else each is written."""
    revisions: bool = False
    """Whether waves follow revisions of their own, which somebody moves; else the engine keeps their order."""

    @property
    def waves(self) -> tuple[int | None, ...]:
        """The waves that clusters are in, first to last; None: those after all that have one."""
        numbers = {target.wave for target in self.targets}
        return (*sorted(number for number in numbers if number is not None), *((None,) if None in numbers else ()))

    @property
    def in_order(self) -> bool:
        """Whether the engine has to sync one wave after the other: several, with no revisions of their own."""
        return len(self.waves) > 1 and not self.revisions

    def below(self, path: str) -> str:
        """Where a file or a directory of the output stands in the repository."""
        return path if self.path == "." else f"{self.path}/{path}"
