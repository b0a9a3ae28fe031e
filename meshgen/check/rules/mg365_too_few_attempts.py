"""A request reaches a remote endpoint only after two tries on each level before it (design §3, Retries)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports, levels, levels_before_remote
from meshgen.check.origins import failover_at
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span

_TWO = 2


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find declared `attempts` that are too low for a host with several levels, one finding a place."""
    seen: set[Span | None] = set()
    for link in imports(relations):
        declared = link.failover.attempts
        needed = _TWO * levels_before_remote(link)
        if declared is None or declared >= needed or levels(relations, link) < _TWO:
            continue
        if link.failover.mode == "off":
            continue
        source = link.sources[0]
        span = failover_at(source.workspace, source.setting, "retries", "attempts")
        if span in seen:
            continue
        seen.add(span)
        yield Diagnostic(
            code="MG365",
            severity="warning",
            message=f"{declared} {'retry does' if declared == 1 else 'retries do'} not reach another cluster when "
            f"`{link.host}` fails in cluster `{link.cluster}`: it takes {needed}",
            span=span,
            help=f"Set `attempts` to {needed} or more, or leave it out.",
            object=link.host,
        )
