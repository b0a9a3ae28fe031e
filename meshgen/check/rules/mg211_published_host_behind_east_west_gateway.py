"""Users outside the mesh come through edge or ingress gateways (design §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find published hosts whose gateway takes traffic of other clusters only."""
    for host in relations.fleet.published_hosts:
        gateways = [gateway for (_, name), gateway in relations.gateways.items() if name == host.gateway]
        if gateways and all(gateway.role == "eastWest" for gateway in gateways):
            yield Diagnostic(
                code="MG211",
                severity="error",
                message=f"published host `{host.name}` is behind `{host.gateway}`, which is an east-west gateway",
                span=host.span("gateway"),
                help="Name a gateway with role `edge` or `ingress`: an east-west gateway only takes mesh traffic of "
                "other clusters.",
                notes=notes((gateways[0].span("role"), f"`{host.gateway}` is declared here")),
                object=f"publishedHost/{host.name}",
            )
