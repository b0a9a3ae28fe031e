"""Published hosts: what the gateways of a platform cannot do for them, which is refused and never left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import parse_version
from meshgen.analysis.traffic import NEAREST, arrange
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.language.published_host import Route
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Arrangement
    from meshgen.check.context import Context
    from meshgen.diagnostics import Note, Span
    from meshgen.platforms.facts import Platform
    from meshgen.published import Published


def edge_mode(context: Context) -> Iterator[Finding]:
    """Find an order of clusters for edge gateways that know none.

    The clusters of a route have weights or nothing.

    Source: docs.tetrate.io, refs/tsb/gateway/v2/gateway (`clusterDestination`).
    """
    running = _running(context)
    refused = [
        host
        for host in context.published
        if host.behind_edge and host.traffic.mode not in running.publishing.modes and _chooses(host)
    ]
    for hosts in _by_place(refused, "mode"):
        modes = sorted(running.publishing.modes)
        yield Finding(
            message=f"edge gateways of {running.title} cannot keep `mode: {hosts[0].traffic.mode}` for {_named(hosts)}",
            span=_said(hosts[0], "mode"),
            help=f"Choose {' or '.join(f'`{mode}`' for mode in modes)} for it; `sources` keeps clusters out.",
            notes=_places(hosts),
            object=hosts[0].object,
        )


def edge_regions(context: Context) -> Iterator[Finding]:
    """Find an order of regions for edge gateways that prefer their own, and know no order beyond.

    Source: docs.tetrate.io, design-guides/ha-multicluster/cluster-failover.
    """
    relations, running = context.relations, _running(context)
    if running.publishing.near or not relations.fleet.spec.regions:
        return
    for host in context.published:
        at = next((edge for edge in _ordering_edges(relations, host)), None)
        if at is None:
            continue
        yield Finding(
            message=f"edge gateways of {running.title} prefer their own region and know no order beyond it, and "
            f"`regions` asks for one for published host `{host.setting.name}` in cluster `{at}`",
            span=host.setting.span(),
            help="Leave clusters out of its `traffic.sources` until those of one region are left beside the edge's "
            "own, or choose `mode: weighted`.",
            notes=notes((relations.fleet.spec.key_span("regions"), "the order of regions")),
            object=host.object,
        )


def _ordering_edges(relations: Relations, host: Published) -> Iterator[str]:
    """The clusters of edges whose order of levels follows from `regions` alone."""
    for gateway in host.edge_gateways if host.traffic.mode == "nearest" else ():
        if any(not _without_regions(relations, gateway.cluster, way) for way in host.ways[gateway.cluster]):
            yield gateway.cluster


def _without_regions(relations: Relations, edge: str, way: Arrangement) -> bool:
    """Whether the levels seen from an edge are the same without an order of regions."""
    called = [ranked.cluster for level in way.levels for ranked in level]
    own = edge if edge in called else None
    region = relations.cluster(edge).region
    return arrange(NEAREST, map(relations.cluster, called), region=region, own=own, regions={}).levels == way.levels


def weights_without_failover(context: Context) -> Iterator[Finding]:
    """Find shares at edge gateways of a version that does not move the share of a dead cluster.

    Before 1.12 clusters with weights have neither health checks nor failover: a part of the requests gets 503
    (docs.tetrate.io, design-guides/ha-multicluster; next/howto/gateway/weighted-distribution-and-fallback).
    """
    running, spec = _running(context), context.relations.fleet.spec
    since = running.publishing.weights_fail_over
    version = spec.tetrate.version if spec.tetrate is not None else None
    if not since or (version is not None and parse_version(version) >= since):
        return
    needed = ".".join(map(str, since))
    lost = [
        host
        for host in context.published
        if host.behind_edge and host.traffic.mode == "weighted" and host.failover.enabled and _chooses(host)
    ]
    for hosts in _by_place(lost, "mode"):
        known = f"{version} of {running.title}" if version is not None else f"an unknown version of {running.title}"
        yield Finding(
            message=f"with {known} the share of a cluster that dies is lost for {_named(hosts)}: weights fail over "
            f"from {needed} on",
            span=_said(hosts[0], "mode"),
            help=f"Set `tetrate.version` if it is {needed} or newer, choose `mode: nearest`, or give failover up with "
            "`failover: {enabled: false}`.",
            notes=_places(hosts),
            object=hosts[0].object,
        )


def traffic_without_edge(context: Context) -> Iterator[Finding]:
    """Find a host's own choice of clusters at ingress gateways that lead to services only.

    A Gateway leads to services or to clusters, and one that users enter without an edge leads to services; who is
    called for a service is the service's own `traffic`.

    Source: docs.tetrate.io, refs/tsb/gateway/v2/gateway (`serviceDestination`).
    """
    running = _running(context)
    if running.publishing.shared:
        return
    for host in context.published:
        if host.behind_edge or host.setting.traffic is None:
            continue
        yield Finding(
            message=f"`traffic` of published host `{host.setting.name}` has no edge gateway to keep it: ingress "
            f"gateways of {running.title} lead to the service, wherever that is",
            span=host.setting.key_span("traffic"),
            help="Give it an `edgeGateway`, or write `traffic` at the workspace or its exposed service.",
            object=host.object,
        )


def route_methods(context: Context) -> Iterator[Finding]:
    """Find routes that ask for a method where a match has no place for one.

    Source: docs.tetrate.io, refs/tsb/gateway/v2/gateway (a match has `uri` and `headers`).
    """
    running = _running(context)
    if running.publishing.methods:
        return
    for host in context.published:
        for route in host.setting.routes or ():
            if route.match is not None and route.match.methods:
                yield Finding(
                    message=f"a route of published host `{host.setting.name}` is for "
                    f"{listed(route.match.methods)} only, which gateways of {running.title} cannot tell from others",
                    span=route.match.key_span("methods"),
                    help="Remove `methods`, and let the service refuse other methods.",
                    object=host.object,
                )


def route_cors(context: Context) -> Iterator[Finding]:
    """Find routes of one host with different policies for cross-origin requests where a host has one.

    Source: docs.tetrate.io, refs/tsb/gateway/v2/gateway (`routing.corsPolicy`; only newer releases have it in a rule).
    """
    running = _running(context)
    if running.publishing.cors == "route":
        return
    for host in context.published:
        routes = [route.setting for route in host.routes if isinstance(route.setting, Route)]
        said = [route.cors.model_dump() if route.cors is not None else None for route in routes]
        place = next((place for place, cors in enumerate(said) if cors is not None), None)
        if place is None or all(cors == said[place] for cors in said):
            continue
        first = routes[place]
        other = next(route for route, cors in zip(routes, said, strict=True) if cors != said[place])
        yield Finding(
            message=f"routes of published host `{host.setting.name}` differ in `cors`, and a host has one policy for "
            f"cross-origin requests on {running.title}",
            span=first.key_span("cors"),
            help="Give all its routes the same `cors`, or publish them under two hosts.",
            notes=notes((other.key_span("cors") if other.cors is not None else other.span(), "the other route")),
            object=host.object,
        )


def http01_challenge(context: Context) -> Iterator[Finding]:
    """Find certificates by HTTP-01 behind gateways that have no place for what answers the challenge.

    cert-manager puts an Ingress or an HTTPRoute there (cert-manager.io, configuration/acme/http01); Tetrate's gateways
    take their routes from one object.
    """
    running = _running(context)
    if running.publishing.http01:
        return
    for host in context.published:
        manager = host.setting.tls.cert_manager if host.setting.tls is not None else None
        if manager is None or manager.challenge != "http01":
            continue
        yield Finding(
            message=f"the challenge `http01` of published host `{host.setting.name}` cannot be answered behind "
            f"a gateway of {running.title}",
            span=manager.span("challenge"),
            help="Choose `dns01`.",
            object=host.object,
        )


_KEPT = {"enabled"}
"""What of a published host's own `failover` the gateways of every platform can keep."""


def own_failover(context: Context) -> Iterator[Finding]:
    """Find outlier detection, retries and zones of published hosts where the control plane has its own.

    Tetrate's control plane writes outlier detection and retries of its gateways by itself, and its API has no fields
    for them (live dumps: `consecutiveGatewayErrors: 10`).
    """
    running = _running(context)
    if running.publishing.shared:
        return
    for host in context.published:
        failover = host.setting.failover
        for field in sorted(failover.model_fields_set - _KEPT) if failover is not None else ():
            if failover is None or getattr(failover, field) is None:
                continue
            name = type(failover).model_fields[field].alias or field
            yield Finding(
                message=f"`failover.{name}` of published host `{host.setting.name}` has no place in the API of "
                f"{running.title}, whose gateways decide it by themselves",
                span=failover.key_span(name),
                help="Remove it; of `failover`, `enabled` counts.",
                object=host.object,
            )


def health_check_without_edge(context: Context) -> Iterator[Finding]:
    """Find health checks that pass while the cluster behind them is dead.

    Without an edge before it an ingress gateway of Tetrate leads to the service wherever it is, a probe too.

    Source: docs.tetrate.io, refs/tsb/gateway/v2/gateway (`serviceDestination`); design §2, published hosts.
    """
    running = _running(context)
    if running.publishing.shared:
        return
    for host in context.published:
        if host.behind_edge or host.setting.health_check is None:
            continue
        others = sorted(
            {
                ranked.cluster
                for cluster, ways in host.ways.items()
                for way in ways
                for level in way.levels
                for ranked in level
                if ranked.cluster != cluster
            }
        )
        if not others:
            continue
        yield Finding(
            message=f"the health check of published host `{host.setting.name}` would pass while the cluster behind "
            f"it is dead: {listed(others)} would answer",
            span=host.setting.key_span("healthCheck"),
            help="Give the host an `edgeGateway`, or stop exposing its services to other clusters.",
            object=host.object,
        )


def _running(context: Context) -> Platform:
    return platform(context.relations.fleet.spec.platform)


def _chooses(host: Published) -> bool:
    """Whether there is a choice: several clusters are called for one of its routes."""
    return any(sum(map(len, way.levels)) > 1 for ways in host.ways.values() for way in ways)


def _said(host: Published, field: str) -> Span | None:
    """Where a field of its traffic policy was written, else the host."""
    return host.traffic.place(field) or host.setting.span()


def _by_place(hosts: Iterable[Published], field: str) -> list[list[Published]]:
    """Hosts that have a field of their traffic policy from one place, together."""
    found: dict[Span | None, list[Published]] = {}
    for host in hosts:
        found.setdefault(_said(host, field), []).append(host)
    return list(found.values())


def _named(hosts: list[Published]) -> str:
    return f"published host{'s' if len(hosts) > 1 else ''} {listed(host.setting.name for host in hosts)}"


def _places(hosts: list[Published]) -> tuple[Note, ...]:
    """Where each is published, if one place speaks for several."""
    if len(hosts) == 1:
        return ()
    return notes(*((host.setting.span(), f"`{host.setting.name}` is published here") for host in hosts))


RULES = (
    Rule("MG820", "error", "an order that edge gateways cannot keep", "0.1", edge_mode),
    Rule("MG821", "error", "an order of regions that edge gateways cannot keep", "0.1", edge_regions),
    Rule("MG822", "error", "weights without failover", "0.1", weights_without_failover),
    Rule("MG823", "error", "traffic of a published host without an edge", "0.1", traffic_without_edge),
    Rule("MG824", "error", "methods that a gateway cannot tell apart", "0.1", route_methods),
    Rule("MG825", "error", "several CORS policies for one host", "0.1", route_cors),
    Rule("MG826", "error", "an HTTP-01 challenge without a place", "0.1", http01_challenge),
    Rule("MG827", "error", "failover settings that a gateway decides by itself", "0.1", own_failover),
    Rule("MG828", "error", "a health check that other clusters answer", "0.1", health_check_without_edge),
)
