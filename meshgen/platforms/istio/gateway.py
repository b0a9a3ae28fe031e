"""Gateway: what an east-west gateway lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage
from meshgen.platforms.istio.workload import pod_labels

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedGateway


def gateway(cluster: str, planned: PlannedGateway) -> Manifest:
    """networking.istio.io/v1 Gateway AUTO_PASSTHROUGH with exactly the exposed hosts, never a wildcard.

    Its selector matches pods of all namespaces, hence the gateway's own label
    (Istio: pilot/pkg/features/pilot.go, PILOT_SCOPE_GATEWAY_TO_NAMESPACE).
    """
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": metadata(planned.name, planned.namespace, planned.origin),
        "spec": {
            "selector": planned.selector or pod_labels(planned),
            "servers": [
                {
                    "port": {"number": planned.port, "name": "tls", "protocol": "TLS"},
                    "tls": {"mode": "AUTO_PASSTHROUGH"},
                    "hosts": list(planned.hosts),
                }
            ],
        },
    }
    return Manifest(cluster, body, planned.origin, Stage.EXPOSURE)
