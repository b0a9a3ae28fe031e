"""The figures of DestinationRules and VirtualServices (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.protocols import protocol_of
from meshgen.calls.imports import export_to
from meshgen.calls.order import SOURCE
from meshgen.calls.traffic_policy import NETWORK, ZONE
from meshgen.plan.model import PlannedDestinationRule, PlannedVirtualService, RoutedPort, Share

if TYPE_CHECKING:
    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.calls import Import, Taken
    from meshgen.calls.model import Route
    from meshgen.plan.model import Origin


def local_rule(item: Import, taken: Taken, origin: Origin, *, mutual_tls: bool) -> PlannedDestinationRule:
    """The rule beside a local copy: the levels of its call, by default local, the own region, the rest.

    No pings: the pods' own sidecars would ping their applications, too (pilot/pkg/networking/core/cluster_builder.go),
    and a server of gRPC closes a connection on which several come in five minutes while it sends nothing (ADR 10).
    """
    failover = item.failover
    return PlannedDestinationRule(
        name=taken.name,
        namespace=taken.namespace,
        host=item.host,
        failover_priority=item.order.priorities,
        regions_count=item.order.means != "together",
        shared=False,
        outlier_detection=_detection(100, failover),
        http2_pings=item.pings,
        mutual_tls=mutual_tls,
        export_to=item.policy.export_to,
        origin=origin,
    )


def alias_rule(item: Import, route: Route, taken: Taken, origin: Origin, *, mutual_tls: bool) -> PlannedDestinationRule:
    """The rule of an alias: one cluster first, then all others together."""
    own = (NETWORK, ZONE) if item.failover.zone_aware else (NETWORK,)
    return PlannedDestinationRule(
        name=taken.name,
        namespace=taken.namespace,
        host=route.host,
        failover_priority=own if route.cluster == item.consumer else (f"{SOURCE}={route.cluster}",),
        regions_count=True,
        shared=False,
        outlier_detection=_detection(100, item.failover),
        http2_pings=False,
        mutual_tls=mutual_tls,
        export_to=("*",),
        origin=origin,
    )


def remote_rule(item: Import, taken: Taken, origin: Origin, *, mutual_tls: bool) -> PlannedDestinationRule:
    """The rule of a host without a local copy.

    One endpoint: nothing to move to, so no outlier detection, without which Istio reads no priorities. Several in one
    level: at least one stays in.
    """
    levels, endpoints = len(item.levels), len(item.endpoints)
    share = 100 if levels > 1 else _all_but_one(endpoints)
    return PlannedDestinationRule(
        name=taken.name,
        namespace=taken.namespace,
        host=item.host,
        failover_priority=item.order.priorities if endpoints > 1 else (),
        regions_count=item.order.means != "together",
        shared=any(endpoint.weight is not None for endpoint in item.endpoints),
        outlier_detection=_detection(share, item.failover) if endpoints > 1 else None,
        http2_pings=item.pings,
        mutual_tls=mutual_tls,
        export_to=item.policy.export_to,
        origin=origin,
    )


def _detection(max_ejection_percent: int, failover: EffectiveFailover) -> dict[str, int | str | bool]:
    return {"maxEjectionPercent": max_ejection_percent, **failover.outlier_detection}


def _all_but_one(endpoints: int) -> int:
    """The smallest share that lets all endpoints but one be ejected, and never the last."""
    return min(99, -(-100 * (endpoints - 1) // endpoints))


def virtual_service(item: Import, taken: Taken, origin: Origin, *, exported: bool) -> PlannedVirtualService:
    """The routes of a host; beside a Service of the cluster all clients see them.

    With shares they are there whoever retries: what says nothing of retries gets those of the mesh.

    `exported`: all clients see what names nobody.
    """
    beside = () if exported else ("*",)
    retried = item.retries.carrier == "virtualService"
    ports = item.retries.ports if retried else [port for port in item.ports if port.protocol == "TCP"]
    return PlannedVirtualService(
        name=taken.name,
        namespace=taken.namespace,
        host=item.host,
        ports=tuple(RoutedPort(port.port, protocol_of(port) == "GRPC") for port in ports),
        shares=tuple(Share(route.host, route.weight) for route in item.routes),
        attempts=item.retries.attempts if retried else None,
        per_try_timeout=item.failover.per_try_timeout,
        idempotent=item.failover.idempotent,
        idempotent_requests=item.failover.idempotent_requests,
        export_to=export_to(item.sources) if item.form == "serviceEntry" else beside,
        origin=origin,
    )
