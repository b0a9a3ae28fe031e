"""A namespace pattern that matches nothing is a slip, or an inventory is behind (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.workspaces import pattern_matches, valid_pattern
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find patterns without a namespace in any inventory, in workspaces that span something by another pattern."""
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    for workspace in relations.fleet.workspaces:
        selector = workspace.namespace_selector
        matched = [pattern_matches(relations, pattern) for pattern in selector.names]
        if not any(matched):
            continue
        for index, pattern in enumerate(selector.names):
            cluster, _, namespace = pattern.partition("/")
            if matched[index] or not valid_pattern(pattern) or ("*" not in cluster and cluster not in clusters):
                continue
            known = {item.name for inventory in relations.fleet.inventories.values() for item in inventory.namespaces}
            yield Diagnostic(
                code="MG221",
                severity="warning",
                message=f"no namespace of any inventory matches `{pattern}`",
                span=selector.span("names", index),
                help=did_you_mean([] if "*" in namespace else near(namespace, known))
                or "Correct the pattern, or add the namespace to the inventory of its cluster.",
                object=f"workspace/{workspace.name}",
            )
