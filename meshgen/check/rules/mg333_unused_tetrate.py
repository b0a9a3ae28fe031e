"""Organization, tenant and management cluster are Tetrate's (design §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform, platform_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find fields for Tetrate on a platform without a management plane."""
    spec = relations.fleet.spec
    if spec.tetrate is not None and platform(spec.platform).management == "none":
        yield Diagnostic(
            code="MG333",
            severity="warning",
            message=f"`tetrate` has no effect on platform `{spec.platform}`",
            span=spec.key_span("tetrate"),
            help=f"Remove it, or choose a platform that has these: {listed(_managed())}.",
            object=f"fleet/{relations.fleet.name}",
        )


def _managed() -> list[str]:
    return [name for name in platform_names() if platform(name).management != "none"]
