"""VirtualService: retries in other localities, which make failover lossless, and never run a POST twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedVirtualService

RETRY_UNPROCESSED = "connect-failure,refused-stream,reset-before-request"
"""Failures after which no server can have seen the request."""
RETRY_SAFE = f"{RETRY_UNPROCESSED},reset,503"
SAFE_METHODS = "GET|HEAD|OPTIONS"


def virtual_service(cluster: str, planned: PlannedVirtualService) -> Manifest:
    """networking.istio.io/v1 VirtualService with two routes a port: safe methods, everything else."""
    export = {"exportTo": list(planned.export_to)} if planned.export_to else {}
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": metadata(planned.name, planned.namespace, planned.origin),
        "spec": {
            "hosts": [planned.host],
            **export,
            "http": [route for port in planned.ports for route in _routes(planned, port)],
        },
    }
    return Manifest(cluster, body, planned.origin, Stage.VIRTUAL_SERVICES)


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
