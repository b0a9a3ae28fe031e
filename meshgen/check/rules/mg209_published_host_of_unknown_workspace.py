"""A published host belongs to a workspace of the fleet (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find published hosts whose workspace does not exist."""
    workspaces = {workspace.name for workspace in relations.fleet.workspaces}
    for host in relations.fleet.published_hosts:
        if host.workspace not in workspaces:
            yield Diagnostic(
                code="MG209",
                severity="error",
                message=f"published host `{host.name}` is of workspace `{host.workspace}`, which does not exist",
                span=host.span("workspace"),
                help=did_you_mean(near(host.workspace, workspaces)) or "Name a workspace of the fleet.",
                object=f"publishedHost/{host.name}",
            )
