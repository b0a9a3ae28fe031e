"""Published hosts, and the gateways in front of them, are compiled by a later version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Say once that nothing is emitted for published hosts and for edge and ingress gateways."""
    hosts = relations.fleet.published_hosts
    gateways = [gateway for gateway in relations.gateways.values() if gateway.role != "eastWest"]
    first = next(iter([*hosts, *gateways]), None)
    if first is None:
        return
    counted = [_count(len(hosts), "published host"), _count(len(gateways), "edge or ingress gateway")]
    yield Diagnostic(
        code="MG214",
        severity="hint",
        message=f"{' and '.join(filter(None, counted))} checked, but not compiled: this version emits nothing for them",
        span=first.span("name"),
        help="Keep them for a later version, or take them out.",
        object=f"fleet/{relations.fleet.name}",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""
