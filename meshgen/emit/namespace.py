"""Namespaces, which a sync must never delete with what others keep in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.reasons import Input, Reason
from meshgen.language.delivery import Gate
from meshgen.language.dns import Canary
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import GatewaySettings
from meshgen.language.inventory import ObservedIstio

if TYPE_CHECKING:
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedNamespace

KEEP = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}

_REASONS: Reasons = {
    "metadata name": Reason(
        "a namespace that emitted objects need and that the inventory does not know",
        (
            Input(GatewaySettings, "namespace"),
            Input(FleetSpec, "multicluster_namespace"),
            Input(Canary, "namespace"),
            Input(Gate, "namespace"),
        ),
        "the platform's namespace for what is shared (design §4)",
    ),
    "metadata labels *": Reason(
        "makes istiod look at the namespace, or show its ServiceEntries (MG402, MG403)",
        (
            Input(ObservedIstio, "discovery_selectors", "here"),
            Input(ObservedIstio, "service_entry_visibility", "here"),
        ),
    ),
    "metadata annotations argocd.argoproj.io/compare-options": Reason(
        "no difference for ever once meshgen writes it no more: the inventory knows it, or nothing needs it"
    ),
    "metadata annotations argocd.argoproj.io/sync-options": Reason("never deleted: others keep things in it"),
    "metadata annotations kustomize.toolkit.fluxcd.io/prune": Reason("the same for Flux"),
}


NAMESPACE: ObjectEmitter[PlannedNamespace] = ObjectEmitter(
    Schema("v1", "Namespace"),
    Stage.NAMESPACES,
    items=lambda scope: scope.cluster.namespaces,
    name=lambda planned: planned.name,
    namespace=lambda _scope, _planned: "",
    fields=lambda _scope, _planned: {},
    own_reasons=_REASONS,
    namespaced=False,
    labels=lambda _scope, planned: planned.labels,
    annotations=lambda _scope, _planned: KEEP,
)
