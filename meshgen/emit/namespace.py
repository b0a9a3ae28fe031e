"""Namespaces, which a sync must never delete with what others keep in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.manifest import Manifest
from meshgen.emit.metadata import metadata
from meshgen.plan.model import Stage

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedNamespace

KEEP = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}


def namespace(cluster: str, planned: PlannedNamespace) -> Manifest:
    """v1 Namespace."""
    body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata(planned.name, None, planned.origin, annotations=KEEP),
    }
    return Manifest(cluster, body, planned.origin, Stage.NAMESPACES)
