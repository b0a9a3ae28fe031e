"""What clusters ran beside what they are to run: what is cut, lost and new, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from meshgen.plan.diff import lost, used_by
from meshgen.revisions.losses import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meshgen.calls import Calls
    from meshgen.plan.diff import Loss, Use
    from meshgen.plan.reach import Reaches
    from meshgen.revisions.past import Past, Together

Key = TypeVar("Key")
Found = TypeVar("Found")


def used(pasts: Iterable[Together]) -> dict[Use, str]:
    """Everything that callers may be sent to, and by what that is known."""
    return _in_all(pasts, _uses)


def _uses(past: Past) -> dict[Use, str]:
    return {use: known.by for (consumer, host), known in past.items() for use in used_by(consumer, host, known.reach)}


def losses(pasts: Iterable[Together], calls: Calls, reaches: Reaches) -> list[Lost]:
    """What is lost, sorted by consumer and host; of consumers of which no calls were derived, nothing."""
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

    return [item for _, item in sorted(_in_all(pasts, of).items())]


def _in_all(pasts: Iterable[Together], find: Callable[[Past], dict[Key, Found]]) -> dict[Key, Found]:
    """What is found in every past of one that count together, for each of these; what is found first counts."""
    found: dict[Key, Found] = {}
    for first, *others in pasts:
        here = find(first)
        for other in others:
            there = find(other)
            here = {key: item for key, item in here.items() if key in there}
        for key, item in here.items():
            found.setdefault(key, item)
    return found


def _kept_by_one(loss: Loss, calls: Calls) -> Loss | None:
    """The ports that one source has and callers lose, since another one lacks them; else nobody has them to give."""
    sources = calls.of(loss.consumer)[loss.host].sources
    had = {port.port for source in sources for port in source.service.tcp_ports}
    ports = tuple(port for port in loss.ports if port in had)
    return loss._replace(ports=ports) if ports else None
