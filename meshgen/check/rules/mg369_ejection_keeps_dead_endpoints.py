"""A level is left only when all its endpoints may be ejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports, levels
from meshgen.check.origins import failover_at
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span

_ALL = 100
_TWO = 2


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find a `maxEjectionPercent` below 100 where another level exists, one finding a place."""
    seen: set[Span | None] = set()
    for link in imports(relations):
        share = link.failover.outlier_detection.get("maxEjectionPercent", _ALL)
        if not isinstance(share, int) or share >= _ALL or levels(relations, link) < _TWO:
            continue
        source = link.sources[0]
        span = failover_at(source.workspace, source.setting, "outlierDetection", "maxEjectionPercent")
        if span in seen:
            continue
        seen.add(span)
        yield Diagnostic(
            code="MG369",
            severity="warning",
            message=f"`maxEjectionPercent: {share}` keeps dead endpoints of `{link.host}` in use in cluster "
            f"`{link.cluster}`, though others are left to move to",
            span=span,
            help="Leave the field out: meshgen sets 100 where another level exists, less where not.",
            object=link.host,
        )
