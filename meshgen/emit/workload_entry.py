"""WorkloadEntry: one remote endpoint beside the pods of a local Service, picked by its selector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.endpoint import endpoint, endpoint_reasons
from meshgen.emit.reasons import Input, Reason
from meshgen.language.inventory import ObservedService

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedWorkloadEntry


def _fields(_scope: Scope, planned: PlannedWorkloadEntry) -> dict[str, Any]:
    account = {} if planned.service_account is None else {"serviceAccount": planned.service_account}
    return {"spec": {**endpoint(planned.endpoint, planned.port_keys, planned.labels), **account}}


_REASONS: Reasons = {
    "metadata name": Reason("`k-<service>-<hash of source, gateway and service>-<place of the address>` (design §3)"),
    "metadata namespace": Reason("of the Service that selects it", (Input(ObservedService, "namespace"),)),
    **endpoint_reasons("spec "),
    "spec labels": Reason("what the local Service selects by", (Input(ObservedService, "selector", "here"),)),
    "spec labels meshgen.io/shadow-of": Reason("what the Service without pods selects by (MG378)"),
    "spec labels security.istio.io/tlsMode": Reason("makes clients use mutual TLS to the gateway"),
    "spec labels service.istio.io/canonical-name": Reason("the service's name in metrics"),
    "spec serviceAccount": Reason(
        "an account of the source, so that clients accept its identity (MG350)",
        (Input(ObservedService, "service_accounts", "elsewhere"),),
    ),
}


WORKLOAD_ENTRY: ObjectEmitter[PlannedWorkloadEntry] = ObjectEmitter(
    Schema("networking.istio.io/v1", "WorkloadEntry"),
    Stage.ENTRIES,
    items=lambda scope: scope.cluster.workload_entries,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
    own_reasons=_REASONS,
)
"""In the Service's namespace, where `serviceAccount` means the remote one."""
