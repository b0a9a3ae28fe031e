"""One host has one ServiceEntry in a cluster, and none that asks DNS beside a Service.

Source: the oldest wins and the endpoints of the others are ignored, pilot/pkg/model/sidecar.go; endpoints get lost
beside a Service, istio#33567.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.language.inventory import ObservedServiceEntry


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find other people's ServiceEntries for an imported host."""
    entries = {
        cluster: [(host, entry) for entry in inventory.service_entries for host in entry.hosts]
        for cluster, inventory in relations.fleet.inventories.items()
    }
    by_host: dict[tuple[str, str], list[ObservedServiceEntry]] = {}
    for cluster, found in entries.items():
        for host, entry in found:
            by_host.setdefault((cluster, host), []).append(entry)
    shared = multicluster_namespace(relations.fleet)
    for link in imports(relations):
        for entry in by_host.get((link.cluster, link.host), []):
            if link.local is None and (entry.namespace, entry.name) == (shared, link.host):
                continue  # MG373: it has the very name of ours
            why = _why(link, entry)
            if why is None:
                continue
            yield Diagnostic(
                code="MG372",
                severity="error",
                message=f"ServiceEntry `{entry.name}` of namespace `{entry.namespace}` in cluster `{link.cluster}` "
                f"is for `{link.host}` too: {why}",
                span=entry.span("hosts"),
                help="Delete it, or leave the cluster out of the service's `consumers`.",
                notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves it")),
                object=link.object,
            )


def _why(link: Link, entry: ObservedServiceEntry) -> str | None:
    if link.local is None:
        return "two ServiceEntries for one host take endpoints from each other"
    if (entry.resolution or "").startswith("DNS"):
        return "beside a Service one that asks DNS makes endpoints disappear"
    return None
