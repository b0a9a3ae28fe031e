"""Tetrate's gateways are reached by address: entries with a DNS name do not work there (Tetrate's TSE guide)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.places import gateway_object
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways that are known by hostname only where meshgen's entries need an address."""
    spec = relations.fleet.spec
    if platform(spec.platform).hostname_gateways or not own_entries(relations.fleet):
        return
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            observed = relations.observed_gateways[cluster].get(key)
            if observed is None or observed.addresses or not observed.hostname:
                continue
            yield Diagnostic(
                code="MG317",
                severity="error",
                message=f"gateway `{key[1]}` of cluster `{cluster}` is known by hostname only, which platform "
                f"`{spec.platform}` cannot use",
                span=observed.span("hostname"),
                help="Give its load balancer fixed addresses and list them in `addresses`.",
                object=gateway_object(cluster, key),
            )
