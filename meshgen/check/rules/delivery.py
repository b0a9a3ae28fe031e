"""Delivery: the engine carries what the fleet says of it, and what is said leads somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.delivery import engine
from meshgen.plan.delivery import planned_delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context

_OBJECT = "delivery"


def beyond_the_engine(context: Context) -> Iterator[Finding]:
    """Find what the engine of the fleet would drop; what each carries stands in its module of `meshgen/delivery`."""
    fleet = context.relations.fleet
    planned, declared = planned_delivery(fleet), fleet.spec.delivery
    if planned is None or declared is None:
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


RULES = (
    Rule("MG700", "error", "a delivery that the engine cannot keep", "0.1", beyond_the_engine),
    Rule("MG701", "warning", "waves of clusters, and no engine", "0.1", waves_without_an_engine),
)
