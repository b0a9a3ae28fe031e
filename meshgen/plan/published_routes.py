"""What a route of a published host becomes, at gateways of both roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.protocols import protocol_of
from meshgen.plan.model import (
    PlannedCors,
    PlannedDestination,
    PlannedMatch,
    PlannedRetries,
    PlannedRewrite,
    PlannedRoute,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.language.published_host import Cors, Rewrite
    from meshgen.published import PublishedRoute

HTTP_PORT = 80
"""Port of what stands for a published host at an edge; a number that nobody dials."""


def planned_route(
    route: PublishedRoute,
    destinations: tuple[PlannedDestination, ...],
    failover: EffectiveFailover,
    attempts: int,
    *,
    enters: bool,
    rewrites: bool,
) -> PlannedRoute:
    """A route at one gateway.

    `enters`: users enter there, so that it has the times of a request and answers other origins; `rewrites`: the
    service comes next.
    """
    return PlannedRoute(
        name=str(route.place + 1),
        match=_match(route),
        destinations=destinations,
        grpc=grpc_only([route]),
        rewrite=planned_rewrite(route.rewrite) if rewrites else None,
        timeout=route.timeout if enters else None,
        cors=_cors(route.cors) if enters else None,
        retries=_retries(failover, attempts, per_try_timeout=failover.per_try_timeout if enters else None),
    )


def service_of(route: PublishedRoute) -> PlannedDestination:
    """The service of a route, on its port."""
    number = route.setting.port or (route.port.port if route.port is not None else HTTP_PORT)
    return PlannedDestination(route.host, number)


def grpc_only(routes: Iterable[PublishedRoute]) -> bool:
    """Whether routes lead to nothing but gRPC."""
    return all(route.port is not None and protocol_of(route.port) == "GRPC" for route in routes)


def _match(route: PublishedRoute) -> PlannedMatch:
    match = route.match
    if match is None:
        return PlannedMatch()
    headers = {name.lower(): value for name, value in match.headers.items()}
    return PlannedMatch(match.prefix, match.path, tuple(sorted(headers.items())), tuple(dict.fromkeys(match.methods)))


def planned_rewrite(rewrite: Rewrite | None) -> PlannedRewrite | None:
    """What of a request changes; None: nothing."""
    if rewrite is None or (rewrite.path is None and rewrite.host is None):
        return None
    return PlannedRewrite(rewrite.path, rewrite.host)


def _cors(cors: Cors | None) -> PlannedCors | None:
    if cors is None:
        return None
    return PlannedCors(
        tuple(cors.allow_origins),
        tuple(cors.allow_methods),
        tuple(cors.allow_headers),
        tuple(cors.expose_headers),
        cors.max_age,
        cors.allow_credentials,
    )


def _retries(failover: EffectiveFailover, attempts: int, *, per_try_timeout: str | None) -> PlannedRetries:
    off = failover.mode == "off"
    return PlannedRetries(
        attempts=0 if off else attempts,
        per_try_timeout=None if off else per_try_timeout,
        idempotent=failover.idempotent,
        idempotent_requests=failover.idempotent_requests,
    )
