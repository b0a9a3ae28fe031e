"""What a rule over the whole fleet may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.plan.model import ClusterPlan, Identity, Plan, PlannedDelivery, PlannedDns
    from meshgen.published import Published
    from meshgen.published.probes import Probe


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that was derived from one fleet before it is checked; rules read it and derive nothing again."""

    calls: Calls
    published: tuple[Published, ...]
    """The published hosts of known workspaces."""
    probes: tuple[Probe, ...]
    """Those of the canary and of these hosts."""
    dns: Callable[[], PlannedDns | None]
    """What DNS of a draft would be; None: the fleet says nothing of DNS. Needs no plan of any cluster."""
    delivery: Callable[[], PlannedDelivery | None]
    """What the engine would be given of a draft; None: the fleet names no engine. Needs no plan of any cluster."""
    draft: Callable[[], Plan]
    """What would be emitted if no rule objected. Planned at the first call: most fleets are valid without a look."""

    named: Callable[[Plan, ClusterPlan], Iterable[Identity]]
    """What is emitted for a cluster of the draft, by name; of every kind."""

    def planned(self, cluster: str) -> ClusterPlan:
        """The draft for one of the clusters that calls were derived for."""
        return self.draft().clusters[self.calls.consumers.index(cluster)]

    def identities(self, cluster: str) -> Iterable[Identity]:
        """The objects that would be emitted for such a cluster."""
        return self.named(self.draft(), self.planned(cluster))

    @property
    def relations(self) -> Relations:
        return self.calls.relations
