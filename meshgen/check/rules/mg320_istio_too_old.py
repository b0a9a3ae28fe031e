"""meshgen emits for Istio 1.24 and newer (Istio: pilot/pkg/model/sidecar.go, PILOT_UNIFIED_SIDECAR_SCOPE)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import FLOOR, readable
from meshgen.check.places import istio_place, listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with an Istio in which a stale ServiceEntry can win over a new Service; one finding a place."""
    found: dict[tuple[Span | None, str | None], list[str]] = {}
    for cluster in relations.fleet.clusters:
        facts = relations.facts[cluster.name]
        if readable(facts) and facts.version < FLOOR:
            span = istio_place(relations, cluster.name, "version")
            found.setdefault((span, facts.version_text), []).append(cluster.name)
    for (span, version), clusters in found.items():
        yield Diagnostic(
            code="MG320",
            severity="error",
            message=f"Istio {version} of {listed(clusters)} is too old: meshgen needs 1.24 or newer",
            span=span,
            help="Upgrade Istio, or leave its cluster out of the fleet until then.",
            object=f"cluster/{clusters[0]}",
        )
