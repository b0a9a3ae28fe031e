"""A gateway passes on only Services that it sees: `networking.istio.io/exportTo` can hide them.

Source: pilot/pkg/model/sidecar.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed Services that the namespace of their gateway does not see."""
    for exposure in relations.exposures:
        seen_by = exposure.service.export_to
        namespace = exposure.gateway.namespace
        if not seen_by or "*" in seen_by or namespace in seen_by:
            continue
        if "." in seen_by and namespace == exposure.service.namespace:
            continue
        yield Diagnostic(
            code="MG354",
            severity="error",
            message=f"`{exposure.host}` is hidden from its gateway in cluster `{exposure.cluster}`: "
            f"the Service is not exported to namespace `{namespace}`",
            span=exposure.service.span("exportTo"),
            help=f"Add `{namespace}` to its annotation `networking.istio.io/exportTo`.",
            notes=notes((exposure_at(exposure), "exposed here")),
            object=service_object(exposure.cluster, exposure.service),
        )
