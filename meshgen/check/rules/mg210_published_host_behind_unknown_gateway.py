"""A published host goes through a gateway of the fleet (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find published hosts whose gateway is not declared."""
    gateways = {name for _, name in relations.gateways}
    for host in relations.fleet.published_hosts:
        if host.gateway not in gateways:
            yield Diagnostic(
                code="MG210",
                severity="error",
                message=f"published host `{host.name}` is behind gateway `{host.gateway}`, which is not declared",
                span=host.span("gateway"),
                help=did_you_mean(near(host.gateway, gateways))
                or "Declare a Gateway of this name with role `edge` or `ingress`.",
                object=f"publishedHost/{host.name}",
            )
