"""Gateways in a cluster: which labels choose their pods, how they are set up, where others reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from meshgen.analysis.addresses import parse
from meshgen.analysis.draining import draining
from meshgen.analysis.hosts import selects
from meshgen.analysis.names import gateway_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from meshgen.analysis.addresses import Families
    from meshgen.analysis.draining import Drain
    from meshgen.diagnostics import Span
    from meshgen.language.cluster import Cluster
    from meshgen.language.gateway import Advertised, Autoscaling, GatewaySettings, Resources
    from meshgen.language.inventory import ObservedGateway, ObservedGatewayPort

GatewayKey = tuple[str, str]
"""Namespace and name of a gateway."""
Comers = Literal["clusters", "edges", "users"]
"""Who opens connections to a gateway: pods of other clusters, edge gateways, users outside the mesh."""
PortName = Literal["http", "https", "mesh"]
"""What a gateway takes on a port: HTTP and HTTPS from users, or what comes inside mutual TLS of the mesh."""
HTTP, HTTPS = 80, 443
PORTS_OF_PROXY = {15000, 15001, 15004, 15006, 15020, 15021, 15053, 15090}
"""Ports that Istio's proxy takes for itself (istio.io: Ports used by Istio)."""
GATEWAY_ID = "gateway.meshgen.io/id"
NO_NETWORK_VIEW = "meshgen-local"
"""Network view of gateways where the mesh has no network names: local endpoints carry no network and always pass, the
made-up networks of remote endpoints do not (Istio: pilot/pkg/model/proxy_view.go)."""


def gateway_pods(settings: GatewaySettings) -> dict[str, str]:
    """The labels that choose a gateway's pods: its own where somebody else runs it, else those that meshgen gives.

    A Gateway's selector matches pods of all namespaces (Istio: pilot/pkg/features/pilot.go,
    PILOT_SCOPE_GATEWAY_TO_NAMESPACE), hence a label that no other gateway's pods have.
    """
    if settings.selector:
        return dict(settings.selector)
    return {"app": settings.name, GATEWAY_ID: gateway_id(settings.namespace, settings.name)}


def _ports(role: str, mesh: int) -> dict[PortName, int]:
    """The ports of a gateway's Service, always all: one that came and went with a host would cost the others."""
    users: dict[PortName, int] = {"http": HTTP, "https": HTTPS}
    match role:
        case "eastWest":
            return {"mesh": mesh}
        case "edge":
            return users
        case _:
            return {**users, "mesh": mesh}


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """How a gateway is set up in one cluster: its settings, and what is different there."""

    ports: dict[PortName, int]
    """What it takes, and the numbers that others dial for it."""
    drain: Drain | None
    """What makes it drain there: the cluster or the gateway. Then nobody new is sent to it. None: nothing does."""
    local: bool
    """Whether it sends on to its own cluster only: a network view keeps remote endpoints out."""
    service_account: str | None
    """Of its pods; None: unknown."""
    trusted_proxies: int | None
    """How many proxies before it tell the client's address truly; None: Istio's default, none."""
    replicas: int | None
    """None: an autoscaler sets the number of pods."""
    autoscaling: Autoscaling | None
    """The autoscaler that meshgen emits."""
    resources: Resources | None
    service_annotations: dict[str, str]
    load_balancer_class: str | None
    load_balancer_source_ranges: tuple[str, ...]
    advertised: Advertised | None


def gateway_setup(
    settings: GatewaySettings,
    cluster: Cluster,
    observed: ObservedGateway | None,
    *,
    comers: Collection[Comers],
    trusted_proxies: int | None,
) -> GatewaySetup:
    """The settings of a gateway as they hold in `cluster`; `observed` is what the cluster's inventory says about it.

    What comes from other clusters or from an edge has been sent here, and goes no further; what comes from users goes
    where their service is.
    """
    overrides = [item for item in settings.overrides if selects(item.clusters, cluster)]
    annotations = dict(settings.service_annotations)
    for item in reversed(overrides):
        annotations |= item.service_annotations
    scaled = next((item for item in overrides if item.replicas is not None or item.autoscaling is not None), settings)
    autoscaled = scaled.autoscaling is not None or (observed is not None and observed.autoscaled)
    ranges = _first((item.load_balancer_source_ranges for item in overrides), settings.load_balancer_source_ranges)
    return GatewaySetup(
        ports=_ports(settings.role, _first((item.port for item in overrides), settings.port)),
        drain=draining(cluster, settings),
        local=bool({"clusters", "edges"} & set(comers)),
        service_account=_account(settings, observed),
        trusted_proxies=trusted_proxies,
        replicas=None if autoscaled else scaled.replicas,
        autoscaling=scaled.autoscaling,
        resources=_first((item.resources for item in overrides), settings.resources),
        service_annotations=dict(sorted(annotations.items())),
        load_balancer_class=_first((item.load_balancer_class for item in overrides), settings.load_balancer_class),
        load_balancer_source_ranges=tuple(ranges or ()),
        advertised=_first((item.advertised for item in overrides), None),
    )


def _account(settings: GatewaySettings, observed: ObservedGateway | None) -> str | None:
    if settings.managed:
        return settings.name
    return settings.service_account or (observed.service_account if observed is not None else None)


Value = TypeVar("Value")


def _first(values: Iterable[Value | None], default: Value) -> Value:
    return next((value for value in values if value is not None), default)


class ReachedPort(NamedTuple):
    """One port of a gateway, as others dial it and as its Service has it."""

    dialled: int
    service: int
    """The port of the gateway's Service that leads to its listener; the `port.number` of its Gateway objects."""
    leads: bool
    """Whether the Service is known to have such a port, or nothing is known about it."""


@dataclass(frozen=True, slots=True, eq=False)
class GatewayReach:
    """Where others reach a gateway, and which ports of its Service lead to it."""

    addresses: tuple[str, ...]
    hostname: str | None
    ports: dict[PortName, ReachedPort]
    """`mesh`: for other clusters, or for edges; `http` and `https`: for users."""
    shown_by: ObservedGateway | Advertised | None
    """Whose addresses these are."""

    @property
    def port(self) -> int:
        """The port that other clusters or edges dial. Raises `KeyError` for an edge gateway, which has none."""
        return self.ports["mesh"].dialled

    @property
    def service_port(self) -> int:
        """The port of the Service behind `port`; raises as that does."""
        return self.ports["mesh"].service

    @property
    def known(self) -> bool:
        """Whether there is any address or name."""
        return bool(self.addresses or self.hostname)

    @property
    def by_name(self) -> str | None:
        """The hostname of a gateway that is known by nothing else."""
        return None if self.addresses else self.hostname

    def span(self, *path: str | int) -> Span | None:
        """Where addresses and hostname stand, else the place of what shows them."""
        return self.shown_by.span(*path) if self.shown_by is not None else None

    def usable(self, families: Families | None) -> tuple[tuple[int, str | None], ...]:
        """The addresses that a cluster with these families can dial (None: any), each with its place from 1.

        A gateway known by hostname only gives one without an address.
        """
        if not self.addresses:
            return ((1, None),) if self.hostname else ()
        return tuple(
            (place, text)
            for place, text in enumerate(self.addresses, start=1)
            if families is None or (address := parse(text)) is None or address.version in families
        )


def reach(settings: GatewaySettings, setup: GatewaySetup, observed: ObservedGateway | None) -> GatewayReach:
    """Where others reach a gateway: what the fleet advertises, else what its Service shows.

    A gateway of meshgen has one port number throughout; of one that others run the Service says which of its ports is
    dialled, and which leads to its listener (pilot/pkg/model/gateway.go, resolvePorts; for NodePorts
    serviceregistry/kube/conversion.go). What is advertised has a port for the mesh only: users take 80 and 443.
    """
    known = observed.ports if observed is not None and not settings.managed else []
    ports = {name: _reached(known, number) for name, number in setup.ports.items()}
    advertised = setup.advertised
    if advertised is not None and advertised.port is not None and "mesh" in ports:
        ports["mesh"] = ports["mesh"]._replace(dialled=advertised.port)
    shown_by: ObservedGateway | Advertised | None = observed
    if advertised is not None and (advertised.addresses or advertised.hostname):
        shown_by = advertised
    return GatewayReach(
        addresses=tuple(shown_by.addresses) if shown_by is not None else (),
        hostname=shown_by.hostname if shown_by is not None else None,
        ports=ports,
        shown_by=shown_by,
    )


def _reached(known: list[ObservedGatewayPort], number: int) -> ReachedPort:
    if not known:
        return ReachedPort(number, number, leads=True)
    found = _leading(known, number)
    if found is None:
        return ReachedPort(number, number, leads=False)
    return ReachedPort(found.node_port or found.port, found.port, leads=True)


def _leading(ports: list[ObservedGatewayPort], wanted: int) -> ObservedGatewayPort | None:
    """The port of a Service that a number means: as other clusters dial it, as the Service has it, as pods listen."""
    for number in ("node_port", "port", "target_port"):
        for port in ports:
            if getattr(port, number) == wanted:
                return port
    return None
