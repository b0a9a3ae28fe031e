"""The inventory file: what it holds, what is valid, and its next text."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.edits.layout import CannotSpliceError
from meshgen.inventory import render
from meshgen.inventory.facts import SECTIONS
from meshgen.inventory.splice import rewritten, splice
from meshgen.language.inventory import Inventory, ObservedIstio
from meshgen.language.typed import typed_fleet
from meshgen.load.documents import API_VERSION, Document, Loaded
from meshgen.load.nodes import plain_value
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.diagnostics import Span
    from meshgen.inventory.facts import Facts
    from meshgen.load.nodes import Node


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """An inventory file that is there and valid."""

    text: str
    root: Node

    @property
    def spec(self) -> dict[str, Any]:
        """Its `spec` as plain data."""
        spec = plain_value(self.root.find(["spec"])) if self.root.entries and "spec" in self.root.entries else {}
        return spec if isinstance(spec, dict) else {}


def read_inventory(text: str, file: str, cluster: str) -> tuple[InventoryFile | None, list[Diagnostic]]:
    """The inventory of `cluster` in `text`; None where there is no document in it.

    MG056 where the file has anything else in it; the findings of reading and typing where it is invalid.
    """
    parsed = parse(text, file)
    findings = list(parsed.diagnostics)
    if findings or not parsed.documents:
        return None, findings
    for node, _ in parsed.documents:
        kind, name = node.find(["kind"]).value, node.find(["metadata", "name"]).value
        if len(parsed.documents) > 1 or node.find(["apiVersion"]).value != API_VERSION or kind != "Inventory":
            what = "has more than one document" if len(parsed.documents) > 1 else "is not an inventory"
            return None, [_other(node, f"`{file}` {what}")]
        if name != cluster:
            return None, [_other(node.find(["metadata", "name"]), f"`{file}` is the inventory of `{name}`")]
    root, ambiguous = parsed.documents[0]
    document = Document("Inventory", cluster, API_VERSION, root, file, ambiguous)
    # Not complete: it is no whole fleet, so nothing is to be concluded from what is missing.
    findings = [
        found
        for found in typed_fleet(Loaded((document,), {file: text}, complete=False))[1]
        if found.severity == "error"
    ]
    return (None if findings else InventoryFile(text, root)), findings


def invalid_facts(facts: Facts, known: Iterable[Diagnostic]) -> list[Diagnostic]:
    """MG057 for each fact that an Inventory cannot have, at the manifest that shows it.

    Manifests in which something was found already (`known`) are left out: they gave half a fact.
    """
    findings: list[Diagnostic] = []
    places = [finding.span for finding in known if finding.span is not None]
    for section in SECTIONS:
        model = _item_type(section)
        for fact in facts.sections[section].values():
            if any(_inside(place, fact.whole) for place in places):
                continue
            try:
                model.validate_python(fact.item)
            except ValidationError as error:
                where = f"{fact.item.get('namespace', '')}/{fact.item['name']}".lstrip("/")
                findings += [
                    _invalid(f"`{where}` in `{section}`", problem, where, fact.place) for problem in error.errors()
                ]
    try:
        ObservedIstio.model_validate(facts.istio)
    except ValidationError as error:
        findings += [_invalid("the mesh in `istio`", problem, "istio", None) for problem in error.errors()]
    return findings


def next_text(old: InventoryFile | None, before: str, cluster: str, spec: Mapping[str, Any]) -> str:
    """The text of the inventory with `spec`: `old` with what changed, or a new one.

    `before` is the text of the file where it has no document: comments of people. Raises RuntimeError where the
    text would not read back as `spec`, which is a mistake of this program.
    """
    if old is None:
        comments = before if not before or before.endswith("\n") else before + "\n"
        candidates = [comments.removesuffix("---\n") + render.document(cluster, spec)]
    else:
        candidates = [rewritten(old.text, old.root, cluster, spec)]
        with suppress(CannotSpliceError):
            candidates.insert(0, splice(old.text, old.root, spec))
    for text in candidates:
        parsed = parse(text, "new")
        if parsed.diagnostics or len(parsed.documents) != 1:
            continue
        written = InventoryFile(text, parsed.documents[0][0]).spec
        if {key: value for key, value in written.items() if value} == spec:
            return text
    raise RuntimeError("the inventory does not read back as it was written")


def _inside(place: Span, whole: Span) -> bool:
    start, end = (whole.line, whole.column), (whole.end_line, whole.end_column)
    return place.file == whole.file and start <= (place.line, place.column) <= end


def _item_type(section: str) -> TypeAdapter[Any]:
    field = next(info for info in Inventory.model_fields.items() if (info[1].alias or info[0]) == section)[1]
    return TypeAdapter(field.annotation.__args__[0])  # type: ignore[union-attr]


def _invalid(what: str, problem: Any, name: str, span: Span | None) -> Diagnostic:
    path = ".".join(str(step) for step in problem["loc"])
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    return diagnose(
        "MG057",
        f"{what} is not valid: `{path}`: {message}",
        span,
        "Correct the manifest; Kubernetes or Istio would refuse it.",
        object=name,
    )


def _other(node: Node, message: str) -> Diagnostic:
    return diagnose(
        "MG056",
        message,
        node.span,
        "Name another file with `--output`: this one must hold the one inventory of the cluster and nothing else.",
    )
