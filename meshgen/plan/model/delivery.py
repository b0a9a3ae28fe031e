"""How the output gets into the clusters. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.delivery.model import Delivery
    from meshgen.plan.model.origin import Origin


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """What the GitOps engine of the fleet is given."""

    content: Delivery
    origin: Origin
