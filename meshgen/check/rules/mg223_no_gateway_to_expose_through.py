"""Other clusters reach exposed services through the workspace's gateway (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find workspaces that list exposed services, but have no east-west gateway."""
    for workspace in relations.fleet.workspaces:
        if workspace.exposed_services and workspace.east_west_gateway is None:
            yield Diagnostic(
                code="MG223",
                severity="error",
                message=f"workspace `{workspace.name}` exposes services, but has no east-west gateway",
                span=workspace.key_span("exposedServices"),
                help="Add `eastWestGateway: {name: eastwest-gateway, namespace: <one of its namespaces>}`.",
                object=f"workspace/{workspace.name}",
            )
