"""An empty list of namespaces would export a host to nobody, or in Istio's reading to everybody (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed services with `consumerNamespaces: []`."""
    for workspace in relations.fleet.workspaces:
        for setting in workspace.exposed_services or []:
            if setting.consumer_namespaces is not None and not setting.consumer_namespaces:
                yield Diagnostic(
                    code="MG379",
                    severity="error",
                    message=f"`consumerNamespaces` of `{setting.host}` names no namespace",
                    span=setting.span("consumerNamespaces"),
                    help="Name the namespaces that may see the host, or leave the field out for all of them.",
                    object=setting.host,
                )
