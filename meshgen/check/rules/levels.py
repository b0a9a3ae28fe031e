"""What Istio cannot say of the levels and shares of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.calls.aliases import unroutable
from meshgen.calls.traffic_policy import ZONE
from meshgen.check.origins import exposure_at, failover_at, hosts_object, service_object
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.several import all_of
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span


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
            notes=notes((items[0].sources[0].traffic.place("mode"), "the mode")),
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
                notes=notes((item.sources[0].traffic.place("weights"), "the shares")),
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
                notes=notes((item.sources[0].traffic.place("weights"), "the shares")),
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
            found.setdefault(item.sources[0].traffic.place("weights"), []).append(item.host)
    for span, hosts in found.items():
        names = list(dict.fromkeys(hosts))
        yield Finding(
            message=f"{listed(names)} cannot have shares beside own copies: gateways of {facts.title} let in no alias "
            "that stands for a Service",
            span=span,
            help="Use `mode: ordered`.",
            object=hosts_object(context.relations, names),
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
            notes=notes((source.traffic.place("order"), "the order"), (exposure_at(source), "the host")),
            object=item.object,
        )


RULES = (
    Rule("MG436", "error", "an order or shares with a gateway known by hostname", "0.1", hostname_in_order),
    Rule("MG437", "warning", "near regions count for nothing", "0.1", hostname_beside_regions),
    Rule("MG442", "error", "Services with the same entries and different traffic", "0.1", different_orders),
    Rule("MG443", "error", "a team's object beside shares of ours", "0.1", team_beside_shares),
    Rule("MG444", "error", "shares that no route can keep", "0.1", port_without_routes),
    Rule("MG445", "error", "shares beside own copies on Tetrate", "0.1", aliases_on_tetrate),
    Rule("MG446", "warning", "zones do nothing in an order", "0.1", zones_do_nothing),
)
