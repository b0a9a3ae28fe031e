"""The objects of platform `tse` have the form of its first documentation; the live API has another (design §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Say once which platform a live management plane takes."""
    if relations.fleet.spec.platform == "tse":
        yield Diagnostic(
            code="MG332",
            severity="hint",
            message="platform `tse` emits WorkspaceSetting and IngressGateway in the form of TSE's first documentation",
            span=relations.fleet.spec.span("platform"),
            help="A live TSE takes platform `tsb` with organization and tenant `tse`.",
            object=f"fleet/{relations.fleet.name}",
        )
