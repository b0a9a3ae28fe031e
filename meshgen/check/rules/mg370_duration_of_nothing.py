"""Istio takes durations of at least one millisecond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.settings import failover_settings, milliseconds
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span

_FIELDS = (("outlierDetection", "interval"), ("outlierDetection", "baseEjectionTime"), ("retries", "perTryTimeout"))


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find durations of zero or less than a millisecond, one finding a place."""
    seen: set[Span | None] = set()
    for settings in failover_settings(relations):
        for path in _FIELDS:
            value = _value(settings.failover.outlier_detection, settings.failover.per_try_timeout, path)
            span = settings.place(*path)
            if value is None or milliseconds(value) >= 1 or span in seen:
                continue
            seen.add(span)
            yield Diagnostic(
                code="MG370",
                severity="error",
                message=f"`{path[1]}: {value}` of {settings.title} is shorter than the millisecond that Istio asks for",
                span=span,
                help="Set a longer duration, or leave the field out.",
                object=settings.object,
            )


def _value(detection: dict[str, int | str | bool], timeout: str | None, path: tuple[str, str]) -> str | None:
    if path[0] == "retries":
        return timeout
    value = detection.get(path[1])
    return value if isinstance(value, str) else None
