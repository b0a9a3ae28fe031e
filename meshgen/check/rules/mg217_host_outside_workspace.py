"""A workspace exposes services of its own namespaces (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.check.places import notes
from meshgen.check.workspaces import may_span
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed hosts whose namespace no pattern of the workspace can match in any cluster."""
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        for setting in workspace.exposed_services or ():
            name = parse_host(setting.host, domain)
            if name is not None and not may_span(relations, workspace, name.namespace):
                patterns = workspace.namespace_selector.span("names")
                yield Diagnostic(
                    code="MG217",
                    severity="error",
                    message=f"workspace `{workspace.name}` exposes `{setting.host}`, but does not span namespace "
                    f"`{name.namespace}`",
                    span=setting.span("host"),
                    help=f"Add `*/{name.namespace}` to the workspace's namespaces, or expose the service in the "
                    "workspace that has them.",
                    notes=notes((patterns, f"`{workspace.name}` spans these namespaces")),
                    object=setting.host,
                )
