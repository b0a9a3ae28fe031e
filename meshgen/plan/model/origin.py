"""Where the objects of a plan come from, and what makes them these and no others. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshgen.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Origin:
    """The input behind an object: its logical name (`workspace/my-workspace`) and places in the fleet.

    Places do not count in comparisons: a comment in the fleet changes nothing in a plan.
    """

    name: str
    spans: tuple[Span, ...] = field(default=(), compare=False)


class Identity(NamedTuple):
    """What makes a Kubernetes object this one and no other in its cluster, and the input behind it."""

    cluster: str
    api_version: str
    kind: str
    namespace: str
    """Empty for objects of the cluster."""
    name: str
    origin: Origin


class GatewayAddress(NamedTuple):
    """A gateway among all of the fleet."""

    cluster: str
    namespace: str
    name: str
