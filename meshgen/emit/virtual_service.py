"""VirtualService: retries in other localities, which make failover lossless, and never run a POST twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.reasons import Input, Reason
from meshgen.language.inventory import ObservedService
from meshgen.language.workspace import ExposedService, Workspace

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedVirtualService

RETRY_UNPROCESSED = "connect-failure,refused-stream,reset-before-request"
"""Failures after which no server can have seen the request."""
RETRY_SAFE = f"{RETRY_UNPROCESSED},reset,503"
SAFE_METHODS = "GET|HEAD|OPTIONS"


def _fields(_scope: Scope, planned: PlannedVirtualService) -> dict[str, Any]:
    """Two routes a port: safe methods, everything else."""
    export = {"exportTo": list(planned.export_to)} if planned.export_to else {}
    http = [route for port in planned.ports for route in _routes(planned, port)]
    return {"spec": {"hosts": [planned.host], **export, "http": http}}


def _routes(planned: PlannedVirtualService, port: int) -> list[dict[str, Any]]:
    destination = [{"destination": {"host": planned.host, "port": {"number": port}}}]
    return [
        {
            "name": f"safe-{port}",
            "match": [{"port": port, "method": {"regex": SAFE_METHODS}}],
            "route": destination,
            "retries": _retries(planned, RETRY_SAFE),
        },
        {
            "name": f"other-{port}",
            "match": [{"port": port}],
            "route": destination,
            "retries": _retries(planned, RETRY_UNPROCESSED),
        },
    ]


def _retries(planned: PlannedVirtualService, conditions: str) -> dict[str, Any]:
    timeout = {} if planned.per_try_timeout is None else {"perTryTimeout": planned.per_try_timeout}
    return {"attempts": planned.attempts, **timeout, "retryOn": conditions, "retryRemoteLocalities": True}


_REASONS: Reasons = {
    "metadata name": Reason("the host, or `meshgen-<service>` beside a Service of the team: never changes (design §3)"),
    "metadata namespace": Reason("of its DestinationRule"),
    "spec hosts": Reason("the exposed host", (Input(ExposedService, "host"), Input(ObservedService, "name"))),
    "spec exportTo": Reason("as the ServiceEntry", (Input(ExposedService, "consumer_namespaces"),), "every namespace"),
    "spec http": Reason(
        "two routes for each port: one for methods that may run twice, one for all others (design §3)",
        (Input(ObservedService, "ports"),),
    ),
    "spec http [] match [] method": Reason("methods that change nothing (design §3)"),
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
    "spec http [] retries retryOn": Reason("503 and reset only where a request may run twice (design §3)"),
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
