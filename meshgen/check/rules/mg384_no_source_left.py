"""Draining the last source of a host leaves its consumers without endpoints (design §3, draining)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.origins import exposure_at
from meshgen.check.places import listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts that no cluster serves any more while consumers without a copy may call them."""
    for host, exposures in relations.by_host.items():
        if any(exposure.serves for exposure in exposures) or all(exposure.active for exposure in exposures):
            continue
        without = [cluster.name for cluster in relations.fleet.clusters if _lacks(relations, cluster.name, exposures)]
        if not without:
            continue
        draining = next(exposure for exposure in exposures if not exposure.active)
        yield Diagnostic(
            code="MG384",
            severity="warning",
            message=f"no cluster serves `{host}` any more: {listed(without)} "
            f"{'has' if len(without) == 1 else 'have'} no endpoint left",
            span=_place(relations, draining),
            help="Keep one source active until no one calls the host, or accept this.",
            object=host,
        )


def _lacks(relations: Relations, cluster: str, exposures: list[Exposure]) -> bool:
    existing = relations.services[cluster].get(exposures[0].name)
    if existing is not None and existing.state != "leaving":
        return False
    consumer = relations.cluster(cluster)
    return any(e.cluster != cluster and relations.consumes(consumer, e) for e in exposures)


def _place(relations: Relations, exposure: Exposure) -> Span | None:
    """Where its draining was written."""
    cluster = relations.cluster(exposure.cluster)
    if exposure.setting is not None and exposure.setting.state != "active":
        return exposure.setting.span("state")
    if exposure.workspace.state != "active":
        return exposure.workspace.span("state")
    if cluster.state != "active":
        return cluster.span("state")
    if exposure.service.state != "active":
        return exposure.service.span("state")
    return exposure_at(exposure)
