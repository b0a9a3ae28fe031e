"""What a GitOps engine is: what it can carry of a delivery, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from meshgen.delivery.model import Delivery, Kind, Object, Target


class Loss(NamedTuple):
    """Something of a delivery that an engine cannot carry."""

    field: str
    """Of `delivery`, as the language has it; dots lead below it."""
    what: str
    """What the engine does instead, as the end of "…, but <engine> "."""
    help: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file below `output/_delivery`, as plain data."""

    path: str
    """Below `_delivery`; ends in `.yaml`. What is for one cluster begins with its name, so that `build --cluster`
    writes it."""
    content: dict[str, Any]
    """Of an object everything after its metadata."""
    name: str = ""
    """Of an object; it stands in the namespace of the delivery."""
    labels: dict[str, str] = field(default_factory=dict)
    """Of an object, besides those that every object has."""
    annotations: dict[str, str] = field(default_factory=dict)
    """The same."""


Reasons: TypeAlias = "Mapping[str, str]"
"""Path → why the field there says what it says; paths as in `meshgen.emit.reasons`."""


def _of_no_fleet(_delivery: Delivery, _kinds: Sequence[Kind]) -> Iterable[Document]:
    return ()


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of document that an engine reads, or that people give it."""

    reasons: Reasons
    """Of the fields after the metadata, and of its own labels and annotations."""
    api_version: str = ""
    """Empty: no Kubernetes object."""
    kind: str = ""
    of_fleet: Callable[[Delivery, Sequence[Kind]], Iterable[Document]] = _of_no_fleet
    """Gives those of the whole fleet, from what is delivered and every kind of object that clusters may get."""
    of_cluster: Callable[[Delivery, Target, Sequence[Object]], Iterable[Document]] | None = None
    """Gives those of one cluster, from its objects by stage, then path."""


def _nothing(_delivery: Delivery) -> Iterable[Loss]:
    return ()


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to get the output into the clusters."""

    name: str
    title: str
    """As people call it."""
    namespace: str
    """Default of `delivery.namespace`."""
    sorts: tuple[Sort, ...]
    """Every sort of document; an object of the engine's namespace is written as it is, and is no cluster's."""
    losses: Callable[[Delivery], Iterable[Loss]] = field(default=_nothing)
    """What of a delivery it would drop; nothing where it carries all. What it names is refused, never rendered."""
    stepwise: bool = True
    """Whether the mesh has what one sync wave applies before the next wave comes, or anything is deleted. Else a route
    that changed may lead, for an instant, to what was deleted after it, or to what its entries have no labels for yet:
    they come in the order rules, entries of hosts, routes, entries of workloads."""
    of_nothing: str = ""
    """What it does with clusters that get no object, as the end of "… get no objects: "; empty: nothing to know."""
