"""JSON Schemas of the language, made from the models, for editors and for kubeconform.

Draft 7: yaml-language-server and kubeconform both read it in every version. There a `$ref` hides what stands
beside it, hence `allOf`. Null is never a value (MG108), so no schema allows it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meshgen.language.kinds import MODELS
from meshgen.language.shape import required
from meshgen.load.documents import API_VERSION, KINDS

if TYPE_CHECKING:
    from meshgen.language.base import Item

DRAFT = "http://json-schema.org/draft-07/schema#"
COMBINED = "fleet-file"
_REF = "#/definitions/{model}"


def file_names() -> dict[str, str]:
    """File name of each schema below `schemas/meshgen.io/` → its text."""
    names = {f"{kind.lower()}_v1.json": text(kind) for kind in KINDS}
    return names | {f"{COMBINED}.json": text(None)}


def text(kind: str | None) -> str:
    """The schema of one kind, or of every document of a fleet, as it stands in its file."""
    return json.dumps(combined() if kind is None else schema_of(kind), indent=2, ensure_ascii=False) + "\n"


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of documents of `kind`, one of KINDS."""
    document, definitions = _document(kind)
    return {"$schema": DRAFT, **document, "definitions": dict(sorted(definitions.items()))}


def combined() -> dict[str, Any]:
    """The schema of any document of a fleet: `kind` decides."""
    definitions: dict[str, Any] = {}
    choices = []
    for kind in KINDS:
        document, inner = _document(kind)
        definitions |= inner | {f"{kind}Document": document}
        condition = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        choices.append({"if": condition, "then": {"$ref": _REF.format(model=f"{kind}Document")}})
    return {
        "$schema": DRAFT,
        "title": "meshgen fleet",
        "description": "Any document of a fleet of meshgen.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {"apiVersion": {"const": API_VERSION}, "kind": {"enum": list(KINDS)}},
        "allOf": choices,
        "definitions": dict(sorted(definitions.items())),
    }


def _document(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    model: type[Item] = MODELS[kind]
    made = model.model_json_schema(by_alias=True, ref_template=_REF)
    definitions: dict[str, Any] = {name: _simple(value) for name, value in made.pop("$defs", {}).items()}
    spec = _simple(made)
    for part in (definitions.get("Workspace"), spec if kind == "Workspace" else None):
        if part is not None:
            _allow_short_form(part, definitions["ExposedService"])
    name = spec["properties"].pop("name")
    spec["required"] = [field for field in spec.pop("required", []) if field != "name"]
    if not spec["required"]:
        del spec["required"]
    spec = {"title": f"{kind} spec"} | {key: value for key, value in spec.items() if key != "title"}
    metadata = {
        "title": "Metadata",
        "description": "The name of the document.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {"name": name},
    }
    document = {
        "title": kind,
        "description": spec.get("description", ""),
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", *(["spec"] if required(model) - {"name"} else [])],
        "properties": {
            "apiVersion": {"title": "API version", "description": "Version of the language.", "const": API_VERSION},
            "kind": {"title": "Kind", "description": "What the document describes.", "const": kind},
            "metadata": metadata,
            "spec": spec,
        },
    }
    return document, definitions


def _simple(part: Any) -> Any:
    """`part` without null, and with `$ref` on its own."""
    if isinstance(part, list):
        return [_simple(item) for item in part]
    if not isinstance(part, dict):
        return part
    part = {key: _simple(value) for key, value in part.items()}
    if part.get("default", ...) is None:
        del part["default"]
    options = [option for option in part.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del part["anyOf"]
        part = options[0] | part
    elif options:
        part["anyOf"] = options
    if "$ref" in part and len(part) > 1:
        part = {"allOf": [{"$ref": part.pop("$ref")}], **part}
    return part


def _allow_short_form(workspace: dict[str, Any], exposed: dict[str, Any]) -> None:
    services = workspace["properties"]["exposedServices"]
    services["items"] = {"anyOf": [exposed["properties"]["host"], services["items"]]}
