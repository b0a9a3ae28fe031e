"""What Tetrate's management plane gets. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshgen.plan.model.gateways import WorkspaceExposure
    from meshgen.plan.model.origin import Origin


@dataclass(frozen=True, slots=True)
class PlannedWorkspace:
    """A workspace as Tetrate's management plane knows it."""

    name: str
    namespace: str
    """Where its objects stand in the management cluster."""
    patterns: tuple[str, ...]
    exposure: WorkspaceExposure | None
    """None without a gateway."""
    service_labels: tuple[dict[str, str], ...] | None
    """Labels that choose the exposed services; None: every service; empty: none."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedGatewayGroup:
    """The gateways of a workspace in one cluster, as Tetrate's management plane knows them."""

    name: str
    namespace: str
    """Where it stands in the management cluster."""
    workspace: str
    patterns: tuple[str, ...]
    """`<cluster>/<namespace>` of each gateway, sorted."""
    origin: Origin


class ServerRoute(NamedTuple):
    """Some requests of a server, and where they go: to a service, to clusters, to HTTPS, or nowhere."""

    prefix: str | None
    """Beginning of the path as text, not in segments."""
    path: str | None
    """The whole path; with `prefix`, either of them."""
    headers: tuple[tuple[str, str], ...]
    """Name, in small letters, and value; sorted."""
    rewrite_path: str | None
    """Instead of what `prefix` or `path` matched."""
    rewrite_host: str | None
    timeout: str | None
    service: str | None
    """`<namespace>/<host>`."""
    port: int | None
    clusters: tuple[tuple[str, int | None], ...]
    """Name and weight, sorted; all have a weight or none has."""
    redirects: bool
    """Whether they are told to come again by HTTPS."""


class ServerCors(NamedTuple):
    """The policy of a server for cross-origin requests."""

    allow_origins: tuple[str, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: str | None
    allow_credentials: bool


class Server(NamedTuple):
    """A host on one port of a gateway."""

    name: str
    host: str
    port: int
    credential: str | None
    """Secret with its certificate; None: no TLS."""
    cors: ServerCors | None
    fails_over: bool
    """Whether shares of clusters that die are to go to the others."""
    routes: tuple[ServerRoute, ...]
    """The first that takes a request counts."""


@dataclass(frozen=True, slots=True)
class PlannedServers:
    """Every host of one gateway in one cluster, as Tetrate's management plane knows them."""

    name: str
    cluster: str
    """Of the gateway."""
    gateway: str
    namespace: str
    """Of the gateway; here and in the management cluster."""
    workspace: str
    group: str
    pod_labels: dict[str, str]
    servers: tuple[Server, ...]
    """Sorted by host and port."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Reachability:
    """The networks that edge gateways have to reach, for people to put into the organization's setting."""

    networks: tuple[tuple[str, tuple[str, ...]], ...]
    """A network, and those of the clusters behind its edge gateways; each sorted."""
    origin: Origin
