"""Endpoints have IP addresses that other clusters can reach (Istio: serviceregistry/serviceentry/conversion.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import parse
from meshgen.check.places import gateway_object
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateway addresses that are DNS names, which istiod drops for Services, or that no cluster can reach."""
    for cluster, gateways in relations.observed_gateways.items():
        for key, observed in gateways.items():
            for index, text in enumerate(observed.addresses):
                problem, advice = _judge(text)
                if problem:
                    yield Diagnostic(
                        code="MG314",
                        severity="error",
                        message=f"address `{text}` of gateway `{key[1]}` in cluster `{cluster}` is {problem}",
                        span=observed.span("addresses", index),
                        help=advice,
                        object=gateway_object(cluster, key),
                    )


def _judge(text: str) -> tuple[str, str]:
    address = parse(text)
    if address is None:
        return "no IP address", "A DNS name belongs into `hostname`; `addresses` has IP addresses only."
    kinds = {
        "unspecified": address.is_unspecified,
        "a loopback address": address.is_loopback,
        "link-local": address.is_link_local,
        "a multicast address": address.is_multicast,
    }
    problem = next((kind for kind, applies in kinds.items() if applies), "")
    return problem, "Write the address at which other clusters reach its load balancer."
