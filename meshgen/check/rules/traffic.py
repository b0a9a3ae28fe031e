"""Traffic policies against the clusters that there are, and what Istio can say of an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import selects
from meshgen.analysis.traffic import arrange
from meshgen.calls.aliases import unroutable
from meshgen.calls.traffic_policy import ZONE
from meshgen.check.origins import exposure_at, failover_at, service_object
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.several import all_of
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import EffectiveTraffic
    from meshgen.calls import Import
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


def _saying(traffic: EffectiveTraffic, field: str) -> TrafficPolicy | None:
    """The innermost policy that says something of a field."""
    return next((policy for policy in traffic.policies if getattr(policy, field) is not None), None)


def _place(traffic: EffectiveTraffic, *fields: str) -> Span | None:
    """Where the first of these fields was written that was."""
    for field in fields:
        policy = _saying(traffic, field)
        if policy is not None:
            return policy.span(field)
    return None


_LIST = {"ordered": "order", "weighted": "weights"}


def _object(hosts: Sequence[str], context: Context) -> str:
    return hosts[0] if len(hosts) == 1 else f"fleet/{context.relations.fleet.name}"


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
                field = "sources" if unused.why == "sources" else _LIST[traffic.mode]
                key = (_place(traffic, field), unused.why)
                found.setdefault(key, {}).setdefault(call.host, set()).add(call.consumer)
    for (span, why), hosts in found.items():
        clusters = sorted({cluster for names in hosts.values() for cluster in names})
        said, advice = _LEFT_OUT[why]
        yield Finding(
            message=f"callers of {listed(hosts)} in {all_of(clusters)} cannot be kept from their own copy: {said}",
            span=span,
            help=advice.format(clusters=all_of(clusters)),
            object=_object(list(hosts), context),
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

    Where several items choose a cluster the first counts, so an item after `*` chooses nothing either.

    Source: design §3, traffic.
    """
    governed: dict[int, tuple[TrafficPolicy, str, list[_Host]]] = {}
    for each in _hosts(context.relations):
        field = _LIST.get(each.traffic.mode)
        policy = None if field is None else _saying(each.traffic, field)
        if field is not None and policy is not None:
            governed.setdefault(id(policy), (policy, field, []))[2].append(each)
    for policy, field, hosts in governed.values():
        if not any(each.used for each in hosts):
            continue  # MG432
        left = {cluster.name: cluster for each in hosts for cluster in each.clusters}
        for item in getattr(policy, field):
            chosen = [name for name, cluster in left.items() if selects(item, cluster)]
            if not chosen:
                yield Finding(
                    message=f"an item of `{field}` chooses nothing: {_why_nothing(context, item, hosts)}",
                    span=item.span(),
                    help="Correct the item, or remove it.",
                    object=_object([each.host for each in hosts], context),
                )
            for name in chosen:
                del left[name]


def _why_nothing(context: Context, item: ClusterSelector, hosts: Sequence[_Host]) -> str:
    if not any(selects(item, cluster) for cluster in context.relations.fleet.clusters):
        return "the fleet has no such cluster"
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
        if not each.used and (mode == "nearest" or _saying(each.traffic, _LIST[mode]) is not None):
            found.setdefault(_place(each.traffic, _LIST.get(mode, "sources"), "sources"), []).append(each)
    for span, hosts in found.items():
        first = hosts[0]
        zero = first.traffic.mode == "weighted" and all(item.share == 0 for item in first.traffic.weights)
        names = sorted({cluster.name for each in hosts for cluster in each.clusters})
        yield Finding(
            message=f"nobody answers for {listed(each.host for each in hosts)}: "
            + ("all shares are 0" if zero else f"the policy leaves none of {all_of(names)}, which have it"),
            span=span,
            help=f"{'Give' if zero else 'Choose'} at least one of {all_of(names)}{' a share' if zero else ''}.",
            object=_object([each.host for each in hosts], context),
        )


def list_without_mode(context: Context) -> Iterator[Finding]:
    """Find `order` and `weights` that no host uses, since its mode is another.

    Source: design §3, traffic: a field is inherited by itself, and says nothing of the mode.
    """
    found: dict[tuple[int, str], tuple[TrafficPolicy, list[_Host]]] = {}
    for each in _hosts(context.relations):
        if each.traffic.mode != "nearest" and _saying(each.traffic, _LIST[each.traffic.mode]) is None:
            continue  # MG434
        for field in _LIST.values():
            policy = _saying(each.traffic, field)
            if policy is not None:
                found.setdefault((id(policy), field), (policy, []))[1].append(each)
    for (_, field), (policy, hosts) in found.items():
        modes = {_LIST.get(each.traffic.mode) for each in hosts}
        if field in modes:
            continue
        mode = next(mode for mode, name in _LIST.items() if name == field)
        yield Finding(
            message=f"`{field}` does nothing: the mode of {listed(each.host for each in hosts)} is "
            f"{all_of(sorted({each.traffic.mode for each in hosts}))}",
            span=policy.span(field),
            help=f"Set `mode: {mode}` beside it, or leave it out.",
            object=_object([each.host for each in hosts], context),
        )


def mode_without_list(context: Context) -> Iterator[Finding]:
    """Find modes `ordered` and `weighted` without the list that they go by.

    Source: design §3, traffic.
    """
    found: dict[Span | None, list[_Host]] = {}
    for each in _hosts(context.relations):
        mode = each.traffic.mode
        if mode != "nearest" and _saying(each.traffic, _LIST[mode]) is None:
            found.setdefault(_place(each.traffic, "mode"), []).append(each)
    for span, hosts in found.items():
        mode = hosts[0].traffic.mode
        yield Finding(
            message=f"`mode: {mode}` of {listed(each.host for each in hosts)} has no `{_LIST[mode]}` to go by",
            span=span,
            help=f"Add `{_LIST[mode]}`, or leave the mode out.",
            object=_object([each.host for each in hosts], context),
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


def hostname_in_order(context: Context) -> Iterator[Finding]:
    """Find gateways that are known by hostname only among clusters with an order or shares, one finding a gateway.

    istiod gives their endpoints neither labels nor weights, so they can be told from the own copy only.

    Source: pilot/pkg/xds/endpoints/ep_filters.go.
    """
    found: dict[tuple[str, str, str], list[Import]] = {}
    for item in context.calls.imports:
        traffic = item.sources[0].traffic
        shared_out = any(level.shares for level in item.levels) and (item.routes or len(item.sources) > 1)
        if traffic.mode == "nearest" or not (item.order.means == "labels" or shared_out):
            continue
        for source in item.sources:
            if source.reach.by_name is not None:
                key = (source.cluster, source.gateway.namespace, source.gateway.name)
                found.setdefault(key, []).append(item)
    for (cluster, namespace, name), items in found.items():
        source = next(source for source in items[0].sources if source.cluster == cluster)
        yield Finding(
            message=f"gateway `{namespace}/{name}` of cluster `{cluster}` is known by hostname only: its endpoints can "
            f"have neither a place in an order nor a share for {listed(dict.fromkeys(item.host for item in items))}",
            span=source.reach.span("hostname"),
            help="Advertise its addresses in `overrides` of the gateway, or leave the mode and its list out: own "
            "copies come first, all others after them.",
            notes=notes((_place(items[0].sources[0].traffic, "mode"), "the mode")),
            object=f"gateway/{cluster}/{namespace}/{name}",
        )


def hostname_beside_regions(context: Context) -> Iterator[Finding]:
    """Find consumers whose nearest regions count for nothing since a gateway is known by hostname only.

    Source: as for MG436; such hosts go to the own region and then to all others, as without `regions`.
    """
    found: dict[str, list[Import]] = {}
    for item in context.calls.imports:
        if item.flat:
            found.setdefault(item.consumer, []).append(item)
    for consumer, items in found.items():
        source = next(source for source in items[0].sources if source.reach.by_name is not None)
        yield Finding(
            message=f"which regions are near counts for nothing in cluster `{consumer}` for "
            f"{listed(dict.fromkeys(item.host for item in items))}: gateway "
            f"`{source.gateway.namespace}/{source.gateway.name}` of `{source.cluster}` is known by hostname only",
            span=source.reach.span("hostname"),
            help="Advertise its addresses in `overrides` of the gateway, or accept this.",
            object=f"cluster/{consumer}",
        )


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
            policy = _saying(each.traffic, field)
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


def different_orders(context: Context) -> Iterator[Finding]:
    """Find Services that would share entries and have other levels or shares.

    An entry has one set of labels, so it has one place for all Services that select it (design §3, groups).
    """
    for group in context.calls.all_groups:
        conflict = group.conflict
        if conflict is None or conflict.reason != "levels":
            continue
        first, second = conflict.first, conflict.second
        others = [first.name, second.name, *(service.name for service in conflict.others)]
        yield Finding(
            message=f"Services {all_of(others)} of namespace `{second.namespace}` in cluster `{group.cluster}` take "
            "the same entries, but their traffic policies differ",
            span=second.span("selector"),
            help="Give them one `traffic`, in the workspace, or selectors that differ.",
            notes=notes((first.span("selector"), f"the selector of `{first.name}`")),
            object=service_object(group.cluster, second),
        )


def team_beside_shares(context: Context) -> Iterator[Finding]:
    """Find teams' routes and DestinationRules for hosts with shares beside an own copy, one finding an object.

    Such shares are routes of ours to hosts of ours: of two VirtualServices for a host the older wins, and a rule for
    the host governs none of its aliases (design §3, traffic).
    """
    for item in context.calls.imports:
        if not item.routes:
            continue
        teams = [(t.kind, t) for t in context.relations.virtual_services(item.consumer, item.host)]
        rule = item.policy.rule
        theirs: list[tuple[str, str, str, Span | None]] = [
            (kind, t.name, t.namespace, t.span("name")) for kind, t in teams
        ]
        if rule is not None:
            theirs.append(("DestinationRule", rule.name, rule.namespace, rule.span("name")))
        for kind, name, namespace, span in theirs:
            yield Finding(
                message=f"{kind} `{name}` of namespace `{namespace}` in cluster `{item.consumer}` is for "
                f"`{item.host}`, whose shares beside the own copy need routes and rules of ours",
                span=span,
                help="Remove it."
                if kind == "DestinationRule"
                else "Remove it, or use `mode: ordered`, which needs none.",
                notes=notes((_place(item.sources[0].traffic, "weights"), "the shares")),
                object=item.object,
            )


def port_without_routes(context: Context) -> Iterator[Finding]:
    """Find hosts with shares beside an own copy whose requests no route can share out, one finding a host.

    Routes share out requests of HTTP; an alias leads to each container port under a name of its own.

    Source: convertWorkloadInstanceToServiceInstance, pilot/pkg/serviceregistry/serviceentry/conversion.go.
    """
    seen: set[str] = set()
    for item in context.calls.imports:
        copies = [(item.consumer, item.local), *((source.cluster, source.service) for source in item.sources)]
        for cluster, service in copies if item.routes else ():
            why = None if service is None else unroutable(service.tcp_ports)
            if service is None or why is None or item.host in seen:
                continue
            seen.add(item.host)
            yield Finding(
                message=f"`{item.host}` cannot have shares beside the copy in cluster `{cluster}`: {why}",
                span=service.span("ports"),
                help="Declare `appProtocol` if it speaks HTTP, give each port a container port of its own, or use "
                "`mode: ordered`.",
                notes=notes((_place(item.sources[0].traffic, "weights"), "the shares")),
                object=item.host,
            )


def aliases_on_tetrate(context: Context) -> Iterator[Finding]:
    """Find shares beside own copies where the platform's gateways let in Services only, one finding a policy.

    Source: Tetrate's EastWestGateway chooses exposed services among Services; design §3, traffic.
    """
    facts = platform(context.relations.fleet.spec.platform)
    found: dict[Span | None, list[str]] = {}
    for item in context.calls.imports if not facts.alias_hosts else ():
        if item.routes:
            found.setdefault(_place(item.sources[0].traffic, "weights"), []).append(item.host)
    for span, hosts in found.items():
        names = list(dict.fromkeys(hosts))
        yield Finding(
            message=f"{listed(names)} cannot have shares beside own copies: gateways of {facts.title} let in no alias "
            "that stands for a Service",
            span=span,
            help="Use `mode: ordered`.",
            object=_object(names, context),
        )


def zones_do_nothing(context: Context) -> Iterator[Finding]:
    """Find `zoneAware` where the own copy is not the first level by itself, one finding a place.

    The first label that differs decides: what ranks the own copy behind others says nothing of its zones any more.

    Source: applyFailoverPriorityPerLocality, pilot/pkg/networking/core/loadbalancer.
    """
    seen: set[Span | None] = set()
    for item in context.calls.imports:
        source = item.sources[0]
        if item.local is None or not item.failover.zone_aware or ZONE in item.order.priorities:
            continue
        span = failover_at(source.workspace, source.setting, "zoneAware")
        if span in seen:
            continue
        seen.add(span)
        yield Finding(
            message=f"`zoneAware` does nothing for `{item.host}` in cluster `{item.consumer}`: its own copy is not the "
            "first in the order by itself",
            span=span,
            help="Leave it out.",
            notes=notes((_place(source.traffic, "order"), "the order"), (exposure_at(source), "the host")),
            object=item.object,
        )


RULES = (
    Rule("MG430", "error", "an own copy that the traffic policy leaves out", "0.1", own_copy_left_out),
    Rule("MG431", "warning", "an item of an order that chooses nothing", "0.1", item_chooses_nothing),
    Rule("MG432", "error", "a traffic policy that leaves nobody", "0.1", nobody_left),
    Rule("MG433", "warning", "an order or shares that no mode uses", "0.1", list_without_mode),
    Rule("MG434", "error", "a mode without its list", "0.1", mode_without_list),
    Rule("MG435", "warning", "a region that no cluster has", "0.1", strange_region),
    Rule("MG436", "error", "an order or shares with a gateway known by hostname", "0.1", hostname_in_order),
    Rule("MG437", "warning", "near regions count for nothing", "0.1", hostname_beside_regions),
    Rule("MG438", "error", "a traffic policy that the control plane cannot keep", "0.1", control_plane_cannot_say),
    Rule("MG439", "hint", "three regions without an order", "0.1", regions_without_order),
    Rule("MG442", "error", "Services with the same entries and different traffic", "0.1", different_orders),
    Rule("MG443", "error", "a team's object beside shares of ours", "0.1", team_beside_shares),
    Rule("MG444", "error", "shares that no route can keep", "0.1", port_without_routes),
    Rule("MG445", "error", "shares beside own copies on Tetrate", "0.1", aliases_on_tetrate),
    Rule("MG446", "warning", "zones do nothing in an order", "0.1", zones_do_nothing),
)
