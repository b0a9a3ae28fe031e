"""The aliases of the services of one cluster: its gateways let them in, and its own callers are routed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.protocols import protocol_of
from meshgen.calls.aliases import alias_clusters, alias_ports
from meshgen.calls.order import ENTRY_ONLY
from meshgen.plan.imports import origin, virtual_address
from meshgen.plan.model import AliasPort, PlannedAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Import
    from meshgen.language.inventory import ObservedService


def planned_aliases(relations: Relations, cluster: str, aliased: Iterable[Import]) -> Iterator[PlannedAlias]:
    """The aliases of what `cluster` exposes, and of `aliased`, which its own callers may be routed to.

    Sorted by host and cluster.
    """
    own: dict[str, tuple[ObservedService, tuple[Exposure, ...], dict[str, str]]] = {
        exposure.host: (exposure.service, (exposure,), {})
        for key in relations.east_west_places[cluster]
        for exposure in relations.by_gateway.get((cluster, key), ())
        if exposure.traffic.has_aliases
    }
    own |= {
        item.host: (item.local, item.sources, {} if any(level.local for level in item.levels) else ENTRY_ONLY)
        for item in aliased
        if item.local is not None
    }
    for host, (service, sources, only) in sorted(own.items()):
        for target in alias_clusters(relations, host):
            alias = names.alias(sources[0].name, target)
            yield PlannedAlias(
                host=alias,
                of=host,
                service=sources[0].name,
                selector=dict(sorted((service.selector | only).items())),
                vip=virtual_address(relations, cluster, alias),
                ports=tuple(
                    AliasPort(name, port.port, protocol_of(port), target_port)
                    for name, target_port, port in alias_ports(service)
                ),
                origin=origin(sources, [service]),
            )
