"""A selector that names a cluster means one of the fleet (design §2, ClusterSelector)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import cluster_selectors
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find names without `*` in cluster selectors and in namespace patterns that no cluster has."""
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    for name, span, named in _names(relations):
        if "*" not in name and name not in clusters:
            advice = did_you_mean(near(name, clusters)) or "Declare the cluster, or take its name out."
            yield Diagnostic(
                code="MG204",
                severity="error",
                message=f"the fleet has no cluster `{name}`",
                span=span,
                help=advice,
                object=named,
            )


def _names(relations: Relations) -> Iterator[tuple[str, Span | None, str]]:
    for selector, named in cluster_selectors(relations.fleet):
        for index, name in enumerate(selector.names or ()):
            yield name, selector.span("names", index), named
    for workspace in relations.fleet.workspaces:
        for index, pattern in enumerate(workspace.namespace_selector.names):
            cluster, slash, _ = pattern.partition("/")
            if cluster and slash:
                yield cluster, workspace.namespace_selector.span("names", index), f"workspace/{workspace.name}"
