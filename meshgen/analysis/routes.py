"""Which clusters dial which gateway, serving or not: for what is said of pairs of clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.facts import own_entries
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.relations import Relations


@dataclass(frozen=True, slots=True)
class Route:
    """Services of a cluster behind one gateway, and the other clusters that may call them; at least one of each."""

    source: str
    gateway: GatewayKey
    consumers: tuple[str, ...]
    exposures: tuple[Exposure, ...]


def routes(relations: Relations) -> Iterator[Route]:
    """Every route of active exposures, whether the gateway's address is known or not.

    Services with the same selector of consumers go together, and so do all consumers of them: the number of routes
    grows neither with that of services nor with that of pairs of clusters.
    """
    together: dict[tuple[str, GatewayKey, int], list[Exposure]] = {}
    for exposure in relations.exposures:
        if exposure.active:
            selector = exposure.workspace.consumers
            if exposure.setting is not None and exposure.setting.consumers is not None:
                selector = exposure.setting.consumers
            key = (exposure.gateway.namespace, exposure.gateway.name)
            together.setdefault((exposure.cluster, key, id(selector)), []).append(exposure)
    chosen: dict[int, list[str]] = {}
    for (source, key, selector_id), exposures in together.items():
        if selector_id not in chosen:
            clusters = relations.fleet.clusters
            chosen[selector_id] = [cluster.name for cluster in clusters if relations.consumes(cluster, exposures[0])]
        consumers = tuple(name for name in chosen[selector_id] if name != source)
        if consumers:
            yield Route(source, key, consumers, tuple(exposures))


class Dialled(NamedTuple):
    """A gateway of one cluster, and the other clusters whose pods dial it by objects of ours; at least one."""

    source: str
    gateway: GatewayKey
    clusters: tuple[str, ...]


def dialled(relations: Relations) -> Iterator[Dialled]:
    """Whose pods dial which gateways of other clusters: consumers the east-west ones, edge gateways the ingress ones.

    What Tetrate's control plane writes is its own business.
    """
    if own_entries(relations.fleet):
        for route in routes(relations):
            yield Dialled(route.source, route.gateway, route.consumers)
    if platform(relations.fleet.spec.platform).management == "none":
        yield from fronted(relations)


def fronted(relations: Relations) -> Iterator[Dialled]:
    """The ingress gateways behind edge gateways of other clusters, where neither drains."""
    active = {
        cluster: {key for key, setup in setups.items() if setup.drain is None}
        for cluster, setups in relations.gateway_setups.items()
    }
    for key, hosts in relations.published_behind.items():
        gateway = relations.gateways.get(key)
        if gateway is None or gateway.role != "ingress":
            continue
        edges = {(edge.namespace, edge.name) for host in hosts if (edge := host.edge_gateway) is not None}
        dialling = [cluster for cluster, here in active.items() if here & edges]
        for source, here in active.items():
            clusters = tuple(cluster for cluster in dialling if cluster != source)
            if key in here and clusters:
                yield Dialled(source, key, clusters)
