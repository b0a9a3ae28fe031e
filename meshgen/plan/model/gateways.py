"""Gateways of one cluster, what they let in, and what stands beside them. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from meshgen.plan.model.origin import Origin


@dataclass(frozen=True, slots=True)
class PlannedNamespace:
    """A namespace that a cluster needs and whose inventory does not know it."""

    name: str
    labels: dict[str, str]
    """Labels by which its mesh finds it."""
    origin: Origin


class PlannedAutoscaling(NamedTuple):
    """A HorizontalPodAutoscaler by CPU."""

    min_replicas: int
    max_replicas: int
    cpu: int
    """Average use of the requested CPU, in percent, beyond which pods are added."""


class GatewayPort(NamedTuple):
    """A port of a gateway's Service."""

    name: str
    port: int
    target_port: int
    """The port of the container, on which the proxy listens."""


@dataclass(frozen=True, slots=True)
class PlannedGateway:
    """A gateway of one cluster."""

    namespace: str
    name: str
    role: Literal["eastWest", "ingress", "edge"]
    ports: tuple[GatewayPort, ...]
    """Without that for health."""
    replicas: int | None
    """None: an autoscaler sets it."""
    autoscaling: PlannedAutoscaling | None
    resources: dict[str, dict[str, str]] | None
    """Requests and limits of its container; None: the platform's default."""
    service_annotations: dict[str, str]
    load_balancer_class: str | None
    load_balancer_source_ranges: tuple[str, ...]
    restricted: bool
    """Whether its namespace is known to enforce the Pod Security Standard `restricted`."""
    managed: bool
    pod_labels: dict[str, str]
    """Labels that choose its pods, of all namespaces."""
    network: str | None
    """The cluster's network; empty: the mesh has none; None: unknown."""
    network_view: str | None
    """None: it sends on to other clusters, too, or the network is unknown."""
    trusted_proxies: int | None
    revision: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedRemoteGateway:
    """A gateway known by hostname only, which istiod resolves."""

    name: str
    namespace: str
    network: str
    hostname: str
    port: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedCanary:
    """The canary of a workload cluster: its account, pods and Service."""

    namespace: str
    image: str
    port: int
    """Of its container."""
    ready_path: str | None
    """What its readiness is asked with; None: a kubelet would not take the status."""
    revision: str | None
    """The revision that injects its pods."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedExposure:
    """A host that a gateway of one cluster lets in from other clusters."""

    namespace: str
    """Of the gateway."""
    gateway: str
    host: str
    port: int
    """Port of the gateway."""
    pod_labels: dict[str, str]
    """Labels that choose the gateway's pods, of all namespaces."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class WorkspaceExposure:
    """A workspace and the gateway of one cluster that exposes its services, in Tetrate's terms."""

    workspace: str
    gateway_namespace: str
    gateway: str
    selector: dict[str, str] | None
    """Labels of the gateway's pods, where the fleet names them."""
    hosts: tuple[str, ...] | None
    """As declared, sorted; None: every service that can be exposed."""
    origin: Origin
