"""A namespace belongs to one workspace only (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import namespace_matches
from meshgen.diagnostics import Diagnostic, Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.workspace import Workspace


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find namespaces that patterns of several workspaces match; both patterns are shown."""
    for (cluster, namespace), (first, *others) in relations.matching.items():
        for other in others:
            place = _pattern(first, cluster, namespace)
            yield Diagnostic(
                code="MG301",
                severity="error",
                message=f"namespace `{namespace}` of cluster `{cluster}` is in two workspaces, "
                f"`{first.name}` and `{other.name}`",
                span=_pattern(other, cluster, namespace),
                help="Narrow one of the patterns: a namespace belongs to one workspace.",
                notes=(Note(place, f"`{first.name}` has it here"),) if place else (),
                object=f"{cluster}/{namespace}",
            )


def _pattern(workspace: Workspace, cluster: str, namespace: str) -> Span | None:
    patterns = workspace.namespace_selector.names
    index = next(i for i, pattern in enumerate(patterns) if namespace_matches(pattern, cluster, namespace))
    return workspace.namespace_selector.span("names", index)
