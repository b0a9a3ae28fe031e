"""What is known about a cluster: the ground that its objects act on. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from meshgen.analysis.hosts import ServiceName
    from meshgen.plan.model.entries import PlannedPort


@dataclass(frozen=True, slots=True)
class LocalCopy:
    """A Service of a cluster under the name of an exposed host: what answers there, and as whom.

    What answers behind a remote endpoint is the copy in the plan of its source.
    """

    service: ServiceName
    host: str
    state: Literal["active", "arriving", "leaving"]
    workspace: str | None
    """The workspace that spans it; of another one than the host's, or of none, it keeps the name for itself."""
    ports: tuple[PlannedPort, ...]
    """Its TCP ports, sorted by number."""
    selector: dict[str, str]
    service_accounts: tuple[str, ...] | None
    """Accounts of its pods, sorted; None: unknown."""
    injected: bool | None
    """Whether its pods have sidecars; None: unknown."""
    node_local: bool
    """Whether callers get endpoints on their own node only (`internalTrafficPolicy: Local`)."""


@dataclass(frozen=True, slots=True)
class ConsumerFacts:
    """What is known about a cluster and what it has: the ground that its objects act on."""

    region: str | None
    zones: tuple[str, ...]
    """Zones of its nodes, sorted."""
    network: str | None
    """Istio's network name; empty: the mesh has none; None: unknown."""
    trust_domain: str
    role: Literal["workload", "edge"]
    state: Literal["active", "draining"]
    istio: tuple[int, ...]
    """Version of Istio, declared, observed or assumed."""
    dns_capture: bool
    mesh_retries: bool
    """Whether the mesh's own retry policy retries in other localities."""
    copies: tuple[LocalCopy, ...]
    """Sorted by namespace and name, whatever their state."""
