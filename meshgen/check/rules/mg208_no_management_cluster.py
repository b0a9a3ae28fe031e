"""Tetrate's hierarchy stands in one cluster only, which has to be named on some platforms (design §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find a fleet whose Workspaces would go nowhere.

    Any cluster with GitOps enabled takes them, but the same object from two clusters would fight, so exactly one is
    declared.
    """
    spec = relations.fleet.spec
    declared = spec.tetrate.management_cluster if spec.tetrate else None
    if platform(spec.platform).management != "declared" or declared is not None:
        return
    yield Diagnostic(
        code="MG208",
        severity="error",
        message=f"platform `{spec.platform}` needs a management cluster, and none is declared",
        span=spec.tetrate.span() if spec.tetrate else spec.span("platform"),
        help="Set `tetrate.managementCluster` to the cluster that gets Workspaces and WorkspaceSettings.",
        object=f"fleet/{relations.fleet.name}",
    )
