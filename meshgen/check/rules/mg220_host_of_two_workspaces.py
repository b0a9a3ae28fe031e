"""A host has one workspace, in whatever cluster (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.diagnostics import Span


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts that one workspace exposes from one cluster, and another one from another cluster.

    A consumer would need two ServiceEntries for the host, of which Istio takes the older one and ignores the endpoints
    of the other (pilot/pkg/model/sidecar.go). One finding for each pair of workspaces and namespace.
    """
    shared: dict[tuple[str, str, str], list[tuple[Exposure, Exposure]]] = {}
    for exposures in relations.by_host.values():
        first = exposures[0]
        other = next((exposure for exposure in exposures if exposure.workspace.name != first.workspace.name), None)
        if other is not None:
            key = (first.workspace.name, other.workspace.name, first.name.namespace)
            shared.setdefault(key, []).append((first, other))
    for pairs in shared.values():
        first, other = pairs[0]
        more = f", and {len(pairs) - 1} more of namespace `{first.name.namespace}`" if len(pairs) > 1 else ""
        yield Diagnostic(
            code="MG220",
            severity="error",
            message=f"`{first.host}`{more} is exposed by two workspaces, `{first.workspace.name}` from cluster "
            f"`{first.cluster}` and `{other.workspace.name}` from cluster `{other.cluster}`",
            span=_place(other),
            help="Let one workspace span the namespace in all clusters: clients cannot tell the two apart.",
            notes=notes((_place(first), f"`{first.workspace.name}` exposes it here")),
            object=first.host if len(pairs) == 1 else f"workspace/{other.workspace.name}",
        )


def _place(exposure: Exposure) -> Span | None:
    if exposure.setting is not None:
        return exposure.setting.span("host")
    return exposure.workspace.namespace_selector.span("names")
