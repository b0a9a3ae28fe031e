"""A published host with everything that follows from the fleet for it. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from meshgen.analysis.traffic import NOBODY
from meshgen.language.published_host import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meshgen.analysis.addresses import Families
    from meshgen.analysis.draining import Drain
    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.gateways import GatewayKey, GatewayReach
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.traffic import Arrangement, EffectiveTraffic
    from meshgen.language.cluster import State
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.inventory import ServicePort
    from meshgen.language.published_host import Cors, PublishedHost, Rewrite, RouteMatch
    from meshgen.language.workspace import Workspace


_T = TypeVar("_T")


class Ways(Mapping[str, _T]):
    """Cluster of an entry point → what follows from it, derived when asked for: it may take the cluster's calls."""

    def __init__(self, clusters: Iterable[str], derive: Callable[[str], _T]) -> None:
        self._clusters = tuple(clusters)
        self._derive = derive
        self._known: dict[str, _T] = {}

    def __getitem__(self, cluster: str) -> _T:
        if cluster not in self._known:
            if cluster not in self._clusters:
                raise KeyError(cluster)
            self._known[cluster] = self._derive(cluster)
        return self._known[cluster]

    def __iter__(self) -> Iterator[str]:
        return iter(self._clusters)

    def __len__(self) -> int:
        return len(self._clusters)


@dataclass(frozen=True, slots=True)
class PublishedGateway:
    """A gateway that a published host passes, in one cluster."""

    cluster: str
    settings: GatewaySettings
    role: Literal["edge", "ingress"]
    region: str | None
    locality: str | None
    """`region`, or `region/zone` of a cluster in one zone."""
    reach: GatewayReach
    identity: str | None
    """Of its pods, as `spiffe://<trust domain>/ns/<namespace>/sa/<account>`; None: unknown."""
    drain: Drain | None
    """What keeps new requests for the host from it; None: nothing."""

    @property
    def namespace(self) -> str:
        return self.settings.namespace

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def key(self) -> GatewayKey:
        return self.namespace, self.name

    @property
    def state(self) -> State:
        return "active" if self.drain is None else "draining"

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.reach.addresses

    @property
    def hostname(self) -> str | None:
        """Of a gateway that is known by nothing else."""
        return self.reach.by_name

    @property
    def usable(self) -> bool:
        """Whether somebody can be sent to it."""
        return self.drain is None and self.reach.known

    def dialled(self, families: Families | None) -> tuple[str, ...]:
        """Where a caller with these families (None: any) reaches it: at addresses, else by hostname; empty: nowhere."""
        usable = tuple(address for _, address in self.reach.usable(families) if address is not None)
        return usable or (() if self.hostname is None else (self.hostname,))


class Unserving(NamedTuple):
    """Why a cluster that the workspace spans does not serve a route."""

    cluster: str
    why: Literal["no Service", "Service state", "no port", "no gateway", "draining", "no address"]
    drain: Drain | None = None
    """Of what drains."""


@dataclass(frozen=True, slots=True)
class PublishedRoute:
    """Some requests of a published host, and the clusters that answer them."""

    place: int
    """In the list of routes, from 0."""
    setting: Route | PublishedHost
    """The host itself in its short form."""
    host: str
    """Fully qualified name of the service."""
    service: ServiceName
    port: ServicePort | None
    """Of the service, as the first cluster that serves has it; None: nobody serves it."""
    serving: tuple[str, ...]
    """Clusters, sorted: the Service is there and active, behind an ingress gateway of the host, and nothing drains."""
    unserving: tuple[Unserving, ...]
    """The other clusters that the workspace spans with the Service's namespace, sorted."""

    @property
    def match(self) -> RouteMatch | None:
        return self.setting.match if isinstance(self.setting, Route) else None

    @property
    def rewrite(self) -> Rewrite | None:
        return self.setting.rewrite if isinstance(self.setting, Route) else None

    @property
    def timeout(self) -> str | None:
        return self.setting.timeout if isinstance(self.setting, Route) else None

    @property
    def cors(self) -> Cors | None:
        return self.setting.cors if isinstance(self.setting, Route) else None


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """One published host, compared by identity. Gateways are sorted by cluster."""

    setting: PublishedHost
    workspace: Workspace
    failover: EffectiveFailover
    """The host's own fields, else the workspace's, else the defaults."""
    traffic: EffectiveTraffic
    """Who of the serving clusters is called: the host's policy, the workspace's, the fleet's."""
    entry_traffic: EffectiveTraffic
    """Which entry points DNS names: the host's `entryPoints` alone."""
    ingress_gateways: tuple[PublishedGateway, ...]
    edge_gateways: tuple[PublishedGateway, ...]
    routes: tuple[PublishedRoute, ...]
    """Those whose service is a host of the mesh."""
    ways: Mapping[str, tuple[Arrangement, ...]]
    """Cluster of an entry point → for each route the clusters that are called from there.

    From an edge: those whose ingress gateway has an address. From an ingress gateway: those of the call in its cluster,
    its own copy of a service that is not exposed.
    """
    overall: Mapping[str, Arrangement]
    """Cluster of an edge gateway → the clusters that are called from there for any route."""
    entry_order: Arrangement
    """The clusters of the entry points that DNS may name; `nearest` is one level, since every user has another."""

    @property
    def host(self) -> str:
        return self.setting.hostname

    @property
    def object(self) -> str:
        return f"publishedHost/{self.setting.name}"

    @property
    def behind_edge(self) -> bool:
        return self.setting.edge_gateway is not None

    @property
    def entry_points(self) -> tuple[PublishedGateway, ...]:
        """Edge gateways, else ingress gateways, whatever their state."""
        return self.edge_gateways if self.behind_edge else self.ingress_gateways

    @property
    def serving(self) -> tuple[str, ...]:
        """The clusters that serve any route, sorted."""
        return tuple(sorted({cluster for route in self.routes for cluster in route.serving}))

    def lets_in(self, cluster: str) -> bool:
        """Whether a cluster has a Service of some route, whatever drains: what is open goes on."""
        return any(
            cluster in route.serving
            or any(item.cluster == cluster and item.why != "no Service" for item in route.unserving)
            for route in self.routes
        )

    def entered_at(self, cluster: str) -> Arrangement | None:
        """The clusters that are called from an entry point, whatever the route; None: services that differ in them."""
        if self.behind_edge:
            return self.overall[cluster]
        first, *others = self.ways[cluster] or (NOBODY,)
        return first if all(way.levels == first.levels for way in others) else None

    def ingress_gateway(self, cluster: str) -> PublishedGateway | None:
        return next((gateway for gateway in self.ingress_gateways if gateway.cluster == cluster), None)

    def entry_point(self, cluster: str) -> PublishedGateway | None:
        return next((gateway for gateway in self.entry_points if gateway.cluster == cluster), None)
