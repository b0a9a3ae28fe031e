"""Names of clusters are directories of the output tree; some disks ignore case (design §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.cluster import Cluster


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters whose names differ in case only."""
    seen: dict[str, Cluster] = {}
    for cluster in relations.fleet.clusters:
        first = seen.setdefault(cluster.name.casefold(), cluster)
        if first is not cluster:
            yield Diagnostic(
                code="MG203",
                severity="error",
                message=f"the names of clusters `{first.name}` and `{cluster.name}` differ in case only",
                span=cluster.span("name"),
                help="Rename one of them: each name is a directory, and some disks ignore case.",
                notes=notes((first.span("name"), f"`{first.name}` is here")),
                object=f"cluster/{cluster.name}",
            )
