"""A call: one consumer and one host, with everything that follows from the fleet for the two. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.traffic import Unused
    from meshgen.calls.groups import Group
    from meshgen.calls.order import Order
    from meshgen.calls.traffic_policy import TrafficPolicyDecision
    from meshgen.language.foreign import ObservedVirtualService
    from meshgen.language.inventory import ObservedService, ServicePort


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """One address of a source's east-west gateway, seen from a consumer."""

    source: str
    gateway_namespace: str
    gateway: str
    network: str
    """Made-up network of that gateway, different from every real one."""
    address: str | None
    """IP address; None where istiod resolves the gateway's hostname."""
    port: int
    locality: str | None
    """`region` or `region/zone` of the source."""
    place: int
    """Place in the inventory's address list, from 1."""
    labels: tuple[tuple[str, str], ...] = ()
    """Labels that give it its place in the order of the consumer's clusters, sorted."""
    weight: int | None = None
    """Its part of the requests of its level; None: as every other."""


@dataclass(frozen=True, slots=True)
class Level:
    """Copies that are tried together, before those of the next level."""

    sources: tuple[Exposure, ...]
    """In other clusters, sorted by cluster."""
    endpoints: tuple[RemoteEndpoint, ...]
    """Of these."""
    local: bool = False
    """Whether the consumer's own copy is one of them."""
    shares: tuple[tuple[str, Fraction], ...] = ()
    """Cluster and its part of the requests, sorted; none: all endpoints are alike."""


class Route(NamedTuple):
    """A part of a host's requests that goes to one cluster first, under a host of its own."""

    cluster: str
    host: str
    """The alias."""
    weight: int


RetryCarrier = Literal["virtualService", "mesh", "none"]


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """Who retries the requests of a host in a cluster, and why nobody does."""

    carrier: RetryCarrier
    reason: Literal["", "off", "one place", "no HTTP port", "team"] = ""
    ports: tuple[ServicePort, ...] = ()
    """The ports that are HTTP or that Istio may find to be, for a VirtualService."""
    team: ObservedVirtualService | None = None
    """The team's object that stands in the way, of all clients or of those in `team_clients`."""
    team_clients: tuple[str, ...] = ()
    """The namespaces that alone see the team's object; empty: it is for all."""
    attempts: int = 0
    """How often a request is tried again, wherever somebody retries it."""
    reaching: int = 0
    """How often at least, so that it reaches the last level."""


Sort = Literal["serviceEntry", "stub", "workloadEntry", "destinationRule", "virtualService", "remoteGateway"]


class Taken(NamedTuple):
    """An object that a call takes in its consumer."""

    sort: Sort
    namespace: str
    name: str


Form = Literal["serviceEntry", "stub", "workloadEntries"]
_UNDER_SHARES = 2


@dataclass(frozen=True, slots=True)
class Import:
    """What brings the endpoints of other clusters to the callers of one host in one cluster, in one form.

    `serviceEntry`: the cluster lacks the Service; `stub`: the same where sidecars do not answer DNS, a Service without
    pods; `workloadEntries`: they stand beside the pods of the cluster's own Service. While a Service arrives a call has
    two imports: that of a cluster which lacks it, and that of one which has it.
    """

    form: Form
    consumer: str
    host: str
    service: ServiceName
    local: ObservedService | None
    """The consumer's own Service that the endpoints stand in for, None where there is none (yet)."""
    levels: tuple[Level, ...]
    """First to last, with the own copy where it has its place."""
    order: Order
    """How endpoints and our DestinationRule say them."""
    flat: bool
    """Whether regions that are near count as all others, since a gateway is known by hostname only."""
    routes: tuple[Route, ...]
    """Shares beside an own copy, which only routes can say; none: endpoints say everything."""
    aliases: tuple[Route, ...]
    """Those of the routes, and those to which no route leads: without weight."""
    sources: tuple[Exposure, ...]
    """Those of all levels, sorted by cluster."""
    endpoints: tuple[RemoteEndpoint, ...]
    """Those of all sources, in the order of `sources`, then of the inventory."""
    ports: tuple[ServicePort, ...]
    """Those of the own Service, or the TCP ports that all sources share where there is none."""
    namespace: str
    """Where its DestinationRule and VirtualService stand."""
    policy: TrafficPolicyDecision
    pings: bool
    """Whether our DestinationRule makes proxies ping the other end of HTTP/2 connections."""
    retries: RetryDecision
    takes: tuple[Taken, ...]
    """The objects of ours that it takes; none where a team's rule or a group keeps it from being emitted."""
    group: Group | None = None
    """The Services that share its WorkloadEntries; only beside pods."""

    @property
    def failover(self) -> EffectiveFailover:
        """The settings: those of the first source, since one exposed service has one of them."""
        return self.sources[0].failover

    @property
    def object(self) -> str:
        """The logical name of the Service in the consumer."""
        return f"{self.consumer}/{self.service.namespace}/{self.service.name}"

    @property
    def beside_service(self) -> bool:
        """Whether our policies stand in the Service's own namespace, where a team may have rules for it, too."""
        return self.namespace == self.service.namespace

    @property
    def all_levels(self) -> int:
        """How many levels there are; under shares a cluster, then all others."""
        return _UNDER_SHARES if self.routes else len(self.levels)


Why = Literal[
    "own Service",
    "arriving",
    "namesake",
    "shared entries",
    "failover off",
    "other workspace",
    "stays",
    "no Service",
    "Service state",
    "served",
    "not exposed elsewhere",
    "ordered",
    "weighted",
    "regions",
    "not a source",
    "not named",
    "share 0",
    "cluster draining",
    "workspace draining",
    "workspace draining there",
    "service draining",
    "service draining there",
    "gateway draining",
    "source state",
    "no address",
    "no family",
    "no consumer",
    "no cluster",
    "no namespace",
    "source gone",
    "no workspace",
    "no gateway",
    "gateway elsewhere",
    "not listed",
    "exception",
    "cannot",
    "port gone",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call is as it is: the sort of reason, the cluster that it is about, and the names that it needs."""

    why: Why
    cluster: str
    names: tuple[str, ...] = ()

    def said(self, words: str) -> str:
        """`words` with `{cluster}`, `{names}` (each in backticks) and `{text}` (the names as they are) filled in."""
        names = ", ".join(f"`{name}`" for name in self.names)
        return words.format(cluster=self.cluster, names=names, text=", ".join(self.names))


State = Literal["local", "failover", "remote", "unreachable"]
Standing = Literal["none", "own", "namesake"]


@dataclass(frozen=True, slots=True)
class Call:
    """One consumer and one exposed host."""

    consumer: str
    host: str
    service: ServiceName
    state: State
    """`local`: own copy only; `failover`: own copy first; `remote`: other clusters only; `unreachable`: nobody."""
    standing: Standing
    """How a Service of that name in the consumer stands to the host: there is none that counts, it is the workspace's
    own copy, or another workspace's (or nobody's) that keeps the name for itself."""
    local: ObservedService | None
    """That Service."""
    unfit: str | None
    """Why an own copy that other clusters would stand in for cannot take entries; None where it can."""
    stays: str | None
    """Why callers of an own copy do not move to other clusters although these serve it, where its workspace exposes
    everything; None where they do, or nobody serves it."""
    serving: tuple[Exposure, ...]
    """The exposures of other clusters that serve the host to the consumer, whether the call uses them or not."""
    sources: tuple[Exposure, ...]
    """Those that it uses."""
    unused: tuple[Unused, ...]
    """Clusters that could answer and that the traffic policy leaves out, the own one among them, sorted."""
    imports: tuple[Import, ...]
    exposes: bool
    """Whether the consumer exposes the host itself."""
    reasons: tuple[Reason, ...]
    may_call: bool
    """Whether another cluster exposes the host to the consumer, serving it or not."""

    @property
    def object(self) -> str:
        """The logical name of the Service in the consumer."""
        return f"{self.consumer}/{self.service.namespace}/{self.service.name}"

    @property
    def leaves_own(self) -> bool:
        """Whether the traffic policy leaves the own copy out."""
        return any(unused.cluster == self.consumer for unused in self.unused)

    @property
    def retries(self) -> RetryCarrier:
        """Who retries its requests; beside an own copy that arrives, who will."""
        return self.imports[-1].retries.carrier if self.imports else "none"
