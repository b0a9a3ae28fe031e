"""A workspace without a namespace in any inventory gets nothing (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.workspaces import pattern_matches, valid_pattern
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find workspaces none of whose patterns matches a namespace."""
    known = {item.name for inventory in relations.fleet.inventories.values() for item in inventory.namespaces}
    for workspace in relations.fleet.workspaces:
        patterns = workspace.namespace_selector.names
        if any(pattern_matches(relations, item) for item in patterns) or not all(map(valid_pattern, patterns)):
            continue
        wanted = [pattern.partition("/")[2] for pattern in patterns]
        similar = [name for namespace in wanted if "*" not in namespace for name in near(namespace, known)]
        yield Diagnostic(
            code="MG222",
            severity="warning",
            message=f"workspace `{workspace.name}` spans no namespace of any inventory",
            span=workspace.namespace_selector.span("names"),
            help=did_you_mean(sorted(set(similar))[:3])
            or "Correct its patterns, or add its namespaces to the inventories of its clusters.",
            object=f"workspace/{workspace.name}",
        )
