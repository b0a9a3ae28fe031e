"""An entry has one value for a label: it cannot satisfy two selectors that want different ones (design §3, groups)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import all_groups
from meshgen.check.origins import service_object
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find Services that share entries with a third one and contradict each other."""
    for cluster, found in all_groups(relations).items():
        for group in found:
            conflict = group.conflict
            if conflict is None or conflict.reason != "selectors":
                continue
            first, second = conflict.first, conflict.second
            key = next(k for k, v in sorted(first.selector.items()) if second.selector.get(k, v) != v)
            yield Diagnostic(
                code="MG356",
                severity="error",
                message=f"Services `{first.name}` and `{second.name}` of namespace `{second.namespace}` in cluster "
                f"`{cluster}` need the same entries with different labels `{key}`",
                span=second.span("selector", key),
                help="Expose either the Service that selects all pods or those that select some of them, not both.",
                notes=notes((first.span("selector", key), f"the selector of `{first.name}`")),
                object=service_object(cluster, second),
            )
