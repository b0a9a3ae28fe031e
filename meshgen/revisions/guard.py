"""The guard: what a build would take from callers, beside what the clusters run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.plan.reach import Reaches
from meshgen.revisions.comparison import losses, used
from meshgen.revisions.losses import unannounced
from meshgen.revisions.news import unknown_to_consumers
from meshgen.revisions.published import taken
from meshgen.revisions.withdrawal import closed, withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.diagnostics import Diagnostic
    from meshgen.revisions.earlier import Now
    from meshgen.revisions.past import Together
    from meshgen.revisions.published import Before


def guard(pasts: Iterable[Together], now: Now, fleets: Iterable[tuple[Before, ...]] = ()) -> Iterator[Diagnostic]:
    """Find what is withdrawn in use (MG650), lost unannounced (MG656), or not known to consumers yet (MG657, MG658).

    `fleets`: the earlier ones, of whose published hosts users are to lose none (MG838). With some clusters written,
    only what these lose counts of calls, and only what their gateways close.
    """
    known = list(pasts)
    if not known:
        return
    reaches = Reaches(now.calls)
    lost = losses(known, now.calls, reaches)
    cut = closed(used(known), now.plan, now.only)
    last = {(item.loss.consumer, item.loss.host) for item in lost if item.loss.kind == "last"}
    yield from withdrawn(cut, last, now.plan, now.relations.fleet)
    yield from unannounced(lost, now.calls, cut)
    yield from unknown_to_consumers(known, now.calls, reaches)
    yield from taken(fleets, now.relations)
