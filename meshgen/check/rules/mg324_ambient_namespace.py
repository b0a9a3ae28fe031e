"""Ambient mode does not use entries behind port 15443 (Istio: ztunnel uses HBONE and its own gateways)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


_LABEL = "istio.io/dataplane-mode"


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find ambient namespaces of workspaces that expose services: their pods neither serve nor follow our entries."""
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        for namespace in inventory.namespaces if inventory else ():
            workspace = relations.workspace_of(cluster.name, namespace.name)
            if namespace.labels.get(_LABEL) != "ambient" or workspace is None or workspace.east_west_gateway is None:
                continue
            yield Diagnostic(
                code="MG324",
                severity="error",
                message=f"namespace `{namespace.name}` of cluster `{cluster.name}` is in ambient mode, where services "
                "of other clusters cannot be reached this way",
                span=namespace.span("labels", _LABEL),
                help="Run its pods with sidecars, or take the namespace out of the workspace.",
                notes=notes((workspace.namespace_selector.span("names"), f"workspace `{workspace.name}` spans it")),
                object=f"{cluster.name}/{namespace.name}",
            )
