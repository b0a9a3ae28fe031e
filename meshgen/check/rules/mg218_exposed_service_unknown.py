"""An exposed service is in the inventory of at least one cluster (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.check.workspaces import copies, hosts_of, may_span
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.near import did_you_mean, near_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed hosts that no cluster has: a misspelled name, or an inventory that is behind."""
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        for setting in workspace.exposed_services or ():
            name = parse_host(setting.host, domain)
            if name is None or not may_span(relations, workspace, name.namespace) or copies(relations, workspace, name):
                continue
            similar = did_you_mean(near_host(setting.host, hosts_of(relations, workspace)))
            yield Diagnostic(
                code="MG218",
                severity="error",
                message=f"no cluster of workspace `{workspace.name}` has the exposed service `{setting.host}`",
                span=setting.span("host"),
                help=similar
                or "Correct the name, or bring the inventories up to date with `meshgen inventory import`.",
                object=setting.host,
            )
