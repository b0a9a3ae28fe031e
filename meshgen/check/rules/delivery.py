"""Delivery: the engine carries what the fleet says of it, and what is said leads somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.delivery import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context

_OBJECT = "delivery"


def beyond_the_engine(context: Context) -> Iterator[Finding]:
    """Find what the engine of the fleet would drop; what each carries stands in its module of `meshgen/delivery`."""
    declared = context.relations.fleet.spec.delivery
    planned = None if declared is None else context.delivery()
    if declared is None or planned is None:
        return
    by = engine(planned.content.engine)
    for loss in by.losses(planned.content):
        yield Finding(
            message=f"`delivery.{loss.field}` cannot be kept as it is said: {by.title} {loss.what}",
            span=declared.span(*loss.field.split(".")),
            help=loss.help,
            notes=notes((declared.span("engine"), f"the engine is `{by.name}`")),
            object=_OBJECT,
        )


def waves_without_an_engine(context: Context) -> Iterator[Finding]:
    """Find waves of clusters where no engine is there to keep their order."""
    fleet = context.relations.fleet
    waved = [cluster for cluster in fleet.clusters if cluster.wave is not None]
    if waved and fleet.spec.delivery is None:
        yield Finding(
            message=f"{listed(cluster.name for cluster in waved)} say in which wave they are synced, and the fleet "
            "names no engine",
            span=waved[0].span("wave"),
            help="Say `delivery` with the engine that syncs the clusters, or leave `wave` out.",
            object=_OBJECT,
        )


def cluster_without_objects(context: Context) -> Iterator[Finding]:
    """Find clusters that get no object. Flux would delete all that they have, if it were not kept from it
    (measured, ADR 46).
    """
    declared = context.relations.fleet.spec.delivery
    if declared is None or not (kept := engine(declared.engine).of_nothing):
        return
    empty = [cluster for cluster in context.calls.consumers if not any(context.identities(cluster))]
    if empty:
        first, *more = (context.relations.cluster(name).span() for name in empty)
        yield Finding(
            message=f"{listed(empty)} {'gets' if len(empty) == 1 else 'get'} no objects: {kept}",
            span=first,
            help="Go on where they are new; where they are to have nothing, take them out of the fleet and delete what "
            "they have by hand.",
            notes=notes(*((span, "here, too") for span in more)),
            object=_OBJECT,
        )


RULES = (
    Rule("MG700", "error", "a delivery that the engine cannot keep", "0.1", beyond_the_engine),
    Rule("MG701", "warning", "waves of clusters, and no engine", "0.1", waves_without_an_engine),
    Rule("MG720", "warning", "a cluster that gets no objects", "0.1", cluster_without_objects),
)
