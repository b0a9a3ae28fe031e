"""Istio refuses `consecutiveLocalOriginFailures` without `splitExternalLocalOriginErrors`.

Source: ValidateDestinationRule, pkg/config/validation/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.settings import failover_settings
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find settings that Istio's webhook would refuse, one finding a place."""
    seen: set[Span | None] = set()
    for settings in failover_settings(relations):
        detection = settings.failover.outlier_detection
        span = settings.place("outlierDetection", "consecutiveLocalOriginFailures")
        if not detection.get("consecutiveLocalOriginFailures") or detection.get("splitExternalLocalOriginErrors"):
            continue
        if span in seen:
            continue
        seen.add(span)
        yield Diagnostic(
            code="MG368",
            severity="error",
            message=f"`consecutiveLocalOriginFailures` of {settings.title} counts nothing, and Istio refuses it, "
            f"without `splitExternalLocalOriginErrors`",
            span=span,
            help="Add `splitExternalLocalOriginErrors: true`, or remove the field.",
            object=settings.object,
        )
