"""Workspaces expose their services through east-west gateways (design §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find workspaces whose `eastWestGateway` is an edge or ingress gateway."""
    for workspace in relations.fleet.workspaces:
        gateway = relations.gateway_of(workspace)
        if workspace.east_west_gateway is None or gateway is None or gateway.role == "eastWest":
            continue
        other = notes((gateway.span("role"), "its role is here")) if gateway is not workspace.east_west_gateway else ()
        yield Diagnostic(
            code="MG215",
            severity="error",
            message=f"gateway `{gateway.name}` of workspace `{workspace.name}` has role `{gateway.role}`, "
            "so other clusters cannot come through it",
            span=workspace.east_west_gateway.span("role" if not other else "name"),
            help="Name a gateway with role `eastWest`.",
            notes=other,
            object=f"workspace/{workspace.name}",
        )
