"""`consumerNamespaces` limits ServiceEntries; entries of a local Service serve all its callers (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts with that field that fail over beside local copies, once each."""
    clusters: dict[str, list[str]] = {}
    for link in imports(relations):
        setting = link.sources[0].setting
        if link.kind == "failover" and setting is not None and setting.consumer_namespaces:
            clusters.setdefault(link.host, []).append(link.cluster)
    for host, names in clusters.items():
        setting = relations.by_host[host][0].setting
        yield Diagnostic(
            code="MG381",
            severity="hint",
            message=f"`consumerNamespaces` of `{host}` does not hold in {listed(names)}: whoever calls a local copy "
            f"there also fails over",
            span=setting.span("consumerNamespaces") if setting is not None else None,
            help="Use an AuthorizationPolicy of the service to limit who calls it.",
            object=host,
        )
