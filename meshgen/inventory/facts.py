"""What one import found: plain data in the form of the `spec` of an Inventory, with places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgen.diagnostics import Span
    from meshgen.inventory.objects import KubernetesObject

Item = dict[str, Any]
"""One item of a list of the inventory, with the inventory's keys; never an empty value."""

SECTIONS = (
    "namespaces",
    "services",
    "gateways",
    "destinationRules",
    "virtualServices",
    "serviceEntries",
    "sidecars",
    "peerAuthentications",
    "istioGateways",
)
"""The lists of an Inventory, in the order of the file."""

Key = tuple[str, ...]


def key_of(item: Item) -> Key:
    """What identifies an item within its list, and its place in the order of the file."""
    return (str(item.get("namespace", "")), str(item.get("name", "")), str(item.get("kind", "")))


@dataclass(frozen=True, slots=True)
class Fact:
    """One item and the manifest that shows it."""

    item: Item
    place: Span
    """What stands for the manifest in a message: its name."""
    whole: Span


@dataclass(slots=True)
class Facts:
    """All facts of one import."""

    ip_families: list[str] = field(default_factory=list)
    istio: Item = field(default_factory=dict)
    without_mesh_config: str | None = None
    """The namespace of an istiod that was read without its mesh configuration."""
    unset: frozenset[str] = frozenset()
    """Facts about Istio that the import shows to be left at their default."""
    sections: dict[str, dict[Key, Fact]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    namespaces: set[str] = field(default_factory=set)
    """Namespaces whose whole content the import shows."""
    read: dict[str, int] = field(default_factory=dict)
    """Objects that were read, by kind."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Objects of kinds that the inventory does not need, by kind."""
    of_fleet: tuple[Span, ...] = ()
    """Places of documents that are a fleet's."""
    unseen: set[str] = field(default_factory=set)
    """Lists of which the import shows nothing although they may have items: what is known of them stays."""
    unseen_mesh: frozenset[str] = frozenset()
    """Facts of the mesh that the import cannot show: what is known of them stays."""
    gateways_only: bool = False
    """Whether the import shows Services of gateways and nothing else, so nothing about their namespaces."""
    managed: int = 0
    """Objects that meshgen or Tetrate's control plane wrote."""

    def add(self, section: str, item: Item, shown_by: KubernetesObject) -> None:
        """Adds `item` without its empty values, unless an earlier object showed it."""
        item = {key: value for key, value in item.items() if value is not None}
        self.sections[section].setdefault(key_of(item), Fact(item, shown_by.place, shown_by.fields.span()))
