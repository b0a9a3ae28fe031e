"""What a shell offers behind a cursor: codes, hosts, clusters. It reads the fleet as text, without rules and models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import click
    from click.shell_completion import CompletionItem

    from meshgen.drains.items import Sort
    from meshgen.load import Document
    from meshgen.load.nodes import Node

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_MOST_BYTES = 8_000_000
"""Fleets that are larger are not read at every press of a key."""
_LISTS = {"Fleet": "clusters"}


def _quietly(names: Callable[[click.Context, str], Iterator[str]]) -> Completer:
    """A completer of `names` that begin with what was typed; none where anything goes wrong.

    A shell shows whatever is printed in the middle of the line that somebody is writing.
    """

    def complete(context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # no run but this needs it

        try:
            return [CompletionItem(name) for name in dict.fromkeys(names(context, typed)) if name.startswith(typed)]
        except Exception:  # noqa: BLE001 - see above
            return []

    return complete


def _clusters(context: click.Context, _: str) -> Iterator[str]:
    for kind, name, spec in _documents(context):
        if kind == "Cluster":
            yield name
        yield from (text for item in _items(spec, _LISTS.get(kind)) if (text := _text(item, "name")))


def _hosts(context: click.Context, _: str) -> Iterator[str]:
    documents = list(_documents(context))
    domains = [text for kind, _, spec in documents if kind == "Fleet" and (text := _text(spec, "clusterDomain"))]
    domain = domains[0] if domains else "cluster.local"
    for kind, _, spec in documents:
        for item in _items(spec, "services" if kind == "Inventory" else None):
            yield f"{_text(item, 'name')}.{_text(item, 'namespace')}.svc.{domain}"


def _items_of(sort: Sort) -> Callable[[click.Context, str], Iterator[str]]:
    def names(context: click.Context, _: str) -> Iterator[str]:
        from meshgen.drains.items import items
        from meshgen.load import Loaded

        loaded = Loaded(_read(context))
        yield from (name for item in items(loaded, "cluster.local") if item.sort == sort for name in item.names[:1])

    return names


def _subjects(context: click.Context, typed: str) -> Iterator[str]:
    from meshgen.pages import codes

    yield from codes()
    if not typed.startswith("MG"):
        yield from sorted(_hosts(context, typed))


def _documents(context: click.Context) -> Iterator[tuple[str, str, Node]]:
    """Kind, name and spec of every document of the fleet that the command line names."""
    for document in _read(context):
        yield document.kind, document.name, document.node.find(["spec"])


def _read(context: click.Context) -> tuple[Document, ...]:
    """The documents of the fleet that the command line names; none of one that is large."""
    from meshgen.load import load

    fleet = Path(_fleet(context))
    files = fleet.rglob("*.y*ml") if fleet.is_dir() else [fleet]
    if sum(file.stat().st_size for file in files) > _MOST_BYTES:
        return ()
    return load(fleet)[0].documents


def _fleet(context: click.Context) -> str:
    """The fleet of a line whose last option has no value yet: click gives up before it comes to the arguments."""
    left = [word for word in context.args if not word.startswith("-")]
    takes = any(each.name == "fleet" and each.param_type_name == "argument" for each in context.command.params)
    return left[0] if left and takes else str(context.params.get("fleet") or "fleet")


def _items(spec: Node, key: str | None) -> list[Node]:
    entry = (spec.entries or {}).get(key or "")
    return list(entry[1].items or []) if entry else []


def _text(node: Node, key: str) -> str:
    entry = (node.entries or {}).get(key)
    value: Any = entry[1].value if entry else None
    return value if isinstance(value, str) else ""


clusters = _quietly(_clusters)
hosts = _quietly(_hosts)
workspaces = _quietly(_items_of("workspace"))
published_hosts = _quietly(_items_of("host"))
gateways = _quietly(_items_of("gateway"))
exposed = _quietly(_items_of("service"))


def subjects(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Codes, hosts, and whatever files the shell finds."""
    from click.shell_completion import CompletionItem

    return [*_quietly(_subjects)(context, parameter, typed), CompletionItem(typed, type="file")]
