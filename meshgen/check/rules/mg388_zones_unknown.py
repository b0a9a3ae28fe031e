"""`zoneAware` compares zones, which a cluster has to have (design §2, failover)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.origins import failover_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with a copy of such a service that declare no zones, one finding a place and cluster."""
    seen: set[tuple[Span | None, str]] = set()
    for link in imports(relations):
        cluster = relations.cluster(link.cluster)
        if link.kind != "failover" or not link.failover.zone_aware or cluster.zones:
            continue
        source = link.sources[0]
        span = failover_at(source.workspace, source.setting, "zoneAware")
        if (span, cluster.name) in seen:
            continue
        seen.add((span, cluster.name))
        yield Diagnostic(
            code="MG388",
            severity="warning",
            message=f"`zoneAware` of `{link.host}` does nothing in cluster `{cluster.name}` if its nodes are in no "
            f"zones: it declares none",
            span=span,
            help="Name the zones of its nodes in `zones`, or leave `zoneAware` out.",
            notes=notes((cluster.span("name"), "the cluster")),
            object=f"cluster/{cluster.name}",
        )
