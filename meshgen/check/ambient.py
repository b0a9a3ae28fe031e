"""Versions of istiod that crash on WorkloadEntries of another network in ambient mode (istio#59321)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.analysis.routes import routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedIstio

_FIXED: dict[tuple[int, ...], int] = {(1, 28): 6, (1, 29): 1}
"""Release line → the patch release with the fix."""


def suspects(relations: Relations) -> Iterator[tuple[str, ObservedIstio | None, bool]]:
    """Clusters that get entries, with an istiod that may crash on them.

    With each what its inventory says about Istio, and whether the version is known well enough to be sure. Clusters
    whose inventory rules the crash out are left out.
    """
    if not own_entries(relations.fleet):
        return
    consumers: set[str] | None = None
    for cluster in relations.fleet.clusters:
        version = relations.facts[cluster.name].version
        fixed = _FIXED.get(version[:2])
        if fixed is None or version[2:] >= (fixed,):
            continue
        inventory = relations.inventory(cluster.name)
        istio = inventory.istio if inventory else None
        if istio is not None and (istio.ambient is False or istio.ambient_multi_network):
            continue
        if consumers is None:
            consumers = set().union(*(route.consumers for route in routes(relations)))
        if cluster.name in consumers:
            yield cluster.name, istio, len(version) > 2  # noqa: PLR2004 - a patch release is the third number
