"""Services that take the same entries have to be served by the same clusters (design §3, groups)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.groups import remote_sources
from meshgen.check.consumers import all_groups
from meshgen.check.origins import service_object
from meshgen.check.places import listed, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find pairs of Services that would share entries for clusters which serve only one of them."""
    for cluster, found in all_groups(relations).items():
        for group in found:
            conflict = group.conflict
            if conflict is None or conflict.reason != "sources":
                continue
            first, second = conflict.first, conflict.second
            yield Diagnostic(
                code="MG355",
                severity="error",
                message=f"Services `{first.name}` and `{second.name}` of namespace `{second.namespace}` in cluster "
                f"`{cluster}` take the same entries, but {_served(relations, cluster, first)} and "
                f"{_served(relations, cluster, second)}",
                span=second.span("selector"),
                help="Expose both from the same clusters with failover, or give them selectors that differ.",
                notes=notes((first.span("selector"), f"the selector of `{first.name}`")),
                object=service_object(cluster, second),
            )


def _served(relations: Relations, cluster: str, service: ObservedService) -> str:
    sources = [source.cluster for source in remote_sources(relations, cluster, service)]
    return f"`{service.name}` is served by {listed(sources) if sources else 'no other cluster'}"
