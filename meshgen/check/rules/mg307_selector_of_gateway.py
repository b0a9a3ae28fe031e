"""A gateway that meshgen does not run is found by its pods' labels (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import declared_gateways
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find `managed: false` without a selector, and a selector where meshgen chooses the labels itself."""
    for gateway, named in declared_gateways(relations.fleet):
        if not gateway.managed and not gateway.selector:
            message = f"gateway `{gateway.name}` is not managed and has no selector"
            span = gateway.span("managed")
            advice = "Set `selector` to labels that its pods have, and no other pods of the cluster."
        elif gateway.managed and gateway.selector is not None:
            message = f"gateway `{gateway.name}` has a selector, but is managed"
            span = gateway.key_span("selector")
            advice = "Remove `selector`, or set `managed: false` if somebody else runs the gateway."
        else:
            continue
        yield Diagnostic(code="MG307", severity="error", message=message, span=span, help=advice, object=named)
