"""What brings endpoints to the callers of exposed hosts. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshgen.analysis.hosts import ServiceName
    from meshgen.calls import RemoteEndpoint
    from meshgen.plan.model.origin import Origin


@dataclass(frozen=True, slots=True)
class PlannedPort:
    """A port of a host that consumers call."""

    name: str
    number: int
    protocol: str | None
    """As Istio takes it, in capitals; None: it guesses."""
    unknown_protocol: str | None = None
    """The `appProtocol` that makes Istio guess, whatever the port's name says."""


@dataclass(frozen=True, slots=True)
class PlannedServiceEntry:
    """A host that the cluster lacks: one ServiceEntry with all remote endpoints."""

    host: str
    vip: str | None
    """Address of the host; None: istiod gives one."""
    ports: tuple[PlannedPort, ...]
    subject_alt_names: tuple[str, ...]
    endpoints: tuple[RemoteEndpoint, ...]
    export_to: tuple[str, ...]
    canonical_name: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedStub:
    """A Service without pods that gives a remote-only host a name where sidecars do not answer DNS."""

    service: ServiceName
    ports: tuple[PlannedPort, ...]
    selector: dict[str, str]
    export_to: tuple[str, ...]
    """Empty: not written."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedWorkloadEntry:
    """One remote endpoint beside the local pods of a Service, or behind a stub."""

    name: str
    namespace: str
    hosts: tuple[str, ...]
    """The hosts whose callers may be sent to it: those of all Services that select it."""
    endpoint: RemoteEndpoint
    labels: dict[str, str]
    port_keys: tuple[str, ...]
    """Names of Service ports and of named target ports, sorted; each leads to the gateway's port."""
    service_account: str | None
    origin: Origin


class AliasPort(NamedTuple):
    """A port of an alias."""

    name: str
    """Also that of the container's port, where the Service names it."""
    number: int
    protocol: str | None
    target: int | None
    """Number of the container's port; None: `number`, or the port of that name."""


@dataclass(frozen=True, slots=True)
class PlannedAlias:
    """A host that stands for a service of the cluster with one cluster first: its pods, and entries beside them."""

    host: str
    of: str
    """The host of the service."""
    service: ServiceName
    selector: dict[str, str]
    vip: str | None
    """Address of the host; None: istiod gives one."""
    ports: tuple[AliasPort, ...]
    origin: Origin
