"""What clusters ran beside what they are to run: what is lost, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.plan.diff import lost
from meshgen.revisions.losses import Lost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.calls import Calls
    from meshgen.plan.diff import Loss
    from meshgen.plan.reach import Reaches
    from meshgen.revisions.past import Past, Together


def losses(pasts: Iterable[Together], calls: Calls, reaches: Reaches) -> list[Lost]:
    """What is lost, sorted by consumer and host; of consumers of which no calls were derived, nothing.

    What is lost counts where it is lost from every past of those that count together.
    """
    relations = calls.relations
    whole = len(calls.consumers) == len(relations.facts)
    derived = frozenset(calls.consumers)

    def of(past: Past) -> dict[tuple[str, str], Lost]:
        found: dict[tuple[str, str], Lost] = {}
        for (consumer, host), (old, by) in past.items():
            gone = consumer not in relations.facts
            if not (whole if gone else consumer in derived):
                continue
            loss = lost(consumer, host, old, None if gone else reaches.at(consumer, host))
            if loss is not None and (loss.kind != "port" or (loss := _kept_by_one(loss, calls))):
                found[consumer, host] = Lost(loss, old, by)
        return found

    found: dict[tuple[str, str], Lost] = {}
    for first, *others in pasts:
        here = of(first)
        for other in others:
            there = of(other)
            here = {key: item for key, item in here.items() if key in there}
        for key, item in here.items():
            found.setdefault(key, item)
    return [item for _, item in sorted(found.items())]


def _kept_by_one(loss: Loss, calls: Calls) -> Loss | None:
    """The ports that one source has and callers lose, since another one lacks them; else nobody has them to give."""
    sources = calls.of(loss.consumer)[loss.host].sources
    had = {port.port for source in sources for port in source.service.tcp_ports}
    ports = tuple(port for port in loss.ports if port in had)
    return loss._replace(ports=ports) if ports else None
