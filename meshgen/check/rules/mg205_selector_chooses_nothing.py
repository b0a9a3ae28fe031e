"""A pattern or labels that choose no cluster are mostly a slip (design §2, ClusterSelector)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import covers, name_matches, selects
from meshgen.check.places import cluster_selectors
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find patterns with `*` that match no cluster, and labels that leave none of the clusters named beside them."""
    clusters = relations.fleet.clusters
    for selector, named in cluster_selectors(relations.fleet):
        lost = False
        for index, pattern in enumerate(selector.names or ()):
            matched = [cluster.name for cluster in clusters if name_matches(pattern, cluster.name)]
            lost = lost or not matched
            if not matched and pattern.endswith("*"):
                yield Diagnostic(
                    code="MG205",
                    severity="warning",
                    message=f"no cluster matches the pattern `{pattern}`",
                    span=selector.span("names", index),
                    help="Correct the pattern, or take it out.",
                    object=named,
                )
        if not lost and selector.labels and not any(selects(selector, cluster) for cluster in clusters):
            carried = any(covers(selector.labels, cluster.labels) for cluster in clusters)
            shown = ", ".join(f"{key}: {value}" for key, value in sorted(selector.labels.items()))
            yield Diagnostic(
                code="MG205",
                severity="warning",
                message=f"no cluster {'of these names ' if carried else ''}carries the labels `{shown}`",
                span=selector.span("labels"),
                help="Correct the labels of the selector, or give them to a cluster.",
                object=named,
            )
