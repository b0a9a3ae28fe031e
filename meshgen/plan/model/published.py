"""What published hosts become, cluster by cluster. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from meshgen.language.published_host import Method
    from meshgen.plan.model.origin import Origin

Pairs = tuple[tuple[str, str], ...]
"""A mapping, sorted by key."""


class PlannedServer(NamedTuple):
    """A port on which a gateway takes requests for one host."""

    protocol: Literal["http", "https", "mesh"]
    """`mesh`: mutual TLS of the mesh, opened here."""
    port: int
    """Of the gateway's Service."""
    credential: str | None = None
    """Secret with its certificate, of `https`."""


@dataclass(frozen=True, slots=True)
class PlannedPublication:
    """A host that a gateway takes requests for."""

    name: str
    namespace: str
    """Of the gateway."""
    host: str
    server: PlannedServer
    pod_labels: dict[str, str]
    """Labels that choose the gateway's pods, of all namespaces."""
    origin: Origin


class PlannedMatch(NamedTuple):
    """Which requests a route takes: all of what it says."""

    prefix: str | None = None
    """In whole segments."""
    path: str | None = None
    headers: Pairs = ()
    methods: tuple[Method, ...] = ()
    """Empty: all."""


class PlannedDestination(NamedTuple):
    """Where a part of the requests of a route goes."""

    host: str
    port: int
    subset: str | None = None
    weight: int | None = None
    """None: it is the only one."""


class PlannedRewrite(NamedTuple):
    """What of a request changes."""

    path: str | None
    host: str | None


class PlannedCors(NamedTuple):
    """Cross-origin requests that are allowed."""

    allow_origins: tuple[str, ...]
    """`*`: all."""
    allow_methods: tuple[Method, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: str | None
    allow_credentials: bool


class PlannedRetries(NamedTuple):
    """How often and what is tried again."""

    attempts: int
    """0: nothing is."""
    per_try_timeout: str | None
    idempotent: Literal["all", "safeMethods", "none"]
    """Which requests may run twice."""
    idempotent_requests: tuple[str, ...]
    """Those that may besides: paths that may end in `*`, after a method or not."""


class PlannedRoute(NamedTuple):
    """Some requests of a published host at one gateway."""

    name: str
    match: PlannedMatch
    destinations: tuple[PlannedDestination, ...]
    grpc: bool
    """Whether it speaks nothing but gRPC, so that no request has a safe method."""
    rewrite: PlannedRewrite | None
    timeout: str | None
    cors: PlannedCors | None
    retries: PlannedRetries


@dataclass(frozen=True, slots=True)
class PlannedRoutes:
    """Where the requests of a published host go from one gateway."""

    name: str
    """Also that of the publication that it belongs to."""
    namespace: str
    host: str
    routes: tuple[PlannedRoute, ...]
    """The first that takes a request counts; none: all go to HTTPS."""
    origin: Origin


class HostEndpoint(NamedTuple):
    """One address of an ingress gateway, as edge gateways of one cluster call it."""

    cluster: str
    address: str
    """IP address, or a hostname where the entry resolves names."""
    port: int
    network: str
    """Made-up network of that gateway, different from every real one."""
    locality: str | None
    """None also where the entry resolves names."""
    weight: int
    labels: Pairs


@dataclass(frozen=True, slots=True)
class PlannedHostEntry:
    """What edge gateways of one cluster call for a published host: its ingress gateways."""

    name: str
    namespace: str
    """Of the edge gateway, the only one that sees it."""
    host: str
    """The published host, or an alias of it that begins with one cluster."""
    by_name: bool
    """Whether proxies resolve the endpoints' names."""
    subject_alt_names: tuple[str, ...]
    """Identities of the ingress gateways, sorted, never empty."""
    endpoints: tuple[HostEndpoint, ...]
    origin: Origin


class PlannedSubset(NamedTuple):
    """The endpoints of a host that carry a label."""

    name: str
    labels: Pairs


@dataclass(frozen=True, slots=True)
class PlannedHostRule:
    """How edge gateways of one cluster call what stands for a published host."""

    name: str
    namespace: str
    host: str
    sni: str
    """The published host."""
    failover_priority: tuple[str, ...]
    """Empty: a single level."""
    shared: bool
    """Whether the weights of endpoints are shares that somebody wrote."""
    outlier_detection: dict[str, int | str | bool]
    http2_pings: bool
    client_protocol: bool
    """Whether HTTP/2 stays HTTP/2, since a route leads to gRPC."""
    subsets: tuple[PlannedSubset, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedCertificate:
    """A certificate that cert-manager gets for the hosts of one gateway."""

    name: str
    """Also that of its Secret."""
    namespace: str
    hosts: tuple[str, ...]
    """Sorted."""
    issuer_kind: str
    issuer_name: str
    issuer_group: str
    origin: Origin
