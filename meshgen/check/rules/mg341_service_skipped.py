"""Where a workspace exposes everything, what cannot be exposed is left out (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.consumers import links
from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import service_object
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations

_SILENT = "is the Service of an east-west gateway"


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find Services that are skipped, but not gateways' own nor those that MG342 reports."""
    unfit = (
        {(link.cluster, link.service) for link in links(relations) if link.kind == "unfit"}
        if own_entries(relations.fleet)
        else set()
    )
    for found in unexposable_services(relations):
        service = found.service
        if found.setting is not None or found.reason == _SILENT:
            continue
        if (found.cluster, (service.namespace, service.name)) in unfit:
            continue
        yield Diagnostic(
            code="MG341",
            severity="warning",
            message=f"Service `{service.name}` of namespace `{service.namespace}` in cluster `{found.cluster}` is not "
            f"exposed: it {found.reason}",
            span=service.span("name"),
            help="List the services to expose in `exposedServices`, or accept this with a reason.",
            object=service_object(found.cluster, service),
        )
