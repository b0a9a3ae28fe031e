"""Versions decide what is emitted and refused (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import readable
from meshgen.check.places import istio_place
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find versions of Istio without a first and second number."""
    for cluster in relations.fleet.clusters:
        facts = relations.facts[cluster.name]
        if facts.version_text is not None and not readable(facts):
            yield Diagnostic(
                code="MG323",
                severity="warning",
                message=f"`{facts.version_text}` of cluster `{cluster.name}` is no version of Istio that can be read",
                span=istio_place(relations, cluster.name, "version"),
                help="Write it as `1.29.2`; until then the cluster gets what 1.24 understands.",
                object=f"cluster/{cluster.name}",
            )
