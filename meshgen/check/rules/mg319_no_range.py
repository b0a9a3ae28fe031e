"""Ranges are CIDRs, and a range of virtual addresses has room for hosts (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import parse_range
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span


_SMALLEST = 4
"""Two addresses of a range are not for hosts."""


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find `podCIDRs` and `vipRange` that are no ranges, or too small a range for two hosts."""
    for cluster in relations.fleet.clusters:
        for index, text in enumerate(cluster.pod_cidrs):
            if parse_range(text) is None:
                yield _finding(
                    text, "no range of addresses", cluster.span("podCIDRs", index), f"cluster/{cluster.name}"
                )
    owners = [(relations.fleet.spec.istio, f"fleet/{relations.fleet.name}")]
    owners += [(cluster.istio, f"cluster/{cluster.name}") for cluster in relations.fleet.clusters]
    for istio, named in owners:
        if istio is None or istio.vip_range is None:
            continue
        parsed = parse_range(istio.vip_range)
        problem = "no range of addresses" if parsed is None else "too small a range for virtual addresses"
        if parsed is None or parsed.num_addresses < _SMALLEST:
            yield _finding(istio.vip_range, problem, istio.span("vipRange"), named)


def _finding(text: str, problem: str, span: Span | None, named: str) -> Diagnostic:
    return Diagnostic(
        code="MG319",
        severity="error",
        message=f"`{text}` is {problem}",
        span=span,
        help="Write a CIDR such as `10.1.0.0/16`.",
        object=named,
    )
