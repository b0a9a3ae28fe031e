"""docs/fields.md: every field of the language with its type, its default and an example, from the language's schemas.

An example is the first of the field's own, else one made from its name or its type.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from meshgen.language.schema import schema_of
from meshgen.load.documents import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]

INTRO = """\
# Fields

Made by `make docs` from the models that `meshgen schema` prints. Every file of a fleet is made of documents of these
kinds; `apiVersion: meshgen.io/v1`, `kind` and `metadata: {name: …}` stand on top, and what follows is below `spec`. In
the lists of the `Fleet`, an item has its `name` beside the other fields.
"""
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_BY_NAME: Schema = {
    "cluster": "cluster-1",
    "clusterDomain": "cluster.local",
    "gateway": "eastwest-gateway",
    "host": "details.bookinfo.svc.cluster.local",
    "hosts": ["details.bookinfo.svc.cluster.local"],
    "labels": {"tier": "prod"},
    "managementCluster": "cluster-1",
    "multiclusterNamespace": "mesh-hosts",
    "namespace": "bookinfo",
    "organization": "acme",
    "port": 9080,
    "reason": "nobody calls it from there",
    "replicas": 3,
    "revision": "stable",
    "selector": {"app": "details"},
    "serviceAnnotations": {"example.com/load-balancer": "internal"},
    "tenant": "dev",
    "trustDomain": "mesh.example.com",
    "workloadSelector": {"app": "details"},
}
"""Examples for fields of these names that have none of their own."""
_TEXTS = ("bookinfo", "details.example.com", "10s", "1.29", "MG341", "cluster-1", "100%", "0", "/api")
"""One of these is valid where a text has a form."""


def page() -> str:
    """The page."""
    parts = [INTRO]
    for name, schema in sections().items():
        parts.append(f"\n## {name}\n\n{schema.get('description', '').strip()}\n\n")
        parts.append("| field | type | default | what it says | example |\n|---|---|---|---|---|\n")
        for field, said in schema["properties"].items():
            required = field in schema.get("required", ())
            cells = [f"`{field}`", kind_of(said), _default(said, required=required), said.get("description", "")]
            example = flow({field: example_of(said, all_definitions(), field)})
            parts.append(f"| {' | '.join(_cell(cell) for cell in cells)} | `{_cell(example[1:-1])}` |\n")
    return "".join(parts)


@cache
def sections() -> dict[str, Schema]:
    """The spec of each kind, then each model inside of them, by name."""
    documents = _documents()
    found: dict[str, Schema] = {kind: document["properties"]["spec"] for kind, document in documents.items()}
    for name, schema in all_definitions().items():
        if name not in found and "properties" in schema:
            found[name] = schema
    for kind in KINDS:
        found[kind] = found[kind] | {"description": documents[kind].get("description", "")}
    return found


@cache
def all_definitions() -> dict[str, Schema]:
    """The models inside of all kinds, by name."""
    return dict(
        sorted(
            {name: each for document in _documents().values() for name, each in document["definitions"].items()}.items()
        )
    )


@cache
def _documents() -> dict[str, Schema]:
    return {kind: schema_of(kind) for kind in KINDS}


def _default(said: Schema, *, required: bool) -> str:
    if required:
        return "required"
    return f"`{flow(said['default'])}`" if said.get("default") not in (None, [], {}) else ""


def kind_of(said: Schema) -> str:
    """The type of a field in words, models as links."""
    if (ref := _ref(said)) is not None:
        return f"[{ref}](#{ref.lower()})"
    if "const" in said or "enum" in said:
        return ", ".join(f"`{flow(value)}`" for value in said.get("enum", [said.get("const")]))
    if "anyOf" in said:
        return " or ".join(dict.fromkeys(kind_of(option) for option in said["anyOf"]))
    if said.get("type") == "array":
        return f"list of {kind_of(said['items'])}"
    if said.get("type") == "object":
        return "text by key"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}[said["type"]]


def _ref(said: Schema) -> str | None:
    refs = [said.get("$ref"), *(part.get("$ref") for part in said.get("allOf", ()))]
    return next((ref.rpartition("/")[2] for ref in refs if ref), None)


def example_of(said: Schema, definitions: dict[str, Schema], name: str = "") -> Any:
    """A value that the field may have: its first example, else one of its type, not the default if there are others."""
    if said.get("examples"):
        return said["examples"][0]
    if name in _BY_NAME and said.get("type") == _sort(_BY_NAME[name]):
        return _BY_NAME[name]
    if (ref := _ref(said)) is not None:
        model = definitions[ref]
        if "properties" not in model:
            return example_of(model, definitions, name)
        wanted = model.get("required") or list(model["properties"])[:1]
        return {field: example_of(model["properties"][field], definitions, field) for field in wanted}
    if "const" in said:
        return said["const"]
    if "enum" in said:
        return next((value for value in said["enum"] if value != said.get("default")), said["enum"][0])
    if "anyOf" in said:
        return example_of(said["anyOf"][0], definitions)
    sort = said.get("type")
    if sort == "array":
        return [example_of(said["items"], definitions)]
    if sort == "object":
        return {"app": "details"}
    if sort == "boolean":
        return said.get("default") is not True
    if sort in ("integer", "number"):
        return max(said.get("minimum", 1), said.get("exclusiveMinimum", 0) + 1)
    return _text(said)


def _sort(value: Any) -> str:
    return {str: "string", int: "integer", list: "array", dict: "object"}[type(value)]


def _text(said: Schema) -> str:
    pattern = said.get("pattern", "")
    return next(text for text in _TEXTS if re.search(pattern, text) and len(text) <= said.get("maxLength", len(text)))


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str) and _BARE.fullmatch(value) and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def examples() -> Iterator[tuple[str, str, Schema, str]]:
    """Section, field, what the schema says of it, and the example as it stands on the page."""
    definitions = all_definitions()
    for name, schema in sections().items():
        for field, said in schema["properties"].items():
            yield name, field, said, flow({field: example_of(said, definitions, field)})
