"""The typed fleet: documents validated by the models, lists and documents merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError

from meshgen import __version__
from meshgen.diagnostics import Diagnostic, Note, Span, diagnose
from meshgen.diagnostics.near import near
from meshgen.language.base import Item
from meshgen.language.fleet import Fleet
from meshgen.language.instead import as_mapping
from meshgen.language.kinds import LISTS, MODELS, NamedFleet
from meshgen.language.misplaced import indent, lost_by
from meshgen.language.mistakes import Subject, is_what, mistakes, object_at
from meshgen.language.shape import fields, required, shape
from meshgen.load.documents import first_key, quoted
from meshgen.load.nodes import Node
from meshgen.load.scalars import old_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meshgen.load.documents import Document, Loaded


_TOP = ("apiVersion", "kind", "metadata", "spec")
_T = TypeVar("_T", bound=Item)


class Written(dict[str, Any]):
    """A mapping of a document that knows its node, from which the models take their positions."""

    __slots__ = ("node",)
    node: Node


_NO_VALUE = object()
"""Stands for null, which no field takes: an emptied list must not mean "everything"."""


def typed_fleet(loaded: Loaded) -> tuple[Fleet | None, list[Diagnostic]]:
    """The fleet that `loaded` describes, and every mistake in its documents (MG100 to MG113).

    The fleet is None where reading or typing found an error.
    """
    diagnostics: list[Diagnostic] = []
    items: dict[str, list[Any]] = {kind: [] for kind in MODELS}
    for document in loaded.documents:
        item, found = _typed(document)
        diagnostics += found
        if item is not None:
            items[document.kind].append(item)
    diagnostics += _duplicates(loaded)
    if not loaded.complete or any(diagnostic.severity == "error" for diagnostic in diagnostics):
        return None, diagnostics
    spec: NamedFleet = items["Fleet"][0]
    fleet = Fleet(
        name=spec.name,
        spec=spec,
        directory=loaded.directory,
        clusters=_merged(spec.clusters, items["Cluster"]),
        gateways=_merged(spec.gateways, items["Gateway"]),
        workspaces=_merged(spec.workspaces, items["Workspace"]),
        published_hosts=_merged(spec.published_hosts, items["PublishedHost"]),
        inventories={inventory.name: inventory for inventory in sorted(items["Inventory"], key=lambda item: item.name)},
    )
    return fleet, diagnostics


def _merged(listed: Iterable[_T], documents: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(sorted([*listed, *documents], key=lambda item: str(getattr(item, "name", ""))))


def _typed(document: Document) -> tuple[Item | None, list[Diagnostic]]:
    model = MODELS[document.kind]
    called = document.kind[:1].lower() + document.kind[1:]
    diagnostics = list(_envelope(document, model, called))
    if diagnostics and not _usable(document):
        return None, diagnostics
    node, place = _one_mapping(document)
    subject = Subject(model, node, place, f"{called}/{document.name}", _astray(document, model))
    if document.ambiguous:
        diagnostics += _read_otherwise(subject)
    if document.kind == "Fleet":
        diagnostics += _required_version(node, subject.object)
    try:
        item = model.model_validate(_data(node, document.kind))
    except ValidationError as error:
        # A document without a name was told already, whatever it has instead.
        diagnostics += [found for found in mistakes(error, subject) if document.name or not _of_name(found, called)]
        return None, diagnostics
    return item, diagnostics


def _of_name(found: Diagnostic, called: str) -> bool:
    return found.code == "MG101" and found.help == "Add `name`." and found.message.startswith(f"{called} `")


def _usable(document: Document) -> bool:
    entries = document.node.entries or {}
    return "spec" in entries and entries["spec"][1].entries is not None


def _envelope(document: Document, model: type[Item], called: str) -> Iterator[Diagnostic]:
    """Mistakes around the spec: `metadata.name`, and nothing but the four fields on top."""
    entries = document.node.entries or {}
    named = f"{called}/{document.name}"
    unknown = [key for key in entries if key not in _TOP]
    # What belongs below a `spec` or `metadata` without a value has lost its indentation: that is one mistake.
    lost = {
        "metadata": [key for key in unknown if key == "name"] if _empty(entries, "metadata") else [],
        "spec": [key for key in unknown if key in fields(model) and key != "name"] if _empty(entries, "spec") else [],
    }
    for key in unknown:
        if key not in lost["metadata"] and key not in lost["spec"]:
            advice = _advice_on_top(key, entries, model)
            yield diagnose("MG100", f"unknown field `{key}`", entries[key][0], help=advice, object=named)
    yield from _metadata(document, called, lost["metadata"])
    if "spec" not in entries:
        if required(model) - {"name"} and not any(near(key, ["spec"]) for key in unknown):
            place = entries["kind"][1].span
            yield diagnose("MG101", f"the {called} has no `spec`", place, help="Add `spec`.", object=named)
        return
    key_span, spec = entries["spec"]
    if spec.entries is None:
        yield _no_mapping("spec", key_span, spec, named, lost["spec"])
    elif "name" in spec.entries and _astray(document, model) is None:
        yield diagnose(
            "MG100",
            "unknown field `name`",
            spec.entries["name"][0],
            help="The name of a document stands in its `metadata`.",
            object=named,
        )


def _astray(document: Document, model: type[Item]) -> str | None:
    """The key of the spec without a value whose `name` stands beside it."""
    spec = document.node.find(["spec"])
    return lost_by("name", (), spec, model) if spec.entries and "name" in spec.entries else None


def _empty(entries: Mapping[str, tuple[Span, Node]], key: str) -> bool:
    return key in entries and entries[key][1].plain == ""


def _advice_on_top(key: str, entries: Mapping[str, tuple[Span, Node]], model: type[Item]) -> str:
    similar = near(key, [name for name in _TOP if name not in entries])
    if key == "name":
        return "The name of a document stands in its `metadata`: write `metadata: {name: …}`."
    if similar:
        return f"Write `{similar[0]}`."
    inside = " It belongs into `spec`." if key in fields(model) else ""
    return f"Known here: {', '.join(f'`{name}`' for name in _TOP)}.{inside}"


def _metadata(document: Document, called: str, lost: list[str]) -> Iterator[Diagnostic]:
    """Mistakes in `metadata`; `lost` is the name where it stands beside it instead."""
    entries = document.node.entries or {}
    missing = diagnose(
        "MG101",
        f"the {called} has no `name`",
        entries["metadata"][0] if "metadata" in entries else entries["kind"][1].span,
        help="Add `metadata: {name: …}`.",
        object=called,
    )
    if "metadata" not in entries:
        if "name" not in entries and not any(near(key, ["metadata"]) for key in entries if key not in _TOP):
            yield missing
        return
    key_span, metadata = entries["metadata"]
    if metadata.entries is None:
        yield _no_mapping("metadata", key_span, metadata, called, lost)
        return
    unknown = [key for key in metadata.entries if key != "name"]
    if "name" not in metadata.entries and not any(near(key, ["name"]) for key in unknown):
        yield missing
    for key in unknown:
        advice = "Write `name`." if near(key, ["name"]) and "name" not in metadata.entries else "Known here: `name`."
        yield diagnose("MG100", f"unknown field `{key}`", metadata.entries[key][0], help=advice, object=called)


def _no_mapping(key: str, key_span: Span, node: Node, named: str, lost: list[str]) -> Diagnostic:
    if node.items is None and node.value is None:
        advice = indent(lost, into_list=False) if lost else "Write its fields, or `{}` for none."
        return diagnose("MG108", f"`{key}` has no value", key_span, help=advice, object=named)
    text = quoted(node)
    advice = f"Write `{{name: {text[1:-1]}}}`." if key == "metadata" and node.items is None else as_mapping(node, None)
    advice = advice or "Write its fields as `key: value`, one a line."
    return diagnose(
        "MG102", f"`{key}` must be a mapping, but this is {is_what(node)}", node.span, help=advice, object=named
    )


def _one_mapping(document: Document) -> tuple[Node, Span]:
    """The document as one mapping, like an item of the Fleet's lists, and the place that stands for it."""
    top = document.node.entries or {}
    metadata = top["metadata"][1].entries if "metadata" in top else None
    entries: dict[str, tuple[Span, Node]] = {}
    span = place = first_key(document.node)
    if metadata and "name" in metadata:
        entries["name"] = metadata["name"]
        span = place = metadata["name"][1].span
    if "spec" in top:
        place = top["spec"][0]
        entries |= {key: entry for key, entry in (top["spec"][1].entries or {}).items() if key != "name"}
    return Node(span, entries=entries), place


def _data(node: Node, kind: str) -> Written:
    data = cast("Written", _value(node))
    if kind == "Workspace":
        _expand(data)
    workspaces = data.get("workspaces") if kind == "Fleet" else None
    for workspace in workspaces if isinstance(workspaces, list) else ():
        if isinstance(workspace, Written):
            _expand(workspace)
    return data


def _value(node: Node) -> Any:
    if node.entries is not None:
        data = Written((key, _value(value)) for key, (_, value) in node.entries.items())
        data.node = node
        return data
    if node.items is not None:
        return [_value(item) for item in node.items]
    return _NO_VALUE if node.value is None else node.value


def _expand(workspace: Written) -> None:
    """A text among the exposed services is the short form of its host."""
    services = workspace.get("exposedServices")
    nodes = workspace.node.find(["exposedServices"]).items
    if not isinstance(services, list) or nodes is None:
        return
    for index, (service, node) in enumerate(zip(services, nodes, strict=True)):
        if isinstance(service, str):
            expanded = services[index] = Written(host=service)
            expanded.node = Node(node.span, entries={"host": (node.span, node)})


def _duplicates(loaded: Loaded) -> Iterator[Diagnostic]:
    """MG109; of several fleets, which is MG018, only what stands twice in one file or in one of them."""
    places: dict[tuple[str, str, str], list[Span]] = {}
    several = [document.kind for document in loaded.documents].count("Fleet") > 1
    for document in loaded.documents:
        scope = document.file if several else ""
        if document.kind == "Fleet":
            scope = str(document.node.span) if several else ""
            spec = document.node.find(["spec"])
            for key, kind in LISTS.items():
                for item in (spec.entries[key][1].items or ()) if spec.entries and key in spec.entries else ():
                    named = item.entries["name"][1] if item.entries and "name" in item.entries else None
                    if named is not None and isinstance(named.value, str):
                        places.setdefault((kind, named.value, scope), []).append(named.span)
        elif document.name:
            span = document.node.find(["metadata", "name"]).span
            places.setdefault((document.kind, document.name, scope), []).append(span)
    for (kind, name, _), spans in places.items():
        first, *others = sorted(spans)
        called = kind[:1].lower() + kind[1:]
        for span in others:
            yield diagnose(
                "MG109",
                f"{_CALLED.get(kind, called)} `{name}` stands twice in the fleet",
                span,
                help="Keep one of the two, in the list or as a document.",
                notes=(Note(first, "the first one is here"),),
                object=f"{called}/{name}",
            )


_LONGEST_SPECIFIER = 200
_CALLED = {"PublishedHost": "published host", "Inventory": "the inventory of cluster"}


def _required_version(node: Node, called: str) -> Iterator[Diagnostic]:
    wanted = (node.entries or {}).get("requiredVersion")
    if wanted is None or not isinstance(wanted[1].value, str):
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = wanted[1].value
    try:
        satisfied = SpecifierSet(text if len(text) <= _LONGEST_SPECIFIER else "?").contains(
            __version__, prereleases=True
        )
    except InvalidSpecifier:
        yield diagnose(
            "MG113",
            f"`requiredVersion` cannot be {quoted(wanted[1])}",
            wanted[1].span,
            help="Write version specifiers (PEP 440) such as `>=0.1,<1`.",
            object=called,
        )
        return
    if not satisfied:
        yield diagnose(
            "MG112",
            f"the fleet must be built by meshgen `{text}`, but this is {__version__}",
            wanted[1].span,
            help=f"Install it: `pip install 'meshgen{text}'`.",
            object=called,
        )


def _read_otherwise(subject: Subject) -> Iterator[Diagnostic]:
    """Text without quotes that tools with YAML 1.1 read as something else."""
    todo: list[tuple[tuple[str | int, ...], Node, Any]] = [((), subject.node, subject.model)]
    while todo:
        path, node, annotation = todo.pop()
        expected = shape(annotation)
        if node.entries is not None:
            known = fields(expected.model) if expected.model is not None else {}
            for key, (_, value) in node.entries.items():
                inner = known.get(key, expected.of)
                if inner is not None:
                    todo.append(((*path, key), value, inner))
        elif node.items is not None:
            todo += [((*path, index), item, expected.of) for index, item in enumerate(node.items) if expected.of]
        elif isinstance(node.value, str) and node.plain is not None and expected.sort in {"text", "several"}:
            read = old_reading(node.plain)
            if read is not None:
                yield diagnose(
                    "MG110" if read == "boolean" else "MG111",
                    f"`{node.plain}` is text here, but tools with YAML 1.1 read it as a {read}",
                    node.span,
                    help=f'Quote it: `"{node.plain}"`.',
                    object=object_at(path, subject),
                )


__all__ = ["Written", "typed_fleet"]
