"""How the levels of a call are said to Istio: by labels and weights of its endpoints, and priorities of its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.traffic import whole
from meshgen.calls.traffic_policy import NETWORK, REGION, ZONE
from meshgen.language.base import UINT32

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

PREFIX = "order.meshgen.io/"
"""Of the labels of endpoints; no pod carries one."""
SOURCE = f"{PREFIX}source"
"""Label of an endpoint: the cluster that it leads to."""
_YES = "yes"
ENTRY_ONLY = {f"{PREFIX}entry": _YES}
"""Label of entries beside an own copy that is left out of the shares, by which aliases take them and no pods."""
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """How a DestinationRule ranks the endpoints of a host.

    `locality`: by region and network; `network`: the own copy, then all others; `labels`: by labels that each endpoint
    carries for its level; `together`: one level, whatever the regions; `routes`: by region and network for who calls
    the host past its VirtualService, whose routes have the shares.
    """

    means: Literal["locality", "network", "labels", "together", "routes"]
    priorities: tuple[str, ...]
    """`failoverPriority`; empty: a single level."""


def by_locality(levels: int, *, local: bool, zone_aware: bool) -> Order:
    """The own copy, if there is one, then the own region, then all others."""
    if local:
        return Order("locality", (REGION, NETWORK, ZONE) if zone_aware else (REGION, NETWORK))
    return Order("locality", (REGION, NETWORK) if levels > 1 else ())


def by_labels(levels: int, own: int | None, *, zone_aware: bool) -> Order:
    """Any order: the priorities that rank the endpoints with the `level_labels` of so many levels.

    Istio compares label by label and takes the first that differs; an absent label equals an absent one, and
    `<label>=<value>` stands for the caller's (applyFailoverPriorityPerLocality,
    pilot/pkg/networking/core/loadbalancer). Pods of the own copy, in level `own`, carry none: what comes after them
    differs by a label, what comes before has the labels that they lack. With `zone_aware` those of the own zone come
    first. Levels of which nobody is there change nothing: istiod counts those that are (adjusts priorities to be
    continuous, same file).
    """
    place = own or 0
    after = [f"{PREFIX}{level}" for level in range(levels - 1, place, -1)]
    before = [f"{PREFIX}{level}={_YES}" for level in range(place, 0, -1)]
    return Order("labels", (*after, *before, *((ZONE,) if zone_aware else ())))


def level_labels(level: int, own: int | None) -> Labels:
    """The labels of the endpoints of one level, sorted."""
    place = own or 0
    if level > place:
        return ((f"{PREFIX}{level}", _YES),)
    return tuple(sorted((f"{PREFIX}{each}", _YES) for each in range(level + 1, place + 1)))


def asked_for(order: Order) -> tuple[str, ...] | None:
    """The priorities that a team's rule would have to say; None: any with local endpoints first."""
    return order.priorities if order.means in ("labels", "network") else None


def endpoint_weights(shares: Sequence[tuple[str, Fraction]], addresses: Mapping[str, int]) -> dict[str, int]:
    """The weight of each address of each cluster, so that a cluster gets its share whatever their number.

    The smallest whole numbers; rounded, and never 0, which Istio reads as 1, where Envoy could not add them up: it
    takes a sum of 32 bits (`load_balancing_weight` of endpoint_components.proto).
    """
    each = {cluster: share / addresses[cluster] for cluster, share in shares}
    weights = dict(zip(each, whole(list(each.values())), strict=True))
    total = sum(weight * addresses[cluster] for cluster, weight in weights.items())
    if total <= UINT32:
        return weights
    return {cluster: max(1, weight * (UINT32 // 2) // total) for cluster, weight in weights.items()}
