"""The guard: what a build would take from callers, beside what the clusters run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from meshgen.plan.diff import Use
from meshgen.plan.reach import Reaches
from meshgen.revisions.comparison import losses
from meshgen.revisions.compile import Derived, Meaning
from meshgen.revisions.losses import Told, unannounced
from meshgen.revisions.news import unknown_to_consumers
from meshgen.revisions.order import has_copy, hazards
from meshgen.revisions.overtaken import between_waves, overtaken
from meshgen.revisions.published import taken
from meshgen.revisions.runs import run_of
from meshgen.revisions.waves import gaps, has_routes, stepwise
from meshgen.revisions.withdrawal import withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.diagnostics import Diagnostic
    from meshgen.revisions.earlier import Now
    from meshgen.revisions.order import Hazard
    from meshgen.revisions.past import Together
    from meshgen.revisions.published import Before
    from meshgen.revisions.runs import Run
    from meshgen.revisions.waves import Gap


NOW = "this fleet"
NO_SOURCE_LEFT = "MG384"
"""What the check says of a host whose sources all drain, whatever was before."""


def guard(pasts: Iterable[Together], now: Now, runs: Sequence[Run], fleets: Iterable[tuple[Before, ...]] = ()) -> Told:
    """Find what is withdrawn in use (MG650, MG661), comes too late (MG660), is lost unannounced (MG656), or is not
    known to consumers yet (MG657, MG658); and what requests do not find during a sync (MG662).

    `runs`: the same pasts as revisions; `fleets`: the earlier ones, of whose published hosts users are to lose none
    (MG838). With some clusters written, only what these lose counts of calls, and only what their gateways close.
    """
    known = list(pasts)
    if not known:
        return Told([], frozenset())
    reaches = Reaches(now.calls)
    lost = losses(known, now.calls, reaches)
    found = _hazards(now, runs)
    cut = {Use(each.consumer, each.host, each.source): each.by for each in found if _closes(each)}
    last = {(item.loss.consumer, item.loss.host) for item in lost if item.loss.kind == "last"}
    told = unannounced(lost, now.calls, cut)
    known_fleets = list(fleets)
    users = list(taken(known_fleets, now.relations, now.published))
    gone = {finding.object for finding in users}
    findings = [
        *withdrawn(cut, last, now.plan, now.relations.fleet),
        *overtaken(found, runs, now.relations.fleet, gone),
        *between_waves(_gaps(known_fleets, now), now.relations.fleet),
        *told.findings,
        *unknown_to_consumers(known, now.calls, reaches),
        *users,
    ]
    return Told(findings, told.ended)


def _hazards(now: Now, runs: Sequence[Run]) -> list[Hazard]:
    """Those in which what is built takes part: gateways of clusters that are not written go on as they are, and all
    consumers count, since one that is not written goes on too.
    """
    meaning = Meaning(now.relations, Derived(now.calls, now.published, lambda: now.plan))
    mine = run_of(meaning, NOW, now.calls.consumers)
    found = hazards([*runs, mine], now.relations, newest=True)
    return [
        each
        for each in found
        if now.only is None or (each.source.cluster if each.withdrawn else each.consumer) in now.only
    ]


def _gaps(fleets: Iterable[tuple[Before, ...]], now: Now) -> Iterator[tuple[Gap, str]]:
    """What requests of the clusters that are written do not find while these sync, and since when it is so."""
    after = {plan.cluster: plan for plan in now.plan.clusters}
    waits = stepwise(now.relations.fleet)
    comes = not waits and has_routes(now.relations, now.published)
    for together in fleets:
        first, *others = (
            {
                gap: before.by
                for plan in before.meaning.plan.clusters
                if plan.cluster in after
                for gap in gaps(
                    plan, after[plan.cluster], copies=partial(has_copy, now.relations, plan.cluster), stepwise=waits
                )
            }
            if comes or has_routes(before.meaning.relations, before.meaning.published)
            else {}
            for before in together
        )
        yield from ((gap, by) for gap, by in first.items() if all(gap in other for other in others))


def _closes(hazard: Hazard) -> bool:
    """Whether a gateway stops to let in what callers ask it for; what they have beside it does not matter (MG650)."""
    return hazard.withdrawn and not hazard.published and not hazard.under


def beside(told: Told, checked: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings of the check that the guard has not told better: who loses the last source, and since when."""
    return [found for found in checked if found.code != NO_SOURCE_LEFT or found.object not in told.ended]
