"""A Gateway's selector matches pods of all namespaces (Istio: pilot/pkg/features/pilot.go)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import covers
from meshgen.check.places import gateway_object, notes
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import GatewayKey, Relations
    from meshgen.language.gateway import GatewaySettings


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find selectors of foreign gateways that also match another gateway's pods, which then expose both their hosts.

    Tetrate's workload selectors name a namespace, so only gateways of one namespace meet there. One finding for a pair
    of gateways, whatever the number of clusters.
    """
    everywhere = platform(relations.fleet.spec.platform).management == "none"
    seen: set[tuple[GatewayKey, GatewayKey]] = set()
    for cluster, gateways in relations.gateway_places.items():
        for first, second in combinations(gateways, 2):
            pair = [relations.gateways[first], relations.gateways[second]]
            if (first, second) in seen or not (everywhere or first[0] == second[0]) or not _meet(*pair):
                continue
            seen.add((first, second))
            foreign, other = pair if not pair[0].managed else reversed(pair)
            yield Diagnostic(
                code="MG310",
                severity="error",
                message=f"the selector of gateway `{foreign.name}` also matches the pods of gateway `{other.name}` in "
                f"cluster `{cluster}`",
                span=foreign.span("selector"),
                help="Choose labels that only its own pods have: each gateway would get the hosts of both.",
                notes=notes((other.span("name" if other.managed else "selector"), f"`{other.name}` is here")),
                object=gateway_object(cluster, (foreign.namespace, foreign.name)),
            )


def _meet(first: GatewaySettings, second: GatewaySettings) -> bool:
    if first.managed and second.managed:
        return False
    a, b = _labels(first), _labels(second)
    return bool(a and b) and ((not first.managed and covers(a, b)) or (not second.managed and covers(b, a)))


def _labels(gateway: GatewaySettings) -> dict[str, str]:
    return {"app": gateway.name} if gateway.managed else gateway.selector or {}
