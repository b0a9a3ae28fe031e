"""VirtualService: retries in other localities, which make failover lossless, for all requests that Istio retries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.calls.retries import RETRY_AS_ISTIO, RETRY_IDEMPOTENT, RETRY_UNPROCESSED
from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import TRAFFIC
from meshgen.emit.reasons import Input, Reason
from meshgen.language.inventory import ObservedService
from meshgen.language.workspace import ExposedService, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedVirtualService, RoutedPort

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def _fields(_scope: Scope, planned: PlannedVirtualService) -> dict[str, Any]:
    """Up to two routes a port: what may run twice, everything else."""
    export = {"exportTo": list(planned.export_to)} if planned.export_to else {}
    http = [route for port in planned.ports for route in _routes(planned, port)]
    return {"spec": {"hosts": [planned.host], **export, "http": http}}


def _routes(planned: PlannedVirtualService, port: RoutedPort) -> Iterator[dict[str, Any]]:
    number = port.number
    if planned.attempts is None:
        yield {"name": f"all-{number}", "match": [{"port": number}], "route": _destinations(planned, number)}
        return
    destination = _destinations(planned, number)
    idempotent = _idempotent(planned, port)
    if idempotent:
        yield {
            "name": f"safe-{number}",
            "match": idempotent,
            "route": destination,
            **_retries(planned, RETRY_IDEMPOTENT),
        }
    if planned.idempotent != "all":
        conditions = RETRY_UNPROCESSED if planned.idempotent == "none" else RETRY_AS_ISTIO
        yield {
            "name": f"other-{number}",
            "match": [{"port": number}],
            "route": destination,
            **_retries(planned, conditions),
        }


def _destinations(planned: PlannedVirtualService, number: int) -> list[dict[str, Any]]:
    if not planned.shares:
        return [{"destination": {"host": planned.host, "port": {"number": number}}}]
    return [
        {"destination": {"host": share.host, "port": {"number": number}}, "weight": share.weight}
        for share in planned.shares
    ]


def _idempotent(planned: PlannedVirtualService, port: RoutedPort) -> list[dict[str, Any]]:
    """What matches the requests of a port that may run twice; calls by gRPC are POSTs."""
    if planned.idempotent == "all":
        return [{"port": port.number}]
    by_method = planned.idempotent == "safeMethods" and not port.grpc
    matches: list[dict[str, Any]] = (
        [{"port": port.number, "method": {"regex": "|".join(SAFE_METHODS)}}] if by_method else []
    )
    return matches + [_match(port.number, request) for request in planned.idempotent_requests]


def _match(number: int, request: str) -> dict[str, Any]:
    method, _, path = request.rpartition(" ")
    uri = {"prefix": path[:-1]} if path.endswith("*") else {"exact": path}
    return {"port": number, **({"method": {"exact": method}} if method else {}), "uri": uri}


def _retries(planned: PlannedVirtualService, conditions: str) -> dict[str, Any]:
    timeout = {} if planned.per_try_timeout is None else {"perTryTimeout": planned.per_try_timeout}
    retries = {"attempts": planned.attempts, **timeout, "retryOn": conditions, "retryRemoteLocalities": True}
    return {"retries": retries}


_IDEMPOTENT = (Input(ExposedService, "failover.retries.idempotent"), Input(Workspace, "failover.retries.idempotent"))
_REQUESTS = (
    Input(ExposedService, "failover.retries.idempotent_requests"),
    Input(Workspace, "failover.retries.idempotent_requests"),
)
_REASONS: Reasons = {
    "metadata name": Reason("the host, or `meshgen-<service>` beside a Service of the team: never changes (design §3)"),
    "metadata namespace": Reason("of its DestinationRule"),
    "spec hosts": Reason("the exposed host", (Input(ExposedService, "host"), Input(ObservedService, "name"))),
    "spec exportTo": Reason(
        "as the ServiceEntry; everybody where the mesh would say nobody else (ADR 24)",
        (Input(ExposedService, "consumer_namespaces"),),
        "every namespace",
    ),
    "spec http": Reason(
        "for each port one route for requests that may run twice and one for all others (design §3)",
        (Input(ObservedService, "ports"),),
    ),
    "spec http [] match [] method": Reason(
        "methods that change nothing, or that of a listed request",
        (*_IDEMPOTENT, *_REQUESTS),
        "`safeMethods` (design §3)",
    ),
    "spec http [] match [] uri": Reason("a request that may run twice", _REQUESTS),
    "spec http [] route [] weight": Reason("the share of the cluster that the alias begins with (ADR 36)", TRAFFIC),
    "spec http [] route [] destination host": Reason(
        "the exposed host, or an alias of it for each cluster with a share (ADR 36)", TRAFFIC, "the exposed host"
    ),
    "spec http [] retries attempts": Reason(
        "retries of one request",
        (Input(ExposedService, "failover.retries.attempts"), Input(Workspace, "failover.retries.attempts")),
        "enough to get past all addresses of the levels before the last (MG365)",
    ),
    "spec http [] retries perTryTimeout": Reason(
        "longest time for one try",
        (
            Input(ExposedService, "failover.retries.per_try_timeout"),
            Input(Workspace, "failover.retries.per_try_timeout"),
        ),
    ),
    "spec http [] retries retryOn": Reason(
        "503 and reset only where a request may run twice, else what Istio retries by itself (ADR 27)",
        _IDEMPOTENT,
        "`safeMethods` (design §3)",
    ),
    "spec http [] retries retryRemoteLocalities": Reason("else retries would stay in the failed locality (design §3)"),
}


VIRTUAL_SERVICE: ObjectEmitter[PlannedVirtualService] = ObjectEmitter(
    Schema("networking.istio.io/v1", "VirtualService"),
    Stage.VIRTUAL_SERVICES,
    items=lambda scope: scope.cluster.virtual_services,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
    own_reasons=_REASONS,
)
