"""A port that only some copies have leads nowhere in the others (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.copies import copies, ports_of
from meshgen.check.places import listed, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find ports whose name and whose number a copy lacks; one that shares either is for MG345 or MG346.

    Copies without any port in common are for MG348.
    """
    for host, group in copies(relations).items():
        seen: set[int] = set()
        for having in ports_of(group):
            number, name = having.port.port, having.port.name
            lacking = [
                copy
                for copy in group
                if all(port.port != number and port.name != name for port in copy.ports)
                and {port.port for port in copy.ports} & {port.port for port in having.copy.ports}
            ]
            if not lacking or number in seen:
                continue
            seen.add(number)
            yield Diagnostic(
                code="MG344",
                severity="warning",
                message=f"port `{name}` ({number}) of `{host}` is missing in {_clusters(len(lacking))} "
                f"{listed(copy.cluster for copy in lacking)}",
                span=having.span,
                help="Give all copies the same ports, or call this port inside its cluster only.",
                notes=notes((lacking[0].service.span("ports"), f"the ports in `{lacking[0].cluster}`")),
                object=host,
            )


def _clusters(count: int) -> str:
    return "cluster" if count == 1 else "clusters"
