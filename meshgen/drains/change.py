"""The next text of a file in which an item begins or ends to drain in a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from meshgen.analysis.hosts import covers, selects
from meshgen.edits.fields import replaced, says, source, with_field, with_item, without_field, without_item
from meshgen.edits.layout import CannotSpliceError
from meshgen.edits.scalar import text as scalar
from meshgen.language.base import ClusterSelector
from meshgen.load.nodes import plain_value
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from meshgen.drains.items import Item
    from meshgen.language.cluster import Cluster
    from meshgen.load.nodes import Node

FIELD = "draining"


class ByHandError(Exception):
    """The file has to be changed by hand; the text says why."""


class _Next(NamedTuple):
    text: str
    says: Any
    """What the item says then, as plain data; None: it is gone."""


_Maker = Callable[[str, "Item", str], _Next]


def drained(text: str, item: Item, cluster: Cluster) -> str | None:
    """`text`, the file of the item, with it draining in the cluster; None where the file says so already.

    Raises ByHandError where one field cannot say it, or the text cannot be changed by lines.
    """
    selector = _selector(item.node)
    made: _Maker | None
    if item.sort == "cluster":
        made = None if _value(item.node, "state") == "draining" else _drained_cluster
    elif selector is None:
        made = _with_selector
    elif selects(selector, cluster):
        made = None
    elif covers(selector.labels or {}, cluster.labels):
        made = _with_name
    else:
        raise ByHandError(f"`draining` asks for labels that `{cluster.name}` does not carry")
    return None if made is None else _checked(text, item, cluster.name, made)


def undrained(text: str, item: Item, cluster: Cluster) -> str | None:
    """`text` with the item no longer draining in the cluster; None where the file does not say that it is.

    Raises ByHandError as `drained` does.
    """
    selector = _selector(item.node)
    made: _Maker | None
    if item.sort == "cluster":
        made = _undrained_cluster if _value(item.node, "state") == "draining" else None
    elif selector is None or not selects(selector, cluster):
        made = None
    elif selector.names is None or selects(_without(selector, cluster.name), cluster):
        how = "a pattern" if selector.names is not None else "its labels" if selector.labels else "choosing all"
        raise ByHandError(f"`draining` chooses `{cluster.name}` by {how}")
    else:
        made = _without_name
    return None if made is None else _checked(text, item, cluster.name, made)


def _without(selector: ClusterSelector, name: str) -> ClusterSelector:
    return selector.model_copy(update={"names": [each for each in selector.names or () if each != name]})


def _checked(text: str, item: Item, cluster: str, made: _Maker) -> str:
    """What `made` gives, where the text then says exactly that."""
    try:
        following = made(text, item, cluster)
    except CannotSpliceError as error:
        raise ByHandError("its layout is one that meshgen does not change") from error
    documents = []
    for root, _ in parse(text, item.document.file).documents:
        own = root.span == item.document.node.span
        documents.append(_put(plain_value(root), item.path, following.says) if own else plain_value(root))
    if not says(following.text, documents):
        raise ByHandError("its layout is one that meshgen does not change")
    return following.text


def _put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    whole = document
    for step in path[:-1]:
        document = document[step]
    if value is None:
        del document[path[-1]]
    else:
        document[path[-1]] = value
    return whole


def _drained_cluster(text: str, item: Item, _: str) -> _Next:
    said = {**_plain(item.node), "state": "draining"}
    entries = item.node.entries or {}
    if "state" in entries:
        return _Next(replaced(text, entries["state"][1], "draining"), said)
    if item.path == ("spec",) and "spec" not in (item.document.node.entries or {}):
        root = item.document.node
        return _Next(with_field(text, root, "spec", "\n  state: draining", len(root.entries or {})), said)
    return _Next(with_field(text, item.node, "state", "draining", min(1, len(entries))), said)


def _undrained_cluster(text: str, item: Item, _: str) -> _Next:
    """The field goes where draining would have put it; elsewhere somebody had written it, so it says `active`."""
    said = {key: value for key, value in _plain(item.node).items() if key != "state"}
    entries = item.node.entries or {}
    if list(entries).index("state") != min(1, len(said)):
        return _Next(replaced(text, entries["state"][1], "active"), {**_plain(item.node), "state": "active"})
    if said or source(text, item.node)[:1] == "{":
        return _Next(without_field(text, item.node, "state"), said)
    return _Next(without_field(text, item.document.node, "spec"), None)


def _with_selector(text: str, item: Item, cluster: str) -> _Next:
    made = f"{{names: [{scalar(cluster)}]}}"
    selector = {"names": [cluster]}
    entries = item.node.entries
    if entries is None:  # the short form of an exposed service
        written = source(text, item.node)
        said = {"host": item.node.value, FIELD: selector}
        return _Next(replaced(text, item.node, f"{{host: {written}, {FIELD}: {made}}}"), said)
    # In front of a lone host in braces, so that its end is not taken for that of the short form.
    alone = item.sort == "service" and len(entries) == 1 and source(text, item.node)[:1] == "{"
    said = {**_plain(item.node), FIELD: selector}
    return _Next(with_field(text, item.node, FIELD, made, 0 if alone else len(entries)), said)


def _with_name(text: str, item: Item, cluster: str) -> _Next:
    names = item.node.find([FIELD, "names"])
    selector = plain_value(item.node.find([FIELD]))
    assert isinstance(selector, dict)  # noqa: S101 - it was validated
    said = {**_plain(item.node), FIELD: {**selector, "names": [*_list(names), cluster]}}
    return _Next(with_item(text, names, scalar(cluster)), said)


def _without_name(text: str, item: Item, cluster: str) -> _Next:
    entries = item.node.entries or {}
    selector = item.node.find([FIELD])
    names = item.node.find([FIELD, "names"])
    if len(names.items or ()) > 1 or len(selector.entries or {}) > 1:
        rest = [name for name in _list(names) if name != cluster]
        said = {**_plain(item.node), FIELD: {**_plain(selector), "names": rest}}
        return _Next(without_item(text, names, _list(names).index(cluster)), said)
    said = {key: value for key, value in _plain(item.node).items() if key != FIELD}
    if item.sort == "service" and list(entries) == ["host", FIELD] and source(text, item.node)[:1] == "{":
        host = entries["host"][1]
        return _Next(replaced(text, item.node, source(text, host)), host.value)
    return _Next(without_field(text, item.node, FIELD), said)


def _selector(node: Node) -> ClusterSelector | None:
    entry = (node.entries or {}).get(FIELD)
    return None if entry is None else ClusterSelector.model_validate(plain_value(entry[1]))


def _value(node: Node, key: str) -> Any:
    entry = (node.entries or {}).get(key)
    return None if entry is None else entry[1].value


def _plain(node: Node) -> dict[str, Any]:
    found = plain_value(node)
    assert isinstance(found, dict)  # noqa: S101 - a mapping
    return found


def _list(node: Node) -> list[Any]:
    found = plain_value(node)
    assert isinstance(found, list)  # noqa: S101 - a list
    return found
