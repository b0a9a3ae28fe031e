"""A Service that has the name of an exposed one but is not in its workspace keeps the name (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import links
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find Services in consumers whose namespace the exposing workspace does not span."""
    for link in links(relations):
        if link.kind != "namesake" or link.local is None or _of_two_workspaces(relations, link.host):
            continue
        source = link.sources[0]
        yield Diagnostic(
            code="MG343",
            severity="warning",
            message=f"cluster `{link.cluster}` has a Service of its own named `{link.host}`, outside of workspace "
            f"`{source.workspace.name}`: it gets no remote endpoints",
            span=link.local.span("name"),
            help=f"Let workspace `{source.workspace.name}` span `{link.cluster}/{link.service.namespace}`, or leave "
            f"the cluster out of its `consumers`.",
            notes=notes((exposure_at(source), f"exposed from `{source.cluster}`")),
            object=link.object,
        )


def _of_two_workspaces(relations: Relations, host: str) -> bool:
    """Whether MG220 has already said that several workspaces expose the host."""
    return len({exposure.workspace.name for exposure in relations.by_host[host]}) > 1
