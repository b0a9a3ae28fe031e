"""Why callers of an own copy stay although other clusters serve the host, where its workspace exposes everything.

What is listed and cannot fail over is an error. Where everything is exposed nobody asked for the one Service: it stays
local, and one finding of the workspace says so (ADR 30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.labels import LABELS, TLS_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls.groups import Conflict
    from meshgen.language.inventory import ObservedService

_OURS = {**LABELS, **TLS_MODE}
_OF_ISTIO = frozenset(
    {
        "topology.istio.io/cluster",
        "topology.istio.io/network",
        "topology.istio.io/subzone",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


def unsatisfiable(selector: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The labels of a selector that no entry can have: key, value and why.

    Source: metadata labels are merged over those of the spec (serviceregistry/serviceentry/conversion.go), topology
    labels come from locality, network and cluster (pilot/pkg/serviceregistry/util/label).
    """
    for key, value in selector.items():
        if key in _OF_ISTIO:
            yield key, value, "Istio sets it"
        elif _OURS.get(key, value) != value:
            yield key, value, f"theirs is `{_OURS[key]}`"


def stays(relations: Relations, consumer: str, local: ObservedService, sources: Sequence[Exposure]) -> str | None:
    """Why entries of `sources` cannot stand beside the pods of `local`, None where they can."""
    unfit = relations.unexposable(consumer, local)
    if unfit is not None:
        return f"its Service {unfit}"
    if local.internal_traffic_policy == "Local":
        return "`internalTrafficPolicy: Local` hides remote endpoints"
    for key, value, why in unsatisfiable(local.selector):
        return f"its selector needs label `{key}: {value}`, which entries cannot have: {why}"
    numbers = _numbers(local)
    for source in sources:
        theirs = _numbers(source.service)
        if not set(numbers.values()) & set(theirs.values()):
            return f"it has no port in common with the copy in `{source.cluster}`"
        for name, number in numbers.items():
            if theirs.get(name, number) != number:
                return f"port `{name}` is {number} here and {theirs[name]} in `{source.cluster}`"
    return None


def _numbers(service: ObservedService) -> dict[str | None, int]:
    return {port.name: port.port for port in service.tcp_ports}


def shares(conflict: Conflict, service: ObservedService) -> str:
    """Why a Service of a group that disagrees stays."""
    first, second = conflict.first, conflict.second
    if conflict.reason == "selectors":
        key = next(k for k, v in sorted(first.selector.items()) if second.selector.get(k, v) != v)
        return f"its entries would need two values of label `{key}`, for Services `{first.name}` and `{second.name}`"
    if conflict.reason == "levels":
        return f"it shares its pods with Services that other traffic policies are for: `{first.name}`, `{second.name}`"
    sources = {first.name: conflict.first_sources, second.name: conflict.second_sources}
    sources |= {other.name: found for other, found in zip(conflict.others, conflict.others_sources, strict=True)}
    own = sources.get(service.name, conflict.first_sources)
    other, theirs = next((name, found) for name, found in sources.items() if found != own)
    serving = ", ".join(f"`{cluster}`" for cluster in theirs) or "no other cluster"
    return f"it shares its pods with Service `{other}`, which {serving} serves"
