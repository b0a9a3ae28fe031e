"""Envoy keeps one endpoint for an address and port (istio#56355)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import normal
from meshgen.check.places import gateway_object, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find addresses that stand twice in the list of one gateway, in whatever spelling."""
    for cluster, gateways in relations.observed_gateways.items():
        for key, observed in gateways.items():
            seen: dict[str, int] = {}
            for index, address in enumerate(observed.addresses):
                first = seen.setdefault(normal(address), index)
                if first == index:
                    continue
                yield Diagnostic(
                    code="MG313",
                    severity="error",
                    message=f"gateway `{key[1]}` of cluster `{cluster}` has the address `{address}` twice",
                    span=observed.span("addresses", index),
                    help="Remove the second one; the places of the others name WorkloadEntries.",
                    notes=notes((observed.span("addresses", first), "the first one is here")),
                    object=gateway_object(cluster, key),
                )
