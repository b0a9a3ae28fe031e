"""WorkloadEntry: one remote endpoint beside the pods of a local Service, picked by its selector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import endpoint

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.plan.model import PlannedWorkloadEntry


def _fields(_scope: Scope, planned: PlannedWorkloadEntry) -> dict[str, Any]:
    account = {} if planned.service_account is None else {"serviceAccount": planned.service_account}
    return {"spec": {**endpoint(planned.endpoint, planned.port_keys, planned.labels), **account}}


WORKLOAD_ENTRY: ObjectEmitter[PlannedWorkloadEntry] = ObjectEmitter(
    Schema("networking.istio.io/v1", "WorkloadEntry"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.workload_entries,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
)
"""In the Service's namespace, where `serviceAccount` means the remote one."""
