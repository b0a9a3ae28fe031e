"""What fleets mean that are not on disk, worked out no further than it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from meshgen.analysis.relations import Relations
from meshgen.calls import Calls
from meshgen.language.typed import typed_fleet
from meshgen.load import load_contents
from meshgen.plan import plan
from meshgen.plan.gateways import exposed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.plan.model import GatewayAddress, Plan


@dataclass(frozen=True, eq=False)
class Meaning:
    """What a fleet means."""

    relations: Relations
    known: Plan | None = None
    """Its whole plan, where that was made already."""

    @cached_property
    def exposed(self) -> Mapping[GatewayAddress, frozenset[str]]:
        """What each gateway lets in, as in the plan, which costs far more."""
        return dict(exposed(self.relations))

    @cached_property
    def plan(self) -> Plan:
        return self.known or plan(Calls(self.relations))


def meaning(contents: Mapping[str, bytes]) -> Meaning | None:
    """What a fleet means, by the contents of its files; None where it cannot be read or typed.

    Rules are not asked: an earlier fleet did what it did, whatever they say of it today.
    """
    loaded, _ = load_contents(contents)
    fleet, _ = typed_fleet(loaded)
    return None if fleet is None else Meaning(Relations(fleet))
