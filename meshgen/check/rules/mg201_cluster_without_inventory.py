"""A declared cluster needs an Inventory, an empty one is fine (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters of which nothing was observed: whether they have a service decides what they get."""
    for cluster in relations.fleet.clusters:
        if relations.inventory(cluster.name) is None:
            yield Diagnostic(
                code="MG201",
                severity="error",
                message=f"cluster `{cluster.name}` has no inventory",
                span=cluster.span("name"),
                help=f"Write one with `meshgen inventory import --cluster {cluster.name}` from its manifests, or an "
                f"Inventory named `{cluster.name}` with `spec: {{}}` if it has nothing yet.",
                object=f"cluster/{cluster.name}",
            )
