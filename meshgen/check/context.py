"""What a rule over the whole fleet may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.plan.model import ClusterPlan, Identity, Plan


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that was derived from one fleet before it is checked; rules read it and derive nothing again."""

    calls: Calls
    plan: Plan
    """The draft: what would be emitted if no rule objected."""

    identities: Callable[[ClusterPlan], Iterable[Identity]]
    """What is emitted for one cluster of the draft, by name; of every kind."""

    @property
    def relations(self) -> Relations:
        return self.calls.relations
