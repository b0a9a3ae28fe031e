"""What published hosts say of the order of clusters and of entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.hosts import selects
from meshgen.analysis.traffic import LISTS, effective_traffic
from meshgen.check.places import listed, names_no_cluster, names_stranger, notes
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.language.traffic import TrafficPolicy
    from meshgen.published import Published


class _Policy(NamedTuple):
    """A policy that a published host says itself."""

    published: Published
    field: str
    policy: TrafficPolicy
    clusters: tuple[str, ...]
    """What it may choose from."""
    what: str
    """What these are."""


def _policies(context: Context) -> Iterator[_Policy]:
    for published in context.published:
        setting = published.setting
        if setting.traffic is not None and published.behind_edge:
            having = {
                item.cluster for route in published.routes for item in route.unserving if item.why != "no Service"
            }
            clusters = tuple(sorted({*published.serving, *having}))
            yield _Policy(published, "traffic", setting.traffic, clusters, "has a service of the host")
        if setting.entry_points is not None:
            clusters = tuple(gateway.cluster for gateway in published.entry_points)
            yield _Policy(published, "entryPoints", setting.entry_points, clusters, "is an entry point of the host")


def mode_of_host_without_list(context: Context) -> Iterator[Finding]:
    """Find modes of published hosts without the list that they go by.

    Source: design §3, traffic.
    """
    for published, field, policy, _, _ in _policies(context):
        effective = published.traffic if field == "traffic" else effective_traffic(policy)
        needed = LISTS.get(policy.mode) if policy.mode is not None else None
        if needed is None or effective.saying(needed) is not None:
            continue
        yield Finding(
            message=f"`{field}` of published host `{published.setting.name}` has `mode: {policy.mode}` and no "
            f"`{needed}` to go by",
            span=policy.span("mode"),
            help=f"Add `{needed}`, or leave the mode out.",
            object=published.object,
        )


def list_of_host_without_mode(context: Context) -> Iterator[Finding]:
    """Find lists of published hosts by which no mode goes: fields are inherited one by one, and a list says no mode.

    And aliases that are to be kept where there are none.

    Source: design §3, traffic.
    """
    for published, said, policy, _, _ in _policies(context):
        whole = published.traffic if said == "traffic" else published.entry_traffic
        mode = whole.mode
        if policy.aliases and (said != "traffic" or not whole.weights):
            why = "DNS has no aliases" if said != "traffic" else "there are no `weights` that name clusters"
            yield Finding(
                message=f"`aliases` in `{said}` of published host `{published.setting.name}` does nothing: {why}",
                span=policy.key_span("aliases"),
                help="Leave it out." if said != "traffic" else "Add `weights` that name the clusters, or leave it out.",
                object=published.object,
            )
        for needed, field in LISTS.items():
            kept = field == "weights" and said == "traffic" and whole.aliases
            if getattr(policy, field) is None or mode == needed or kept:
                continue
            yield Finding(
                message=f"`{field}` in `{said}` of published host `{published.setting.name}` does nothing: the mode is "
                f"`{mode}`",
                span=policy.key_span(field),
                help=f"Set `mode: {needed}`, or remove `{field}`.",
                object=published.object,
            )


def strange_item(context: Context) -> Iterator[Finding]:
    """Find items of a published host's `order` and `weights` that choose no cluster.

    Where several items choose a cluster the first counts, so an item after `*` chooses nothing either. What the fleet
    does not have is MG204 and MG205.

    Source: design §3, traffic.
    """
    relations = context.relations
    for published, said, policy, clusters, what in _policies(context):
        field = LISTS.get((published.traffic if said == "traffic" else published.entry_traffic).mode)
        left = list(clusters)
        for item in (getattr(policy, field) or ()) if field is not None else ():
            chosen = [name for name in left if selects(item, relations.cluster(name))]
            left = [name for name in left if name not in chosen]
            if chosen or not clusters or names_no_cluster(relations, item):
                continue
            yield Finding(
                message=f"an item of `{field}` of published host `{published.setting.name}` chooses nothing: "
                f"none of its clusters is left that {what}",
                span=item.span(),
                help="Correct the item, or remove it.",
                object=published.object,
            )


def no_entry_point_left(context: Context) -> Iterator[Finding]:
    """Find published hosts whose `entryPoints` leave DNS no entry point to name, although some could be.

    Entry points without an address, or that drain, are no cause: that is MG311, or announced.
    """
    for published, field, policy, _, _ in _policies(context):
        if field != "entryPoints" or published.entry_order.levels:
            continue
        usable = [gateway for gateway in published.entry_points if gateway.usable]
        needed = LISTS.get(published.entry_traffic.mode)
        if not usable or not published.entry_traffic.complete:
            continue
        if names_stranger(context.relations, published.entry_traffic.selectors):
            continue  # MG204
        yield Finding(
            message=f"`entryPoints` of published host `{published.setting.name}` leave DNS none: "
            f"{listed(gateway.cluster for gateway in usable)} could be",
            span=policy.span(needed) if needed is not None else policy.span("sources"),
            help="Choose one of them, with a share above 0.",
            notes=notes((usable[0].settings.span("name"), "the gateway at which users enter")),
            object=published.object,
        )


RULES = (
    Rule("MG814", "error", "a mode of a published host without its list", "0.1", mode_of_host_without_list),
    Rule("MG875", "warning", "a published host's list that no mode uses", "0.1", list_of_host_without_mode),
    Rule("MG815", "warning", "an item of a published host's list that chooses nothing", "0.1", strange_item),
    Rule("MG816", "error", "a published host without any entry point left", "0.1", no_entry_point_left),
)
