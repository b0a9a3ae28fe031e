"""How the output gets into the clusters. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshgen.delivery.model import Delivery
    from meshgen.plan.model.origin import Origin


class AskedHost(NamedTuple):
    """A port of a host that the gate of a cluster asks."""

    host: str
    port: int
    http: bool
    """Whether a request is sent; else a connection is opened."""
    own: bool
    """Whether an address of no known gateway may answer: of the own copy, or of a gateway known by its name only."""
    clusters: tuple[str, ...]
    """Other clusters that may answer, sorted."""


@dataclass(frozen=True, slots=True)
class PlannedGate:
    """What asks the mesh of a cluster whether it answers: an account, what to ask, and a Job."""

    namespace: str
    image: str
    timeout: int
    """Seconds."""
    revision: str | None
    """The revision that injects its pod."""
    hosts: tuple[AskedHost, ...]
    """Sorted."""
    gateways: tuple[tuple[str, tuple[str, ...]], ...]
    """Cluster → addresses of its east-west gateways, sorted."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """What the GitOps engine of the fleet is given."""

    content: Delivery
    origin: Origin
