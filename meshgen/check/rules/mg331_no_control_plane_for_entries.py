"""Only a control plane that knows of other clusters can write entries (design §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find `entries: controlPlane` on a platform whose control plane writes none: no cluster would reach another."""
    spec = relations.fleet.spec
    if spec.entries == "controlPlane" and not platform(spec.platform).control_plane_entries:
        yield Diagnostic(
            code="MG331",
            severity="error",
            message=f"no control plane of platform `{spec.platform}` writes entries",
            span=spec.span("entries"),
            help="Set `entries: meshgen`, or remove the line.",
            object=f"fleet/{relations.fleet.name}",
        )
