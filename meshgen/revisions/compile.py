"""What fleets mean that are not on disk, worked out no further than it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.relations import Relations
from meshgen.calls import Calls
from meshgen.language.typed import typed_fleet
from meshgen.load import load_contents
from meshgen.plan import plan
from meshgen.plan.delivery import planned_delivery
from meshgen.plan.dns import planned_dns
from meshgen.plan.reach import Reaches
from meshgen.published import published_hosts
from meshgen.published.probes import probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from meshgen.plan.model import Plan
    from meshgen.plan.reach import Reach
    from meshgen.published import Published


class Derived(NamedTuple):
    """What was made of a fleet already."""

    calls: Calls
    """Those of all consumers."""
    published: tuple[Published, ...]
    planned: Callable[[], Plan]
    """Gives the whole plan, and makes it at most once."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """What a fleet means."""

    relations: Relations
    known: Derived | None = None

    @cached_property
    def calls(self) -> Calls:
        """Those of all consumers."""
        return self.known.calls if self.known else Calls(self.relations)

    @cached_property
    def published(self) -> tuple[Published, ...]:
        """Every published host."""
        return self.known.published if self.known else published_hosts(self.calls)

    @cached_property
    def plan(self) -> Plan:
        """Costs far more than the calls."""
        if self.known:
            return self.known.planned()
        asked = probes(self.relations, self.published)
        dns = planned_dns(self.relations, self.published, asked)
        return plan(self.calls, self.published, asked, dns, planned_delivery(self.relations.fleet))

    def reaches(self, consumers: Iterable[str] | None = None) -> dict[tuple[str, str], Reach]:
        """(consumer, host) → how callers get what other clusters serve; of some consumers, or of all."""
        reaches = Reaches(self.calls)
        chosen = self.relations.facts.keys() if consumers is None else self.relations.facts.keys() & set(consumers)
        return {(consumer, host): reach for consumer in sorted(chosen) for host, reach in reaches.of(consumer)}


def meaning(contents: Mapping[str, bytes]) -> Meaning | None:
    """What a fleet means, by the contents of its files; None where it cannot be read or typed.

    Rules are not asked: an earlier fleet did what it did, whatever they say of it today.
    """
    loaded, _ = load_contents(contents)
    fleet, _ = typed_fleet(loaded)
    return None if fleet is None else Meaning(Relations(fleet))
