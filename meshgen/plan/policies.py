"""The figures of DestinationRules and VirtualServices (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.policies import NETWORK, REGION, ZONE
from meshgen.plan import names
from meshgen.plan.model import PlannedDestinationRule, PlannedVirtualService

if TYPE_CHECKING:
    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.policies import RetryDecision
    from meshgen.analysis.relations import Exposure
    from meshgen.plan.model import Origin


def local_rule(exposure: Exposure, *, export_to: tuple[str, ...], origin: Origin) -> PlannedDestinationRule:
    """The rule beside a local copy: local endpoints first, then the own region, then the rest.

    No pings: the pods' own sidecars would ping their applications, too (pilot/pkg/networking/core/cluster_builder.go),
    and a server of gRPC closes a connection on which several come in five minutes while it sends nothing (ADR 10).
    """
    failover = exposure.failover
    return PlannedDestinationRule(
        name=names.local_policy(exposure.service.name),
        namespace=exposure.service.namespace,
        host=exposure.host,
        failover_priority=(REGION, NETWORK, ZONE) if failover.zone_aware else (REGION, NETWORK),
        outlier_detection=_detection(100, failover),
        http2_pings=False,
        export_to=export_to,
        origin=origin,
    )


def remote_rule(
    exposure: Exposure,
    *,
    name: str,
    namespace: str,
    levels: int,
    endpoints: int,
    http2_pings: bool,
    export_to: tuple[str, ...],
    origin: Origin,
) -> PlannedDestinationRule:
    """The rule of a host without a local copy.

    One endpoint: nothing to move to, so no outlier detection. Several in one level: at least one stays in.
    """
    failover = exposure.failover
    share = 100 if levels > 1 else _all_but_one(endpoints)
    return PlannedDestinationRule(
        name=name,
        namespace=namespace,
        host=exposure.host,
        failover_priority=(REGION, NETWORK) if levels > 1 else (),
        outlier_detection=_detection(share, failover) if endpoints > 1 else None,
        http2_pings=http2_pings,
        export_to=export_to,
        origin=origin,
    )


def _detection(max_ejection_percent: int, failover: EffectiveFailover) -> dict[str, int | str | bool]:
    return {"maxEjectionPercent": max_ejection_percent, **failover.outlier_detection}


def _all_but_one(endpoints: int) -> int:
    """The smallest share that lets all endpoints but one be ejected, and never the last."""
    return min(99, -(-100 * (endpoints - 1) // endpoints))


def local_service(exposure: Exposure, decision: RetryDecision, *, origin: Origin) -> PlannedVirtualService:
    """The retries beside a local copy."""
    return PlannedVirtualService(
        name=names.local_policy(exposure.service.name),
        namespace=exposure.service.namespace,
        host=exposure.host,
        ports=tuple(port.port for port in decision.ports),
        attempts=decision.attempts,
        per_try_timeout=exposure.failover.per_try_timeout,
        export_to=(),
        origin=origin,
    )


def remote_service(
    exposure: Exposure,
    decision: RetryDecision,
    *,
    name: str,
    namespace: str,
    export_to: tuple[str, ...],
    origin: Origin,
) -> PlannedVirtualService:
    """The retries of a host without a local copy."""
    return PlannedVirtualService(
        name=name,
        namespace=namespace,
        host=exposure.host,
        ports=tuple(port.port for port in decision.ports),
        attempts=decision.attempts,
        per_try_timeout=exposure.failover.per_try_timeout,
        export_to=export_to,
        origin=origin,
    )
