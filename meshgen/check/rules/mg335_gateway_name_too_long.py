"""Tetrate's operator makes names and label values of a gateway's name (live dumps: IstioOperator `xcpgw-<name>`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import declared_gateways
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


_LONGEST = 63 - len("xcpgw-")


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find names that leave no room for the prefix `xcpgw-` in a label value of 63 characters.

    Istio's operator labels what it makes with the name of the IstioOperator (owning-resource).
    """
    if platform(relations.fleet.spec.platform).management == "none":
        return
    seen: set[tuple[str, str]] = set()
    for gateway, named in declared_gateways(relations.fleet):
        key = (gateway.namespace, gateway.name)
        if not gateway.managed or len(gateway.name) <= _LONGEST or key in seen:
            continue
        seen.add(key)
        yield Diagnostic(
            code="MG335",
            severity="warning",
            message=f"the name of gateway `{gateway.name}` has {len(gateway.name)} characters, more than the "
            f"{_LONGEST} that leave room for the prefix of Tetrate's operator",
            span=gateway.span("name"),
            help=f"Shorten it to {_LONGEST} characters.",
            object=named,
        )
