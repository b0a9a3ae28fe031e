"""The guard: what a build would take from callers, beside what the clusters run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.plan.reach import Reaches
from meshgen.revisions.comparison import losses, used
from meshgen.revisions.losses import Told, unannounced
from meshgen.revisions.news import unknown_to_consumers
from meshgen.revisions.published import taken
from meshgen.revisions.withdrawal import closed, withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.diagnostics import Diagnostic
    from meshgen.revisions.earlier import Now
    from meshgen.revisions.past import Together
    from meshgen.revisions.published import Before


NO_SOURCE_LEFT = "MG384"
"""What the check says of a host whose sources all drain, whatever was before."""


def guard(pasts: Iterable[Together], now: Now, fleets: Iterable[tuple[Before, ...]] = ()) -> Told:
    """Find what is withdrawn in use (MG650), lost unannounced (MG656), or not known to consumers yet (MG657, MG658).

    `fleets`: the earlier ones, of whose published hosts users are to lose none (MG838). With some clusters written,
    only what these lose counts of calls, and only what their gateways close.
    """
    known = list(pasts)
    if not known:
        return Told([], frozenset())
    reaches = Reaches(now.calls)
    lost = losses(known, now.calls, reaches)
    cut = closed(used(known), now.plan, now.only)
    last = {(item.loss.consumer, item.loss.host) for item in lost if item.loss.kind == "last"}
    told = unannounced(lost, now.calls, cut)
    findings = [
        *withdrawn(cut, last, now.plan, now.relations.fleet),
        *told.findings,
        *unknown_to_consumers(known, now.calls, reaches),
        *taken(fleets, now.relations),
    ]
    return Told(findings, told.ended)


def beside(told: Told, checked: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings of the check that the guard has not told better: who loses the last source, and since when."""
    return [found for found in checked if found.code != NO_SOURCE_LEFT or found.object not in told.ended]
