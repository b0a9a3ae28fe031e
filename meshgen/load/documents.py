"""The documents of a fleet: what kind each is, and that there is exactly one Fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Note, diagnose
from meshgen.diagnostics.near import near
from meshgen.diagnostics.printing import masked
from meshgen.load.copies import copied, copies
from meshgen.load.files import decoded, directory_of, read_files
from meshgen.load.parse import LibyamlMissingError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.diagnostics import Span
    from meshgen.load.nodes import Node

API_VERSION = "meshgen.io/v1"
KINDS = ("Fleet", "Cluster", "Gateway", "Workspace", "PublishedHost", "Inventory")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the fleet whose `apiVersion` and `kind` are right.

    `name` is `metadata.name`, or empty where that is missing or no text, which typing reports.
    """

    kind: str
    name: str
    api_version: str
    node: Node
    file: str
    ambiguous: bool = False
    """Whether a scalar without quotes is something else in YAML 1.1."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that was read.

    `sources` has the text of each file by the path that diagnostics show. `complete` is false where reading
    found an error, so that nothing later concludes that something is missing.
    """

    documents: tuple[Document, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    directory: str = ""
    """What the paths of all files begin with: the directory that was read; empty where there is none."""


def load(path: Path) -> tuple[Loaded, list[Diagnostic]]:
    """Reads the fleet at `path`, a directory or one file, and reports every problem of form at once.

    No input raises: what cannot be read is left out of the result and reported (MG001 to MG020).
    """
    sources, diagnostics = read_files(path)
    return load_texts(sources, diagnostics, directory_of(path))


def load_contents(contents: Mapping[str, bytes]) -> tuple[Loaded, list[Diagnostic]]:
    """Reads a fleet that is not on disk, as one of an earlier commit: the contents of its files by their paths."""
    return load_texts(*decoded(contents))


def load_texts(
    sources: dict[str, str], diagnostics: list[Diagnostic], directory: str = ""
) -> tuple[Loaded, list[Diagnostic]]:
    """The fleet that the texts of `sources` make, by the path of their file, with what reading them found before.

    `directory`: what these paths begin with.
    """
    documents: list[Document] = []
    manifests: list[Node] = []
    for file, text in sources.items():
        try:
            parsed = parse(text, file)
        except LibyamlMissingError:
            diagnostics.append(
                diagnose(
                    "MG019",
                    "the C parser of ruamel.yaml is not installed",
                    help="Install it with `pip install 'ruamel.yaml[oldlibyaml]'`.",
                )
            )
            break
        diagnostics += parsed.diagnostics
        for node, ambiguous in parsed.documents:
            if _is_manifest(node):
                manifests.append(node)
                continue
            found = _document(node, file, ambiguous=ambiguous)
            if isinstance(found, Document):
                documents.append(found)
            else:
                diagnostics.append(found)
    diagnostics += _manifests(manifests)
    repeated = copies((document.file, (document.kind, document.name)) for document in documents)
    diagnostics += copied(repeated)
    documents = [document for document in documents if document.file not in repeated]
    diagnostics += _one_fleet(documents, read_whole=not diagnostics)
    complete = not any(diagnostic.severity == "error" for diagnostic in diagnostics)
    return Loaded(tuple(documents), sources, complete, directory), diagnostics


def _is_manifest(node: Node) -> bool:
    """Whether it is a Kubernetes object of others: of another kind than a fleet has, or of another group."""
    entries = node.entries or {}
    version, kind = (entries[key][1].value if key in entries else None for key in ("apiVersion", "kind"))
    if not isinstance(version, str) or not isinstance(kind, str) or version == API_VERSION:
        return False
    group = version.rpartition("/")[0]
    return "meshgen" not in version and (kind not in KINDS or bool(group))


def _manifests(nodes: list[Node]) -> list[Diagnostic]:
    """MG066, one for all Kubernetes objects of a fleet, with a place for each file."""
    if not nodes:
        return []
    files: dict[str, list[Node]] = {}
    for node in nodes:
        files.setdefault(node.span.file, []).append(node)
    notes = [Note(_kind_place(of_file[0]), _called(of_file)) for of_file in files.values()]
    what = _called(nodes)
    return [
        diagnose(
            "MG066",
            f"{what} {'is no document' if len(nodes) == 1 else 'are no documents'} of a fleet",
            notes[0].span,
            help="Move them out of the fleet; `meshgen inventory import --cluster NAME PATH` takes from them what a "
            "fleet has to know.",
            notes=tuple(notes[1:]),
        )
    ]


def _called(nodes: list[Node]) -> str:
    kind, name = nodes[0].find(["kind"]).value, nodes[0].find(["metadata", "name"])
    called = f"{kind} {quoted(name)}" if isinstance(name.value, str) else f"{kind}"
    return called if len(nodes) == 1 else f"{called} and {len(nodes) - 1} more"


def _kind_place(node: Node) -> Span:
    return node.find(["kind"]).span


def _document(node: Node, file: str, *, ambiguous: bool) -> Document | Diagnostic:
    if node.entries is None:
        return diagnose(
            "MG015",
            f"a document must be a mapping, but this one is {'a list' if node.items is not None else 'a value'}",
            node.span,
            help=f"Start it with `apiVersion: {API_VERSION}` and `kind`.",
        )
    api_version = node.entries.get("apiVersion")
    kind = node.entries.get("kind")
    if api_version is None or api_version[1].value != API_VERSION:
        return _wrong_api_version(node, api_version, kind)
    if kind is None or kind[1].value not in KINDS:
        return _wrong_kind(node, kind)
    metadata = node.entries.get("metadata")
    named = metadata[1].entries if metadata else None
    name = named["name"][1].value if named and "name" in named else None
    return Document(str(kind[1].value), name if isinstance(name, str) else "", API_VERSION, node, file, ambiguous)


def _wrong_api_version(node: Node, entry: tuple[Span, Node] | None, kind: tuple[Span, Node] | None) -> Diagnostic:
    if entry is None:
        place, misspelled = _misspelled("apiVersion", node)
        return diagnose(
            "MG016",
            "the document has no `apiVersion`",
            place,
            help=misspelled or f"Add `apiVersion: {API_VERSION}`, or move the file out of the fleet.",
        )
    advice = f"Write `{API_VERSION}`, or move the document out of the fleet."
    if kind is not None and kind[1].value in KINDS:
        advice = f"Write `{API_VERSION}`."
    return diagnose("MG016", f"unknown apiVersion {quoted(entry[1])}", entry[1].span, help=advice)


def _wrong_kind(node: Node, entry: tuple[Span, Node] | None) -> Diagnostic:
    kinds = ", ".join(f"`{kind}`" for kind in KINDS)
    if entry is None:
        place, misspelled = _misspelled("kind", node)
        advice = misspelled or f"Add `kind`, with one of {kinds}."
        return diagnose("MG017", "the document has no `kind`", place, help=advice)
    similar = near(entry[1].value, KINDS) if isinstance(entry[1].value, str) else []
    advice = f"Write `{similar[0]}`." if len(similar) == 1 else f"Write one of {kinds}."
    return diagnose("MG017", f"unknown kind {quoted(entry[1])}", entry[1].span, help=advice)


def _misspelled(wanted: str, node: Node) -> tuple[Span, str]:
    """The place that shows that `wanted` is missing, and what to write if a key there is meant for it."""
    for key, (span, _) in (node.entries or {}).items():
        if near(key, [wanted]):
            return span, f"Write `{wanted}` for `{key}`."
    return first_key(node), ""


def first_key(node: Node) -> Span:
    """The place that stands for the whole of a mapping: its first key."""
    if node.entries:
        return next(iter(node.entries.values()))[0]
    return node.span


def quoted(node: Node) -> str:
    """The value of a node in a message: as written, in backticks."""
    if node.entries is not None:
        return "(a mapping)"
    if node.items is not None:
        return "(a list)"
    text = str(node.plain if node.plain is not None else node.value)
    shown = masked(" ".join(text.split()))
    return f"`{shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + '…'}`"


_LONGEST_SHOWN = 80


def _one_fleet(documents: list[Document], *, read_whole: bool) -> list[Diagnostic]:
    fleets = [document for document in documents if document.kind == "Fleet"]
    if not fleets and read_whole:
        return [
            diagnose(
                "MG018",
                "there is no document of kind `Fleet`",
                help="Name the directory that has it; or add one, which says the platform and may list the rest.",
            )
        ]
    if len(fleets) <= 1:
        return []
    first, second, *more = map(_kind_span, fleets)
    return [
        diagnose(
            "MG018",
            "there is more than one document of kind `Fleet`",
            second,
            help="Keep one: move the lists of this one there, or its file out of the fleet if it is a copy or another "
            "fleet.",
            notes=(Note(first, "the first one is here"), *(Note(span, "and one is here") for span in more)),
        )
    ]


def _kind_span(document: Document) -> Span:
    return document.node.find(["kind"]).span
