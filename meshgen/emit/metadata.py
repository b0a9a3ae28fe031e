"""Names, labels and annotations of emitted objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgen.plan.model import Origin

MANAGED_BY = "app.kubernetes.io/managed-by"
SOURCE = "meshgen.io/source"


def metadata(
    name: str, namespace: str, origin: Origin, *, labels: dict[str, str], annotations: dict[str, str]
) -> dict[str, Any]:
    """The metadata of one object; labels and annotations sorted. No namespace: an object of the cluster."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        **place,
        "labels": dict(sorted({MANAGED_BY: "meshgen", **labels}.items())),
        "annotations": dict(sorted({SOURCE: origin.name, **annotations}.items())),
    }
