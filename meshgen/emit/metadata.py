"""Names, labels and annotations of emitted objects."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from meshgen.analysis.labels import LABELS

if TYPE_CHECKING:
    from meshgen.emit.artifact import Stage
    from meshgen.plan.model import Origin

SOURCE = "meshgen.io/source"
SYNC_WAVE = "argocd.argoproj.io/sync-wave"
NOT_PUBLISHED = {
    "external-dns.alpha.kubernetes.io/controller": "none",
    "external-dns.kubernetes.io/controller": "none",
}
"""ExternalDNS would publish every host of every Gateway, cluster-local names too, and leaves those alone that name
another controller (source/istio_gateway.go); its prefix is the second one from 0.22 on."""


def metadata(
    name: str, namespace: str, origin: Origin, stage: Stage, *, labels: dict[str, str], annotations: dict[str, str]
) -> dict[str, Any]:
    """The metadata of one object; labels and annotations sorted. No namespace: an object of the cluster."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        **place,
        "labels": dict(sorted((LABELS | labels).items())) if labels else LABELS,
        "annotations": dict(sorted((_annotations(origin.name, stage) | annotations).items()))
        if annotations
        else _annotations(origin.name, stage),
    }


def unstaged_metadata(
    name: str, namespace: str, origin: Origin, *, labels: dict[str, str], annotations: dict[str, str]
) -> dict[str, Any]:
    """The same for an object that is applied in no order of ours."""
    return {
        "name": name,
        "namespace": namespace,
        "labels": dict(sorted((LABELS | labels).items())),
        "annotations": dict(sorted(({SOURCE: origin.name} | annotations).items())),
    }


@lru_cache(maxsize=2**14)
def _annotations(source: str, stage: Stage) -> dict[str, str]:
    """What most objects have, in one mapping for all of one source and stage."""
    return dict(sorted({SOURCE: source, SYNC_WAVE: str(int(stage))}.items()))
