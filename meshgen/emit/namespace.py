"""Namespaces, which a sync must never delete with what others keep in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedNamespace

KEEP = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}

NAMESPACE: ObjectEmitter[PlannedNamespace] = ObjectEmitter(
    Schema("v1", "Namespace"),
    Stage.NAMESPACES,
    items=lambda scope: scope.cluster.namespaces,
    name=lambda planned: planned.name,
    namespace=lambda _scope, _planned: "",
    fields=lambda _scope, _planned: {},
    annotations=lambda _scope, _planned: KEEP,
)
