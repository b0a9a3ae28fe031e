"""Which cluster calls which through which gateway: what rules about pairs of clusters go through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, GatewayKey, Relations


@dataclass(frozen=True, slots=True)
class Route:
    """A consumer, and services that it may call in another cluster through one gateway there."""

    consumer: str
    source: str
    gateway: GatewayKey
    exposures: tuple[Exposure, ...]


def routes(relations: Relations) -> Iterator[Route]:
    """Every route of active exposures, whether the gateway's address is known or not.

    Services with the same selector of consumers go together, so that the number of routes does not grow with the
    number of services.
    """
    together: dict[tuple[str, GatewayKey, int], list[Exposure]] = {}
    for exposure in relations.exposures:
        if exposure.active:
            selector = exposure.workspace.consumers
            if exposure.setting is not None and exposure.setting.consumers is not None:
                selector = exposure.setting.consumers
            key = (exposure.gateway.namespace, exposure.gateway.name)
            together.setdefault((exposure.cluster, key, id(selector)), []).append(exposure)
    for (source, key, _), exposures in together.items():
        for consumer in relations.fleet.clusters:
            if consumer.name != source and relations.consumes(consumer, exposures[0]):
                yield Route(consumer.name, source, key, tuple(exposures))
