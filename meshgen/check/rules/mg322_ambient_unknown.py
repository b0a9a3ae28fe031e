"""istiod of some versions crashes on our entries if ambient mode is on (istio#59321)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.ambient import suspects
from meshgen.check.places import istio_place
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters of a suspect version whose inventory does not say enough to tell."""
    for cluster, istio, certain in suspects(relations):
        ambient = istio.ambient if istio is not None else None
        if certain and ambient:
            continue
        missing = "whether ambient mode is on" if ambient is None else "which patch release it is"
        yield Diagnostic(
            code="MG322",
            severity="warning",
            message=f"istiod {relations.facts[cluster].version_text} of cluster `{cluster}` may crash on entries of "
            f"other clusters: it is not known {missing}",
            span=istio_place(relations, cluster, "version"),
            help="Set `istio.ambient` in the inventory, and the version with all its numbers; 1.28.6 and 1.29.1 are "
            "safe.",
            object=f"cluster/{cluster}",
        )
