"""The gate of a cluster: ServiceAccount, ConfigMap with what to ask, and the Job that asks the mesh (ADR 44)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from meshgen.analysis.injection import injection_labels
from meshgen.emit.artifact import Schema, Stage, kubernetes_object
from meshgen.emit.emitter import EVERY_OBJECT, ObjectEmitter
from meshgen.emit.injection import REVISION
from meshgen.emit.metadata import metadata
from meshgen.emit.pod_security import RESTRICTED
from meshgen.emit.reasons import Input, Reason
from meshgen.language.delivery import Gate
from meshgen.plan.model import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import AskedHost, PlannedGate

NAME = "meshgen-gate"
_DIRECTORY = "/etc/meshgen"
_RETRIES = 2
_START = 60
"""Seconds that a pod may take to start."""
_NOBODY = 65532
_RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


@cache
def script() -> str:
    """What the Job runs."""
    return resources.files("meshgen.emit").joinpath("gate.sh").read_text(encoding="utf-8")


def _items(scope: Scope) -> tuple[PlannedGate, ...]:
    return () if scope.cluster.gate is None else (scope.cluster.gate,)


def _asked(planned: PlannedGate) -> str:
    known = [f"at {cluster} {' '.join(addresses)}" for cluster, addresses in planned.gateways]
    return "".join(f"{line}\n" for line in (*known, *map(_line, planned.hosts)))


def _line(asked: AskedHost) -> str:
    who = ",".join((*(["own"] if asked.own else []), *asked.clusters))
    return f"ask {'http' if asked.http else 'tcp'} {asked.host} {asked.port} {who}"


def _job(planned: PlannedGate) -> dict[str, Any]:
    container = {
        "name": "gate",
        "image": planned.image,
        "command": ["sh", f"{_DIRECTORY}/gate.sh", f"{_DIRECTORY}/calls", str(planned.timeout)],
        "resources": _RESOURCES,
        "securityContext": {**RESTRICTED, "runAsUser": _NOBODY},
        "volumeMounts": [{"name": "calls", "mountPath": _DIRECTORY, "readOnly": True}],
    }
    return {
        "backoffLimit": _RETRIES,
        "activeDeadlineSeconds": (_RETRIES + 1) * (planned.timeout + _START),
        "template": {
            "metadata": {"labels": dict(sorted({"app": NAME, **injection_labels(planned.revision)}.items()))},
            "spec": {
                "serviceAccountName": NAME,
                "automountServiceAccountToken": False,
                "restartPolicy": "Never",
                "containers": [container],
                "volumes": [{"name": "calls", "configMap": {"name": NAME}}],
            },
        },
    }


_COMMON: Reasons = {
    "metadata name": Reason("the gate (ADR 44)"),
    "metadata namespace": Reason(
        "a namespace of its own, so that no workspace has it", (Input(Gate, "namespace"),), "`meshgen-gate`"
    ),
}
_CONTAINER = "spec template spec containers []"
_OF_JOB: Reasons = {
    "metadata name": Reason("with a digest of all that the cluster gets: each change is asked for anew (ADR 44)"),
    "metadata namespace": _COMMON["metadata namespace"],
    "spec backoffLimit": Reason("a node may go, and its pod with it"),
    "spec activeDeadlineSeconds": Reason("the end of all tries", (Input(Gate, "timeout"),), "5m each"),
    "spec template metadata labels app": Reason("its own pod"),
    "spec template metadata labels sidecar.istio.io/inject": Reason("it asks as an application does"),
    "spec template metadata labels istio.io/rev": Reason(
        "the revision that injects the sidecar",
        REVISION,
    ),
    "spec template spec serviceAccountName": Reason("an account of its own, without any right"),
    "spec template spec automountServiceAccountToken": Reason("it never asks the API server"),
    "spec template spec restartPolicy": Reason("each try is a pod with its own log"),
    f"{_CONTAINER} name": Reason("the gate"),
    f"{_CONTAINER} image": Reason("what asks", (Input(Gate, "image"),)),
    f"{_CONTAINER} command": Reason("the script, what it asks and for how long", (Input(Gate, "timeout"),), "5m"),
    f"{_CONTAINER} resources": Reason("little, and not for long"),
    f"{_CONTAINER} securityContext": Reason("what the restricted Pod Security Standard wants"),
    f"{_CONTAINER} volumeMounts": Reason("where the script and the calls are"),
    "spec template spec volumes": Reason("its own ConfigMap"),
}
ACCOUNT = ObjectEmitter(
    Schema("v1", "ServiceAccount"),
    Stage.GATEWAYS,
    items=_items,
    name=lambda _planned: NAME,
    namespace=lambda _scope, planned: planned.namespace,
    fields=lambda _scope, _planned: {},
    own_reasons=_COMMON,
)
CALLS = ObjectEmitter(
    Schema("v1", "ConfigMap"),
    Stage.GATEWAYS,
    items=_items,
    name=lambda _planned: NAME,
    namespace=lambda _scope, planned: planned.namespace,
    fields=lambda _scope, planned: {"data": {"calls": _asked(planned), "gate.sh": script()}},
    own_reasons={
        **_COMMON,
        "data calls": Reason("the plan's calls: where gateways are, and which clusters answer which host"),
        "data gate.sh": Reason("asks, and looks in its sidecar who answered"),
    },
)


class JobEmitter:
    """Writes the Job, which is another one whenever anything else of the cluster changes."""

    schema = Schema("batch/v1", "Job")
    stage = Stage.GATEWAYS
    namespaced = True
    reasons: Reasons = {**EVERY_OBJECT, **_OF_JOB}  # noqa: RUF012 - never changed

    def __init__(self, others: Callable[[str], Iterable[Emitter]]) -> None:
        """`others`: platform → whatever else writes what clusters get."""
        self._others = others

    def identities(self, scope: Scope) -> Iterator[Identity]:
        for planned in _items(scope):
            yield Identity(
                scope.cluster.cluster, *self.schema, planned.namespace, self._name(scope, planned), planned.origin
            )

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        for planned in _items(scope):
            yield kubernetes_object(
                scope.cluster.cluster,
                self.schema,
                metadata(
                    self._name(scope, planned),
                    planned.namespace,
                    planned.origin,
                    self.stage,
                    labels={},
                    annotations={},
                ),
                {"spec": _job(planned)},
                planned.origin,
                self.stage,
            )

    def _name(self, scope: Scope, planned: PlannedGate) -> str:
        whole = hashlib.sha256(repr(_job(planned)).encode())
        synced = (
            artifact
            for emitter in self._others(scope.plan.platform)
            for artifact in scope.artifacts(emitter)
            if artifact.synced
        )
        for path, content in sorted((artifact.path, artifact.content) for artifact in synced):
            whole.update(path.encode())
            whole.update(hashlib.sha256(content).digest())
        return f"{NAME}-{whole.hexdigest()[:12]}"
