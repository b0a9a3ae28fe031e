"""WorkloadEntry: one remote endpoint beside the pods of a local Service, picked by its selector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.endpoint import endpoint
from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedWorkloadEntry


def workload_entry(cluster: str, planned: PlannedWorkloadEntry) -> Manifest:
    """networking.istio.io/v1 WorkloadEntry in the Service's namespace, where `serviceAccount` means the remote one."""
    account = {} if planned.service_account is None else {"serviceAccount": planned.service_account}
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": metadata(planned.name, planned.namespace, planned.origin),
        "spec": {**endpoint(planned.endpoint, planned.port_keys, planned.labels), **account},
    }
    return Manifest(cluster, body, planned.origin, Stage.ENTRIES)
