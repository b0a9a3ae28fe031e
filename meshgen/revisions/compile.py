"""The plans of fleets that are not on disk, each compiled once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.relations import Relations
from meshgen.calls import Calls
from meshgen.language.typed import typed_fleet
from meshgen.load import load_contents
from meshgen.plan import plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.plan.model import Plan


def plan_of(contents: Mapping[str, bytes]) -> Plan | None:
    """The plan of a fleet from the contents of its files; None where it cannot be read or typed.

    Rules are not asked: an earlier fleet did what it did, whatever they say of it today.
    """
    loaded, _ = load_contents(contents)
    fleet, _ = typed_fleet(loaded)
    return None if fleet is None else plan(Calls(Relations(fleet)))
