"""Policies and routes of exposed hosts. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from meshgen.plan.model.origin import Origin

OWN_PODS = "meshgen-own-pods"
"""Name of the subset of a service's own pods."""


@dataclass(frozen=True, slots=True)
class PlannedDestinationRule:
    """The traffic policy of a host in one cluster."""

    name: str
    namespace: str
    host: str
    failover_priority: tuple[str, ...]
    """Empty: a single level."""
    regions_count: bool
    """Whether, without priorities, endpoints are ranked as the mesh does by default, by region."""
    shared: bool
    """Whether the weights of endpoints are shares."""
    outlier_detection: dict[str, int | str | bool] | None
    http2_pings: bool
    mutual_tls: bool
    """Whether it asks for mutual TLS itself, since its mesh does not do so of its own."""
    export_to: tuple[str, ...]
    """Empty: not written."""
    origin: Origin
    own_network: str | None = None
    """Network of a subset of the cluster's own pods, for probes at an ingress gateway; None: there is none."""


class Share(NamedTuple):
    """Where a part of a host's requests goes."""

    host: str
    weight: int


class RoutedPort(NamedTuple):
    """A port whose requests a VirtualService routes."""

    number: int
    grpc: bool
    """Whether it speaks nothing but gRPC, so that no request has a safe method."""


@dataclass(frozen=True, slots=True)
class PlannedVirtualService:
    """The routes of a host in one cluster: its retries, and its shares."""

    name: str
    namespace: str
    host: str
    ports: tuple[RoutedPort, ...]
    shares: tuple[Share, ...]
    """Empty: all to the host itself."""
    attempts: int | None
    """None: routes say nothing of retries."""
    per_try_timeout: str | None
    idempotent: Literal["all", "safeMethods", "none"]
    """Which requests may run twice."""
    idempotent_requests: tuple[str, ...]
    """Those that may besides: paths that may end in `*`, after a method or not."""
    export_to: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class MeshRetryPolicy:
    """The mesh-wide retry policy that somebody has to put into the mesh config of a cluster."""

    attempts: int
