"""An edge cluster consumes published hosts only, unless a selector names it (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.check.routes import routes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find edge clusters with a workspace's namespaces that get no entries for the services of other clusters."""
    edges = [cluster for cluster in relations.fleet.clusters if cluster.role == "edge"]
    if not edges:
        return
    consumers = {route.consumer for route in routes(relations)}
    exposing = {exposure.cluster for exposure in relations.exposures}
    for cluster in edges:
        workspace = next((w for w in relations.fleet.workspaces if cluster.name in relations.spanned[w.name]), None)
        if workspace is None or cluster.name in consumers or not exposing - {cluster.name}:
            continue
        yield Diagnostic(
            code="MG334",
            severity="hint",
            message=f"edge cluster `{cluster.name}` has namespaces of workspace `{workspace.name}`, but calls no "
            "service of other clusters",
            span=cluster.span("role"),
            help="Name it in `consumers` of the workspace if its pods shall call them.",
            notes=notes((workspace.span("name"), f"workspace `{workspace.name}` is here")),
            object=f"cluster/{cluster.name}",
        )
