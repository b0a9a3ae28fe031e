"""A local copy that cannot take WorkloadEntries has no failover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import ServiceName
from meshgen.check.consumers import links
from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find copies that other clusters could stand in for, were they not headless or the like; not those of MG340."""
    if not own_entries(relations.fleet):
        return
    listed = {
        (found.cluster, ServiceName(found.service.namespace, found.service.name))
        for found in unexposable_services(relations)
        if found.setting is not None
    }
    for link in links(relations):
        if link.kind != "unfit" or link.local is None or (link.cluster, link.service) in listed:
            continue
        source = link.sources[0]
        yield Diagnostic(
            code="MG342",
            severity="error",
            message=f"`{link.host}` cannot fail over from cluster `{link.cluster}`: its Service there "
            f"{relations.unexposable(link.cluster, link.local)}",
            span=link.local.span("name"),
            help="Make it a ClusterIP Service with a selector and named ports, or set `failover: {enabled: false}`.",
            notes=notes((exposure_at(source), f"cluster `{source.cluster}` serves it")),
            object=link.object,
        )
