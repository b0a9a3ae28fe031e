"""The fields of the fleet and of inventories behind a field of an artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meshgen.analysis.hosts import selects
from meshgen.language.base import Item
from meshgen.language.gateway import GatewaySettings
from meshgen.language.published_host import PublishedHost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.emit.artifact import Artifact
    from meshgen.emit.reasons import Input, Reason


class Known(NamedTuple):
    """An item that an artifact may come from."""

    item: Item
    cluster: str
    """The cluster that it is about; empty: of the fleet."""


class Inputs:
    """What one artifact may come from: the items that its origin names, their clusters, and the fleet's settings."""

    def __init__(self, relations: Relations, artifact: Artifact, *more: Span) -> None:
        """`more` are places of items besides those of the artifact's origin."""
        self._here = artifact.cluster
        spans = {*artifact.origin.spans, *more}
        named = [known for known in _everything(relations) if known.item.span() in spans]
        clusters = {self._here, *(known.cluster for known in named)} - {""}
        self._known = [*named, *_of_workspace(relations, artifact, named, clusters), *_around(relations, clusters)]

    def places(self, reason: Reason, value: Any) -> list[Span]:
        """Where the input that decides is written, each place once; those that say `value` itself, if some do."""
        for wanted in reason.inputs:
            found = [
                place
                for known in self._matching(wanted)
                if (place := _written(known.item, wanted.field, value)) is not None
            ]
            if found:
                exact = [span for says, span in found if says]
                return list(dict.fromkeys(exact or (span for _, span in found)))
        return []

    def _matching(self, wanted: Input) -> Iterator[Known]:
        for known in self._known:
            if not isinstance(known.item, wanted.item):
                continue
            if wanted.of == "anywhere" or not known.cluster or (known.cluster == self._here) == (wanted.of == "here"):
                yield known


def _everything(relations: Relations) -> Iterator[Known]:
    fleet = relations.fleet
    for item in (*fleet.workspaces, *fleet.gateways, *fleet.published_hosts):
        yield from (Known(inner, "") for inner in _within(item))
    for cluster in fleet.clusters:
        yield Known(cluster, cluster.name)
    for name, inventory in fleet.inventories.items():
        yield from (Known(inner, name) for inner in _within(inventory))
    yield Known(fleet.spec, "")


def _within(item: Item) -> Iterator[Item]:
    yield item
    for name in item.model_fields_set:
        value = getattr(item, name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Item):
                yield from _within(inner)


def _of_workspace(
    relations: Relations, artifact: Artifact, named: Iterable[Known], clusters: Iterable[str]
) -> Iterator[Known]:
    """The workspace that the origin names or that publishes there, its parts, those of the published host, and the
    settings of the gateways that are involved there.
    """
    sort, _, name = artifact.origin.name.partition("/")
    for known in named:
        if isinstance(known.item, PublishedHost):
            sort, name = "workspace", known.item.workspace
            yield from (Known(inner, "") for inner in _within(known.item))
    gateways = [known.item for known in named if isinstance(known.item, GatewaySettings)]
    for workspace in relations.fleet.workspaces:
        if sort == "workspace" and workspace.name == name:
            yield Known(workspace, "")
            yield Known(workspace.namespace_selector, "")
            gateways += [workspace.east_west_gateway] if workspace.east_west_gateway else []
    for gateway in gateways:
        settings = relations.gateways[gateway.namespace, gateway.name]
        yield Known(settings, "")
        for override in settings.overrides:
            chosen = [name for name in sorted(clusters) if selects(override.clusters, relations.cluster(name))]
            yield from (Known(override, name) for name in chosen)


def _around(relations: Relations, clusters: Iterable[str]) -> Iterator[Known]:
    """Settings that hold for whole clusters, and for the fleet."""
    for name in sorted(clusters):
        yield Known(relations.cluster(name), name)
        inventory = relations.inventory(name)
        if inventory is not None and inventory.istio is not None:
            yield Known(inventory.istio, name)
    spec = relations.fleet.spec
    yield from (Known(item, "") for item in (spec.istio, spec.tetrate) if item is not None)
    yield Known(spec, "")


def _written(item: Item, field: str, value: Any) -> tuple[bool, Span] | None:
    """Where `field`, attributes with dots between, is written in `item`, and whether it says `value` itself.

    None where it is left out.
    """
    *outer, last = field.split(".")
    for name in outer:
        inner = getattr(item, name)
        if not isinstance(inner, Item):
            return None
        item = inner
    if last not in item.model_fields_set:
        return None
    key = type(item).model_fields[last].alias or last
    held = getattr(item, last)
    if isinstance(held, list) and value in held:
        span, says = item.span(key, held.index(value)), True
    else:
        span, says = item.span(key), held == value
    return None if span is None else (says, span)
