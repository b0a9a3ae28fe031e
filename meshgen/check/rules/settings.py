"""Failover as the fleet sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.origins import exposed_at, failover_at, hosts_object
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.check.settings import failover_settings
from meshgen.language.base import milliseconds
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.published_host import PublishedHost


def local_failures_without_split(context: Context) -> Iterator[Finding]:
    """Find settings that Istio's webhook would refuse, one finding a place.

    Istio refuses `consecutiveLocalOriginFailures` without `splitExternalLocalOriginErrors`.

    Source: ValidateDestinationRule, pkg/config/validation/validation.go.
    """
    seen: set[Span | None] = set()
    for settings in failover_settings(context.relations):
        detection = settings.failover.outlier_detection
        span = settings.place("outlierDetection", "consecutiveLocalOriginFailures")
        if not detection.get("consecutiveLocalOriginFailures") or detection.get("splitExternalLocalOriginErrors"):
            continue
        if span in seen:
            continue
        seen.add(span)
        yield Finding(
            message=f"`consecutiveLocalOriginFailures` of {settings.title} counts nothing, and Istio refuses it, "
            f"without `splitExternalLocalOriginErrors`",
            span=span,
            help="Add `splitExternalLocalOriginErrors: true`, or remove the field.",
            object=settings.object,
        )


_ALL = 100
_TWO = 2


def ejection_keeps_dead_endpoints(context: Context) -> Iterator[Finding]:
    """Find a `maxEjectionPercent` below 100 where another level exists, one finding a place.

    A level is left only when all its endpoints may be ejected.
    """
    seen: set[Span | None] = set()
    for item in context.calls.imports:
        share = item.failover.outlier_detection.get("maxEjectionPercent", _ALL)
        if not isinstance(share, int) or share >= _ALL or item.all_levels < _TWO:
            continue
        source = item.sources[0]
        span = failover_at(source.workspace, source.setting, "outlierDetection", "maxEjectionPercent")
        if span in seen:
            continue
        seen.add(span)
        yield Finding(
            message=f"`maxEjectionPercent: {share}` keeps dead endpoints of `{item.host}` in use in cluster "
            f"`{item.consumer}`, though others are left to move to",
            span=span,
            help="Leave the field out: meshgen sets 100 where another level exists, less where not.",
            object=item.host,
        )


_DURATIONS = (("outlierDetection", "interval"), ("outlierDetection", "baseEjectionTime"), ("retries", "perTryTimeout"))


def duration_of_nothing(context: Context) -> Iterator[Finding]:
    """Find durations of zero or less than a millisecond, one finding a place.

    Istio takes durations of at least one millisecond, and nobody checks health more often.
    """
    seen: set[Span | None] = set()
    for settings in failover_settings(context.relations):
        for path in _DURATIONS:
            value = _value(settings.failover.outlier_detection, settings.failover.per_try_timeout, path)
            span = settings.place(*path)
            if value is None or milliseconds(value) >= 1 or span in seen:
                continue
            seen.add(span)
            yield Finding(
                message=f"`{path[1]}: {value}` of {settings.title} is shorter than the millisecond that Istio asks for",
                span=span,
                help="Set a longer duration, or leave the field out.",
                object=settings.object,
            )
    for host in context.relations.fleet.published_hosts:
        for span, said in _of_host(host):
            if milliseconds(said.rpartition(" ")[2]) < 1:
                yield Finding(
                    message=f"`{said}` of published host `{host.name}` is shorter than a millisecond",
                    span=span,
                    help="Set a longer duration, or leave the field out.",
                    object=f"publishedHost/{host.name}",
                )


def _of_host(host: PublishedHost) -> Iterator[tuple[Span | None, str]]:
    """The place and the text `<field>: <duration>` of each duration of a published host."""
    for route in host.routes or ():
        if route.timeout is not None:
            yield route.span("timeout"), f"timeout: {route.timeout}"
        if route.cors is not None and route.cors.max_age is not None:
            yield route.cors.span("maxAge"), f"maxAge: {route.cors.max_age}"
    if host.health_check is not None:
        yield host.health_check.span("interval"), f"interval: {host.health_check.interval}"


def _value(detection: dict[str, int | str | bool], timeout: str | None, path: tuple[str, str]) -> str | None:
    if path[0] == "retries":
        return timeout
    value = detection.get(path[1])
    return value if isinstance(value, str) else None


def zones_unknown(context: Context) -> Iterator[Finding]:
    """Find clusters with a copy of a `zoneAware` service that declare no zones, one finding a place and cluster.

    It compares zones, which a cluster has to have (design §2, failover).
    """
    relations = context.relations
    seen: set[tuple[Span | None, str]] = set()
    for item in context.calls.imports:
        cluster = relations.cluster(item.consumer)
        if item.form != "workloadEntries" or not item.failover.zone_aware or cluster.zones:
            continue
        source = item.sources[0]
        span = failover_at(source.workspace, source.setting, "zoneAware")
        if (span, cluster.name) in seen:
            continue
        seen.add((span, cluster.name))
        yield Finding(
            message=f"`zoneAware` of `{item.host}` does nothing in cluster `{cluster.name}` if its nodes are in no "
            f"zones: it declares none",
            span=span,
            help="Name the zones of its nodes in `zones`, or leave `zoneAware` out.",
            notes=notes((cluster.span("name"), "the cluster")),
            object=f"cluster/{cluster.name}",
        )


def traffic_distribution_replaced(context: Context) -> Iterator[Finding]:
    """Find Services with a traffic distribution of their own that our priorities replace, one finding a Service.

    Source: GetEffectiveLbSetting, pilot/pkg/networking/core/loadbalancer: a DestinationRule's `localityLbSetting` comes
    before `spec.trafficDistribution`. With `zoneAware` ours prefer the zone, too, but never the node.
    """
    for item in context.calls.imports:
        local = item.local
        wanted = local.traffic_distribution if local is not None else None
        if local is None or wanted is None or item.policy.owner != "ours" or not item.takes:
            continue
        if wanted == "PreferSameZone" and item.failover.zone_aware:
            continue
        keeps = "the zone is preferred, but not the node" if item.failover.zone_aware else "all local pods are alike"
        yield Finding(
            message=f"our DestinationRule for `{item.host}` in cluster `{item.consumer}` replaces the Service's "
            f"traffic distribution {wanted}: {keeps}",
            span=local.span("trafficDistribution"),
            help="Accept this."
            if item.failover.zone_aware
            else "Set `failover: {zoneAware: true}` to prefer the caller's zone, or accept this.",
            object=item.object,
        )


def control_plane_decides(context: Context) -> Iterator[Finding]:
    """Find failover settings of exposed services where the platform's control plane writes the entries, one a place.

    It writes endpoints, outlier detection and retries by itself, and moves callers whatever the fleet says (live dumps
    of Tetrate: `consecutiveGatewayErrors: 10`, priorities by region and network).
    """
    fleet = context.relations.fleet
    if own_entries(fleet):
        return
    found: dict[Span, tuple[str, list[str]]] = {}
    for host, exposures in context.relations.by_host.items():
        workspace, setting, failover = exposures[0].workspace, exposures[0].setting, exposures[0].failover
        for field in ("enabled", "retries", "outlierDetection", "zoneAware"):
            span = failover_at(workspace, setting, field)
            keeps = (field == "enabled" and failover.enabled) or (field == "zoneAware" and not failover.zone_aware)
            if span is not None and span != exposed_at(workspace, setting) and not keeps:
                found.setdefault(span, (field, []))[1].append(host)
    title = platform(fleet.spec.platform).title
    for span, (field, hosts) in found.items():
        yield Finding(
            message=f"`failover.{field}` of {listed(hosts)} cannot be kept: the control plane of {title} writes the "
            "entries, and decides itself how callers move",
            span=span,
            help="Leave it out, or set `entries: meshgen`.",
            object=hosts_object(context.relations, hosts),
        )


RULES = (
    Rule("MG830", "error", "failover settings that the control plane cannot keep", "0.1", control_plane_decides),
    Rule("MG368", "error", "local failures are counted but not split", "0.1", local_failures_without_split),
    Rule("MG369", "warning", "dead endpoints stay in use", "0.1", ejection_keeps_dead_endpoints),
    Rule("MG370", "error", "a duration of nothing", "0.1", duration_of_nothing),
    Rule("MG388", "warning", "zones count but are unknown", "0.1", zones_unknown),
    Rule("MG407", "hint", "a Service's traffic distribution is replaced", "0.1", traffic_distribution_replaced),
)
