"""What drains, and what is left then, for published hosts; for calls in the mesh see MG384."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.draining import Drain
    from meshgen.check.context import Context
    from meshgen.published import Published


def last_serving_cluster_drains(context: Context) -> Iterator[Finding]:
    """Find published hosts that nobody answers any more, or that DNS no longer leads to, since all that could drains.

    What drains leaves every edge's list and every DNS answer (design §3).
    """
    for published in context.published:
        drains = _drains(published)
        if not drains:
            continue
        clusters = list(dict.fromkeys(cluster for cluster, _ in drains))
        first = drains[0][1]
        yield Finding(
            message=f"nobody answers `{published.host}` any more: {listed(clusters)} "
            f"{'drains' if len(clusters) == 1 else 'drain'}, and nothing else is left",
            span=first.span,
            help="Keep one active until nobody calls the host, or accept this.",
            notes=notes(
                (published.setting.span("host" if published.setting.host else "name"), "the host"),
                *((drain.span, f"`{cluster}` drains") for cluster, drain in drains if drain.span != first.span),
            ),
            object=published.object,
        )


def _drains(published: Published) -> list[tuple[str, Drain]]:
    """What keeps the host from being answered at all; empty where it is answered, or something else is missing."""
    for route in published.routes:
        found = [(item.cluster, item.drain) for item in route.unserving if item.drain is not None]
        if not route.serving and found:
            return found
    found = [(gateway.cluster, gateway.drain) for gateway in published.entry_points if gateway.drain is not None]
    return found if len(found) == len(published.entry_points) else []


RULES = (Rule("MG837", "warning", "the last cluster of a published host drains", "0.1", last_serving_cluster_drains),)
