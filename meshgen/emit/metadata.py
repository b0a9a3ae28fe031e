"""Names, labels and annotations of emitted objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgen.emit.artifact import Stage
    from meshgen.plan.model import Origin

MANAGED_BY = "app.kubernetes.io/managed-by"
SOURCE = "meshgen.io/source"
SYNC_WAVE = "argocd.argoproj.io/sync-wave"


def metadata(
    name: str, namespace: str, origin: Origin, stage: Stage, *, labels: dict[str, str], annotations: dict[str, str]
) -> dict[str, Any]:
    """The metadata of one object; labels and annotations sorted. No namespace: an object of the cluster."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        **place,
        "labels": dict(sorted({MANAGED_BY: "meshgen", **labels}.items())),
        "annotations": dict(sorted({SOURCE: origin.name, SYNC_WAVE: str(int(stage)), **annotations}.items())),
    }
