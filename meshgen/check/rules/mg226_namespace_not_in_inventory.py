"""Workspaces span the namespaces that an inventory lists, not those that its Services name (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find Services of namespaces that their inventory does not list: no workspace would have them."""
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        if inventory is None:
            continue
        listed = {item.name for item in inventory.namespaces}
        first: dict[str, ObservedService] = {}
        for service in inventory.services:
            if service.namespace not in listed:
                first.setdefault(service.namespace, service)
        for namespace, service in first.items():
            yield Diagnostic(
                code="MG226",
                severity="error",
                message=f"the inventory of cluster `{cluster.name}` has Services of namespace `{namespace}`, "
                "but does not list the namespace",
                span=service.span("namespace"),
                help=f"Add `{{name: {namespace}}}` to its `namespaces`.",
                object=f"{cluster.name}/{namespace}",
            )
