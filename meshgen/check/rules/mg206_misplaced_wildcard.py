"""Patterns have `*` alone or at the end of a part (design §2, §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import cluster_selectors
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find patterns that would match nothing, or not what they seem to say."""
    for workspace in relations.fleet.workspaces:
        selector = workspace.namespace_selector
        for index, pattern in enumerate(selector.names):
            advice = _wrong_namespace_pattern(pattern)
            if advice:
                yield Diagnostic(
                    code="MG206",
                    severity="error",
                    message=f"`{pattern}` is no pattern of a namespace",
                    span=selector.span("names", index),
                    help=advice,
                    object=f"workspace/{workspace.name}",
                )
    for clusters, named in cluster_selectors(relations.fleet):
        for index, pattern in enumerate(clusters.names or ()):
            if not pattern or "*" in pattern[:-1]:
                yield Diagnostic(
                    code="MG206",
                    severity="error",
                    message=f"`{pattern}` is no pattern of a cluster's name",
                    span=clusters.span("names", index),
                    help=_ENDS,
                    object=named,
                )


_ENDS = "Write `*` alone or at the end, as in `eu-*`."


def _wrong_namespace_pattern(pattern: str) -> str:
    parts = pattern.split("/")
    if len(parts) == 1:
        return f"Write `<cluster>/<namespace>`, such as `*/{pattern or 'bookinfo'}` for all clusters."
    if len(parts) > 2 or not all(parts):  # noqa: PLR2004 - cluster and namespace
        return "Write `<cluster>/<namespace>`, such as `*/bookinfo`."
    if any("*" in part[:-1] for part in parts):
        return "Write `*` alone or at the end of a part, as in `eu-*/shop*`."
    return ""
