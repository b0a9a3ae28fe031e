"""An east-west gateway drops endpoints without mTLS: a workload without sidecar cannot be exposed.

Source: pilot/pkg/xds/endpoints/endpoint_builder.go.
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
    """Find exposed Services whose pods have no sidecars."""
    for exposure in relations.exposures:
        if exposure.service.injected is not False:
            continue
        yield Diagnostic(
            code="MG352",
            severity="error",
            message=f"`{exposure.host}` is exposed from cluster `{exposure.cluster}`, where its pods have no sidecars",
            span=exposure_at(exposure),
            help="Inject its pods, or expose only other services.",
            notes=notes((exposure.service.span("injected"), f"`injected: false` in `{exposure.cluster}`")),
            object=service_object(exposure.cluster, exposure.service),
        )
