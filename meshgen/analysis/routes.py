"""Which clusters call which through which gateway, serving or not: for what is said of pairs of clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.relations import Exposure, Relations


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
