"""A declared gateway is emitted where a workspace uses it (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find east-west gateways that no workspace names: nothing is emitted for them."""
    used = {
        (inline.namespace, inline.name)
        for workspace in relations.fleet.workspaces
        if (inline := workspace.east_west_gateway) is not None
    }
    for gateway in relations.fleet.gateways:
        if gateway.role != "eastWest" or (gateway.namespace, gateway.name) in used:
            continue
        elsewhere = [f"{namespace}/{name}" for namespace, name in sorted(used) if name == gateway.name]
        similar = elsewhere or near(gateway.name, {name for _, name in used})
        yield Diagnostic(
            code="MG224",
            severity="warning",
            message=f"no workspace uses gateway `{gateway.name}` of namespace `{gateway.namespace}`",
            span=gateway.span("name"),
            help=did_you_mean(similar) or "Name it in a workspace's `eastWestGateway`, or delete it.",
            object=f"gateway/{gateway.name}",
        )
