"""`internalTrafficPolicy: Local` hides every endpoint of another node, so all remote ones.

Source: pilot/pkg/xds/endpoints/endpoint_builder.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find local copies with that policy which remote ones would stand in for."""
    for link in imports(relations):
        if link.local is None or link.local.internal_traffic_policy != "Local":
            continue
        source = link.sources[0]
        yield Diagnostic(
            code="MG353",
            severity="error",
            message=f"`{link.host}` cannot fail over from cluster `{link.cluster}`: "
            f"`internalTrafficPolicy: Local` hides remote endpoints",
            span=link.local.span("internalTrafficPolicy"),
            help="Remove the policy from the Service, or set `failover: {enabled: false}`.",
            notes=notes((exposure_at(source), f"cluster `{source.cluster}` serves it")),
            object=link.object,
        )
