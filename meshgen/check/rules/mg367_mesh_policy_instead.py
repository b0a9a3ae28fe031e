"""The mesh's own retry policy covers every host and meets no VirtualService of a team (design §3, Retries)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from meshgen.check.consumers import retries
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Count the hosts of each cluster for which `auto` falls back to a VirtualService."""
    count = Counter(
        link.cluster
        for link, decision in retries(relations)
        if decision.carrier == "virtualService" and link.failover.mode == "auto"
    )
    for cluster, hosts in sorted(count.items()):
        yield Diagnostic(
            code="MG367",
            severity="hint",
            message=f"cluster `{cluster}` gets {hosts} VirtualService{'s' if hosts > 1 else ''} for retries, which one "
            f"policy of its mesh would replace",
            span=relations.cluster(cluster).span("name"),
            help="Fewer objects, but no retry of 503: set `mode: meshConfig`, or `mode: virtualService` to keep them.",
            object=f"cluster/{cluster}",
        )
