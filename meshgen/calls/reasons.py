"""Why a call is as it is, as typed reasons; the views put them into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.calls.model import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.draining import Drain
    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.analysis.traffic import Unused
    from meshgen.calls.groups import Group
    from meshgen.calls.levels import Arranged
    from meshgen.calls.model import Why
    from meshgen.language.inventory import ObservedService


def local_reasons(
    consumer: str,
    local: ObservedService,
    serving: Sequence[Exposure],
    *,
    moving: bool,
    group: Group | None,
    stays: str | None,
    used: bool,
) -> Iterator[Reason]:
    """Why callers of an own copy stay there, where it is `used`, and cannot move although somebody serves the host."""
    if used:
        yield Reason("arriving" if local.state == "arriving" else "own Service", consumer)
    if group is not None and len(group.services) > 1 and group.conflict is None:
        yield Reason("shared entries", consumer, tuple(service.name for service in group.services))
    if stays is not None:
        yield Reason("stays", consumer, (stays,))
    elif serving and not moving:
        yield Reason("other workspace" if serving[0].failover.enabled else "failover off", consumer)


def remote_reason(consumer: str, service: ObservedService | None) -> Reason:
    """Why callers leave the consumer."""
    return Reason("no Service", consumer) if service is None else Reason("Service state", consumer, (service.state,))


_LEFT_OUT: dict[str, Why] = {"sources": "not a source", "not named": "not named", "share 0": "share 0"}


def left_out(unused: Unused) -> Reason:
    """Why the traffic policy does not use a cluster that could answer."""
    return Reason(_LEFT_OUT[unused.why], unused.cluster)


def traffic_reasons(consumer: str, found: Arranged) -> Iterator[Reason]:
    """What the traffic policy makes of those that could answer."""
    if found.sources:
        mode = found.sources[0].traffic.mode
        if mode != "nearest":
            yield Reason(mode, consumer)
        elif found.order.means == "labels":
            yield Reason("regions", consumer)
    yield from map(left_out, found.unused)


def served_by(serving: Sequence[Exposure]) -> tuple[Reason, ...]:
    """Where callers may go."""
    return tuple(Reason("served", exposure.cluster, (_gateway(exposure),)) for exposure in serving)


def unreachable_reasons(relations: Relations, consumer: str, exposures: Sequence[Exposure]) -> Iterator[Reason]:
    """Why none of the other clusters that expose the host serves it to the consumer."""
    others = [exposure for exposure in exposures if exposure.cluster != consumer]
    if not others:
        yield Reason("not exposed elsewhere", consumer)
    for exposure in others:
        reason = not_serving(exposure)
        if reason is None and relations.consumes(relations.cluster(consumer), exposure):
            reason = not_dialled(relations, consumer, exposure)
        yield reason or Reason("no consumer", exposure.cluster, (consumer,))


def not_dialled(relations: Relations, consumer: str, exposure: Exposure) -> Reason | None:
    """Why pods of `consumer` cannot dial the gateway of an exposure whose address is known, None where they can."""
    if exposure.reach.usable(relations.facts[consumer].families):
        return None
    return Reason("no family", exposure.cluster, (_gateway(exposure),))


def not_serving(exposure: Exposure) -> Reason | None:
    """Why consumers get no endpoints of an exposure, None where they do."""
    cluster = exposure.cluster
    if exposure.drain is not None:
        return _drained(exposure, exposure.drain)
    if exposure.service.state != "active":
        return Reason("source state", cluster, (exposure.service.state,))
    if not exposure.address_known:
        return Reason("no address", cluster, (_gateway(exposure),))
    return None


def _drained(exposure: Exposure, drain: Drain) -> Reason:
    if drain.what == "cluster":
        return Reason("cluster draining", exposure.cluster)
    if drain.what == "workspace":
        why: Why = "workspace draining" if drain.everywhere else "workspace draining there"
        return Reason(why, exposure.cluster, (exposure.workspace.name,))
    if drain.what == "gateway":
        return Reason("gateway draining", exposure.cluster, (_gateway(exposure),))
    return Reason("service draining" if drain.everywhere else "service draining there", exposure.cluster)


def _gateway(exposure: Exposure) -> str:
    return f"{exposure.gateway.namespace}/{exposure.gateway.name}"
