"""A service that no other cluster may call needs not be exposed (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import selects
from meshgen.check.places import listed, notes
from meshgen.check.routes import routes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.diagnostics import Span
    from meshgen.language.base import ClusterSelector


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed services without a consumer in fleets of several clusters; one finding a selector.

    A selector that chooses no cluster by mistake is the business of the rules on selectors.
    """
    if len(relations.fleet.clusters) < 2:  # noqa: PLR2004 - alone there is nobody to call
        return
    consumed = {exposure.host for route in routes(relations) for exposure in route.exposures}
    lost: dict[int, list[Exposure]] = {}
    for host, exposures in relations.by_host.items():
        active = [exposure for exposure in exposures if exposure.active]
        if active and host not in consumed:
            selector = _selector(active[0])
            if selector is None or selector.names == [] or any(selects(selector, c) for c in relations.fleet.clusters):
                lost.setdefault(id(selector or active[0].workspace), []).append(active[0])
    for exposures in lost.values():
        first = exposures[0]
        yield Diagnostic(
            code="MG336",
            severity="warning",
            message=f"{listed(exposure.host for exposure in exposures)} of workspace `{first.workspace.name}` "
            f"{'is' if len(exposures) == 1 else 'are'} exposed, but no other cluster may call "
            f"{'it' if len(exposures) == 1 else 'them'}",
            span=_place(first),
            help="Widen `consumers`, or do not expose what nobody calls.",
            notes=notes((first.gateway.span("name"), "exposed through this gateway")),
            object=first.host if len(exposures) == 1 else f"workspace/{first.workspace.name}",
        )


def _selector(exposure: Exposure) -> ClusterSelector | None:
    if exposure.setting is not None and exposure.setting.consumers is not None:
        return exposure.setting.consumers
    return exposure.workspace.consumers


def _place(exposure: Exposure) -> Span | None:
    selector = _selector(exposure)
    return exposure.workspace.span("name") if selector is None else selector.span()
