"""Traffic policies against the clusters that there are, and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import selects
from meshgen.analysis.traffic import LISTS, arrange
from meshgen.check.origins import hosts_object
from meshgen.check.places import listed, names_no_cluster, names_stranger
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.several import all_of
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import EffectiveTraffic
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.base import ClusterSelector
    from meshgen.language.cluster import Cluster
    from meshgen.language.traffic import TrafficPolicy


class _Host(NamedTuple):
    """An exposed host, and the clusters that have it, in whatever state."""

    host: str
    traffic: EffectiveTraffic
    clusters: list[Cluster]
    used: bool
    """Whether the policy leaves any of them."""


def _hosts(relations: Relations) -> Iterator[_Host]:
    """Every exposed host with a traffic policy, sorted."""
    for host, exposures in relations.by_host.items():
        traffic, workspace, name = exposures[0].traffic, exposures[0].workspace, exposures[0].name
        if not traffic.policies:
            continue
        exposing = {exposure.cluster for exposure in exposures}
        clusters = [
            cluster
            for cluster in relations.fleet.clusters
            if cluster.name in exposing or relations.local(cluster.name, workspace, name) is not None
        ]
        found = arrange(traffic, clusters, region=None, own=None, regions={})
        yield _Host(host, traffic, clusters, bool(found.levels))


def own_copy_left_out(context: Context) -> Iterator[Finding]:
    """Find consumers with a copy that their callers are not to use, one finding a policy and reason.

    Priorities rank endpoints and drop none: callers reach the pods of their own cluster whatever the order. Shares are
    routes to aliases, which can do without the pods.

    Source: applyFailoverPriorityPerLocality, pilot/pkg/networking/core/loadbalancer.
    """
    nobody = {each.host for each in _hosts(context.relations) if not each.used}
    found: dict[tuple[Span | None, str], dict[str, set[str]]] = {}
    for call in context.calls if own_entries(context.relations.fleet) else ():
        routed = any(item.routes for item in call.imports)
        for unused in call.unused if call.standing == "own" and call.host not in nobody and not routed else ():
            if unused.cluster == call.consumer:
                traffic = call.serving[0].traffic
                field = "sources" if unused.why == "sources" else LISTS[traffic.mode]
                key = (traffic.place(field), unused.why)
                found.setdefault(key, {}).setdefault(call.host, set()).add(call.consumer)
    for (span, why), hosts in found.items():
        clusters = sorted({cluster for names in hosts.values() for cluster in names})
        said, advice = _LEFT_OUT[why]
        yield Finding(
            message=f"callers of {listed(hosts)} in {all_of(clusters)} cannot be kept from their own copy: {said}",
            span=span,
            help=advice.format(clusters=all_of(clusters)),
            object=hosts_object(context.relations, list(hosts)),
        )


_LEFT_OUT = {
    "sources": (
        "`sources` does not choose the cluster",
        "Let `sources` choose {clusters}, or remove the Service there.",
    ),
    "not named": (
        "the policy does not name the cluster",
        "Name {clusters}, in an order last if that is the last resort, or remove the Service there.",
    ),
    "share 0": ("its share is 0", "Give {clusters} a share, or remove the Service there."),
}


def item_chooses_nothing(context: Context) -> Iterator[Finding]:
    """Find items of `order` and `weights` that choose no cluster with any host that they are for.

    Where several items choose a cluster the first counts, so an item after `*` chooses nothing either. What the fleet
    does not have is MG204 and MG205.

    Source: design §3, traffic.
    """
    governed: dict[int, tuple[TrafficPolicy, str, list[_Host]]] = {}
    for each in _hosts(context.relations):
        field = LISTS.get(each.traffic.mode)
        policy = None if field is None else each.traffic.saying(field)
        if field is not None and policy is not None:
            governed.setdefault(id(policy), (policy, field, []))[2].append(each)
    for policy, field, hosts in governed.values():
        if not any(each.used for each in hosts):
            continue  # MG432
        left = {cluster.name: cluster for each in hosts for cluster in each.clusters}
        for item in getattr(policy, field):
            chosen = [name for name, cluster in left.items() if selects(item, cluster)]
            if not chosen and not names_no_cluster(context.relations, item):
                yield Finding(
                    message=f"an item of `{field}` chooses nothing: {_why_nothing(item, hosts)}",
                    span=item.span(),
                    help="Correct the item, or remove it.",
                    object=hosts_object(context.relations, [each.host for each in hosts]),
                )
            for name in chosen:
                del left[name]


def _why_nothing(item: ClusterSelector, hosts: Sequence[_Host]) -> str:
    if any(selects(item, cluster) for each in hosts for cluster in each.clusters):
        return "items before it choose all of its clusters"
    return f"none of its clusters has {listed(each.host for each in hosts)}"


def nobody_left(context: Context) -> Iterator[Finding]:
    """Find hosts for which a policy leaves no cluster, one finding a policy.

    A cluster is called where `sources` of all layers choose it, and `order` or a share above 0 names it.

    Source: design §3, traffic.
    """
    found: dict[Span | None, list[_Host]] = {}
    for each in _hosts(context.relations):
        mode = each.traffic.mode
        if not each.used and each.traffic.complete and not names_stranger(context.relations, each.traffic.selectors):
            found.setdefault(each.traffic.place(LISTS.get(mode, "sources"), "sources"), []).append(each)
    for span, hosts in found.items():
        first = hosts[0]
        zero = first.traffic.mode == "weighted" and all(item.share == 0 for item in first.traffic.weights)
        names = sorted({cluster.name for each in hosts for cluster in each.clusters})
        yield Finding(
            message=f"nobody answers for {listed(each.host for each in hosts)}: "
            + ("all shares are 0" if zero else f"the policy leaves none of {all_of(names)}, which have it"),
            span=span,
            help=f"{'Give' if zero else 'Choose'} at least one of {all_of(names)}{' a share' if zero else ''}.",
            object=hosts_object(context.relations, [each.host for each in hosts]),
        )


def list_without_mode(context: Context) -> Iterator[Finding]:
    """Find `order` and `weights` that no host uses, since its mode is another, and `aliases` without `weights`.

    Source: design §3, traffic: a field is inherited by itself, and says nothing of the mode.
    """
    found: dict[tuple[int, str], tuple[TrafficPolicy, list[_Host]]] = {}
    idle: dict[int, tuple[TrafficPolicy, list[str]]] = {}
    for each in _hosts(context.relations):
        if not each.traffic.complete:
            continue  # MG434
        for field in LISTS.values():
            policy = each.traffic.saying(field)
            if policy is not None and not (field == "weights" and each.traffic.aliases):
                found.setdefault((id(policy), field), (policy, []))[1].append(each)
        keeping = each.traffic.saying("aliases")
        if each.traffic.aliases and not each.traffic.weights and keeping is not None:
            idle.setdefault(id(keeping), (keeping, []))[1].append(each.host)
    for policy, names in idle.values():
        yield Finding(
            message=f"`aliases` of {listed(names)} does nothing: there are no `weights` that name clusters",
            span=policy.span("aliases"),
            help="Add `weights` that name the clusters, or leave it out.",
            object=hosts_object(context.relations, names),
        )
    for (_, field), (policy, hosts) in found.items():
        modes = {LISTS.get(each.traffic.mode) for each in hosts}
        if field in modes:
            continue
        mode = next(mode for mode, name in LISTS.items() if name == field)
        yield Finding(
            message=f"`{field}` does nothing: the mode of {listed(each.host for each in hosts)} is "
            f"{all_of(sorted({each.traffic.mode for each in hosts}))}",
            span=policy.span(field),
            help=f"Set `mode: {mode}` beside it, or leave it out.",
            object=hosts_object(context.relations, [each.host for each in hosts]),
        )


def mode_without_list(context: Context) -> Iterator[Finding]:
    """Find modes `ordered` and `weighted` without the list that they go by.

    Source: design §3, traffic.
    """
    found: dict[Span | None, list[_Host]] = {}
    for each in _hosts(context.relations):
        mode = each.traffic.mode
        if not each.traffic.complete:
            found.setdefault(each.traffic.place("mode"), []).append(each)
    for span, hosts in found.items():
        mode = hosts[0].traffic.mode
        yield Finding(
            message=f"`mode: {mode}` of {listed(each.host for each in hosts)} has no `{LISTS[mode]}` to go by",
            span=span,
            help=f"Add `{LISTS[mode]}`, or leave the mode out.",
            object=hosts_object(context.relations, [each.host for each in hosts]),
        )


def strange_region(context: Context) -> Iterator[Finding]:
    """Find regions that no cluster has, and those that are named twice.

    Source: design §3, traffic: `regions` compares names with the regions of clusters.
    """
    spec = context.relations.fleet.spec
    known = {cluster.region for cluster in context.relations.fleet.clusters}
    seen: set[str] = set()
    for region in spec.regions:
        places = [(region.name, region.span("name")), *((n, region.span("near", i)) for i, n in enumerate(region.near))]
        for name, span in places:
            if name not in known:
                yield Finding(
                    message=f"no cluster is in region `{name}`",
                    span=span,
                    help="Correct the name, or remove it.",
                    object=f"fleet/{context.relations.fleet.name}",
                )
        if region.name in seen:
            yield Finding(
                message=f"region `{region.name}` stands twice: the first counts",
                span=region.span("name"),
                help="Keep one.",
                object=f"fleet/{context.relations.fleet.name}",
            )
        seen.add(region.name)


def control_plane_cannot_say(context: Context) -> Iterator[Finding]:
    """Find traffic policies and regions where the platform's control plane writes the entries.

    It spreads over all clusters by locality and knows no order of clusters.

    Source: Tetrate's EastWestGateway; design §3, traffic.
    """
    fleet = context.relations.fleet
    if own_entries(fleet):
        return
    title = platform(fleet.spec.platform).title
    seen: set[Span | None] = set()
    for each in _hosts(context.relations):
        for field in ("mode", "sources"):
            policy = each.traffic.saying(field)
            span = None if policy is None else policy.span(field)
            if policy is None or policy.mode == "nearest" or span in seen:
                continue
            seen.add(span)
            yield Finding(
                message=f"`{field}` of `{each.host}` cannot be kept: the control plane of {title} writes the entries, "
                "and knows the own copy and regions only",
                span=span,
                help="Leave it out, or set `entries: meshgen`.",
                object=f"fleet/{fleet.name}",
            )
    if any(region.near for region in fleet.spec.regions):
        yield Finding(
            message=f"`regions` cannot be kept: the control plane of {title} writes the entries",
            span=fleet.spec.key_span("regions"),
            help="Leave it out, or set `entries: meshgen`.",
            object=f"fleet/{fleet.name}",
        )


_MANY = 3


def regions_without_order(context: Context) -> Iterator[Finding]:
    """Find fleets in which callers choose among other regions by chance.

    Source: design §3: without an order there are the own region and all others, together.
    """
    fleet = context.relations.fleet
    hosts: dict[str, set[str]] = {}
    for item in context.calls.imports:
        home = context.relations.cluster(item.consumer).region
        regions = {context.relations.cluster(source.cluster).region for source in item.sources}
        others = {region for region in regions if region is not None and region != home}
        ordered = home in context.relations.regions or item.sources[0].traffic.mode != "nearest"
        if len(others) >= _MANY - 1 and home is not None and not ordered:
            hosts.setdefault(item.host, set()).update({home, *others})
    if hosts:
        named = sorted({region for found in hosts.values() for region in found})
        yield Finding(
            message=f"callers of {listed(hosts)} are sent to all regions but their own alike, of {all_of(named)}",
            span=fleet.spec.key_span("clusters"),
            help="Say in `regions` which are near, or accept this.",
            object=f"fleet/{fleet.name}",
        )


RULES = (
    Rule("MG430", "error", "an own copy that the traffic policy leaves out", "0.1", own_copy_left_out),
    Rule("MG431", "warning", "an item of an order that chooses nothing", "0.1", item_chooses_nothing),
    Rule("MG432", "error", "a traffic policy that leaves nobody", "0.1", nobody_left),
    Rule("MG433", "warning", "an order or shares that no mode uses", "0.1", list_without_mode),
    Rule("MG434", "error", "a mode without its list", "0.1", mode_without_list),
    Rule("MG435", "warning", "a region that no cluster has", "0.1", strange_region),
    Rule("MG438", "error", "a traffic policy that the control plane cannot keep", "0.1", control_plane_cannot_say),
    Rule("MG439", "hint", "three regions without an order", "0.1", regions_without_order),
)
