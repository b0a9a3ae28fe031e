"""A service that `exposedServices` names has to be one that a gateway can pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import service_object
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations

_HELP = {
    "has a port without a name": "Name all its ports: entries are matched by the name of the port.",
    "is the Service of an east-west gateway": "Take it off `exposedServices`: the gateway is how others get in.",
}


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find listed services that cannot be exposed from a cluster, each with the reason."""
    for found in unexposable_services(relations):
        if found.setting is None:
            continue
        service = found.service
        yield Diagnostic(
            code="MG340",
            severity="error",
            message=f"`{found.setting.host}` cannot be exposed from cluster `{found.cluster}`: "
            f"its Service {found.reason}",
            span=found.setting.span("host"),
            help=_HELP.get(found.reason, "Take it off `exposedServices`, or expose a ClusterIP Service beside it."),
            notes=notes((service.span("name"), f"the Service in `{found.cluster}`")),
            object=service_object(found.cluster, service),
        )
