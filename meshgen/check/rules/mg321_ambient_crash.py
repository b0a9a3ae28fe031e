"""istiod of some versions crashes on our entries in ambient mode (istio#59321)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.ambient import suspects
from meshgen.check.places import istio_place, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with ambient mode and an istiod that panics at a WorkloadEntry of another network."""
    for cluster, istio, certain in suspects(relations):
        if certain and istio is not None and istio.ambient:
            version = relations.facts[cluster].version_text
            yield Diagnostic(
                code="MG321",
                severity="error",
                message=f"istiod {version} of cluster `{cluster}` runs with ambient mode and would crash on entries of "
                "other clusters",
                span=istio_place(relations, cluster, "version"),
                help="Upgrade to 1.28.6, 1.29.1 or newer.",
                notes=notes((istio.span("ambient"), "ambient mode is on here")),
                object=f"cluster/{cluster}",
            )
