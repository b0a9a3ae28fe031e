"""Without service accounts a client accepts any identity, or none that it does not know.

Source: pilot/pkg/model/push_context.go, an empty list of SANs is no check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.origins import service_object
from meshgen.check.places import listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.check.consumers import Link


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find sources whose accounts the inventory does not know, once each, with what that means for their callers."""
    callers: dict[tuple[str, str], list[Link]] = {}
    sources: dict[tuple[str, str], Exposure] = {}
    for link in imports(relations):
        for source in link.sources:
            if not source.service.service_accounts:
                key = (source.host, source.cluster)
                sources[key] = source
                callers.setdefault(key, []).append(link)
    for key, source in sources.items():
        yield Diagnostic(
            code="MG351",
            severity="warning",
            message=f"the service accounts of `{source.host}` in cluster `{source.cluster}` are unknown: "
            f"{_effect(callers[key])}",
            span=source.service.span("name"),
            help="Name them in `serviceAccounts`; `meshgen inventory import` finds them in the workloads' manifests.",
            object=service_object(source.cluster, source.service),
        )


def _effect(links: list[Link]) -> str:
    remote = [link.cluster for link in links if link.local is None]
    local = [link.cluster for link in links if link.local is not None]
    effects = []
    if remote:
        effects.append(f"{listed(remote)} would take any workload of the mesh for it")
    if local:
        effects.append(f"{listed(local)} may refuse it in a failover")
    return ", ".join(effects)
