"""Tetrate's east-west gateways listen on 15443 only (install API: `eastWestOnly`, `type: EASTWEST`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways with a port that their platform does not open."""
    running = platform(relations.fleet.spec.platform)
    for (namespace, name), gateway in relations.gateways.items():
        if running.gateway_port is not None and gateway.port != running.gateway_port:
            yield Diagnostic(
                code="MG395",
                severity="error",
                message=f"gateway `{namespace}/{name}` has port {gateway.port}, "
                f"but gateways of {running.title} take east-west traffic on {running.gateway_port} only",
                span=gateway.span("port"),
                help="Remove `port`.",
                object=f"gateway/{namespace}/{name}",
            )
