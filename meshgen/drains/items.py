"""The item of a fleet that is to drain, where its file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.diagnostics.near import did_you_mean, near, near_host
from meshgen.diagnostics.several import phrase
from meshgen.load.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.load import Document, Loaded

Sort = Literal["cluster", "workspace", "host", "gateway", "service"]
LISTS: dict[str, tuple[Sort, str]] = {
    "Cluster": ("cluster", "clusters"),
    "Workspace": ("workspace", "workspaces"),
    "PublishedHost": ("host", "publishedHosts"),
    "Gateway": ("gateway", "gateways"),
}
"""Kind → the sort of item, and the list of the Fleet that has it, too."""
CALLED: dict[Sort, str] = {
    "cluster": "cluster",
    "workspace": "workspace",
    "host": "published host",
    "gateway": "gateway",
    "service": "exposed service",
}


class Item(NamedTuple):
    """An item, and its place."""

    sort: Sort
    names: tuple[str, ...]
    """What it is called, the best of its names first."""
    document: Document
    path: tuple[str | int, ...]
    """Where in the document it stands; of a document without `spec` that of the `spec` that it could have."""
    node: Node
    """A mapping, or the text that is the short form of an exposed service."""

    def __str__(self) -> str:
        return f"{CALLED[self.sort]} `{self.names[0]}`"


def items(loaded: Loaded, domain: str) -> Iterator[Item]:
    """Every item that can drain; a gateway inside workspaces in each of them, those with settings of their own first.

    `domain`: of the names of Services, which are called by less of them, too.
    """
    workspaces = []
    for document in loaded.documents:
        for sort, name, path, node in _in_document(document):
            if sort == "gateway":
                yield _gateway(document, name, path, node)
            elif sort == "host":
                names = tuple(dict.fromkeys((name, _text(node, "host") or name)))
                yield Item("host", names, document, path, node)
            else:
                yield Item(sort, (name,), document, path, node)
            if sort == "workspace":
                workspaces.append((document, path, node))
    inline = [
        _gateway(document, _text(gateway, "name"), (*path, "eastWestGateway"), gateway)
        for document, path, node in workspaces
        if (gateway := _field(node, "eastWestGateway")) is not None and gateway.entries is not None
    ]
    yield from sorted(inline, key=lambda item: set(item.node.entries or ()) <= {"name", "namespace"})
    for document, path, node in workspaces:
        listed = _field(node, "exposedServices")
        for index, setting in enumerate((listed.items if listed is not None else None) or ()):
            host = setting.value if isinstance(setting.value, str) else _text(setting, "host")
            names = tuple(dict.fromkeys((host, host.removesuffix(f".svc.{domain}"), host.partition(".")[0])))
            yield Item("service", names, document, (*path, "exposedServices", index), setting)


def _in_document(document: Document) -> Iterator[tuple[Sort, str, tuple[str | int, ...], Node]]:
    root = document.node
    if document.kind in LISTS:
        spec = _field(root, "spec")
        yield LISTS[document.kind][0], document.name, ("spec",), spec or Node(root.span, entries={})
    elif document.kind == "Fleet":
        for sort, key in LISTS.values():
            listed = _field(root.find(["spec"]), key)
            for index, node in enumerate((listed.items if listed is not None else None) or ()):
                yield sort, _text(node, "name"), ("spec", key, index), node


def _gateway(document: Document, name: str, path: tuple[str | int, ...], node: Node) -> Item:
    return Item("gateway", (f"{_text(node, 'namespace')}/{name}", name), document, path, node)


def wanted_item(loaded: Loaded, domain: str, sort: Sort, name: str) -> Item | Diagnostic:
    """The item of that sort and name; MG833 where there is none or several, MG834 where nothing lists the service."""
    known = [item for item in items(loaded, domain) if item.sort == sort]
    found = [item for item in known if name in item.names]
    called = sorted({item.names[0] for item in found})
    if sort in ("gateway", "service") and len(called) > 1:
        message = f"the fleet has {len(called)} {CALLED[sort]}s `{name}`"
        return diagnose("MG833", message, help=f"Say which: {_some(called)}.", object=f"{sort}/{name}")
    if found:
        return found[0]
    names = [each for item in known for each in (item.names[:1] if sort == "gateway" else item.names)]
    if sort == "service":
        return _unlisted(name, names)
    advice = did_you_mean(near(name, names)) or (f"It has {_some(names)}." if names else "It has none.")
    return diagnose("MG833", f"the fleet has no {CALLED[sort]} `{name}`", help=advice, object=f"{sort}/{name}")


def _unlisted(name: str, names: Sequence[str]) -> Diagnostic:
    return diagnose(
        "MG834",
        f"no workspace lists `{name}` among its `exposedServices`",
        help=did_you_mean(near_host(name, names))
        or "Where a workspace exposes everything, drain the workspace, or list its services first.",
        object=name,
    )


def _some(names: Sequence[str]) -> str:
    return phrase([f"`{name}`" for name in dict.fromkeys(names)])


def _field(node: Node, key: str) -> Node | None:
    entry = (node.entries or {}).get(key)
    return None if entry is None else entry[1]


def _text(node: Node, key: str) -> str:
    found = _field(node, key)
    return found.value if found is not None and isinstance(found.value, str) else ""
