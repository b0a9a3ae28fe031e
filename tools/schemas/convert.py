"""Kubernetes' OpenAPI dialects → closed JSON Schema, draft 7.

Structural schemas of CustomResourceDefinitions and the OpenAPI v3 documents of the API server differ
from JSON Schema in the same few places, so one conversion serves both. What is left out: descriptions
and defaults (they decide nothing), `nullable` (meshgen writes no nulls), every `x-kubernetes-` mark
(what of it can be said in JSON Schema is said).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Schema = dict[str, Any]

_KEPT = (
    "enum", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties",
    "minimum", "pattern", "required", "type", "uniqueItems",
)  # fmt: skip
_DROPPED = {"default", "description", "discriminator", "example", "externalDocs", "format", "nullable", "title"}
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
_CHECKED_FORMATS = {"ipv4", "ipv6"}
_BYTES = "^[A-Za-z0-9+/]*={0,2}$"
_REFERENCE = "#/components/schemas/"


class UnknownKeywordError(Exception):
    """The source uses a keyword that this conversion does not know; dropping it could loosen the schema."""


def convert(source: Mapping[str, Any], cel: Callable[[str], Schema], *, structural: bool = True) -> Schema:
    """`source` as closed JSON Schema.

    `cel` gives the JSON Schema of a CEL rule. `structural` is false inside allOf, anyOf, oneOf and not, where an
    object's properties are only constrained and the surrounding schema says which there are.
    """
    result: Schema = {keyword: source[keyword] for keyword in _KEPT if keyword in source}
    for keyword in source:
        if keyword in _KEPT or keyword in _DROPPED or keyword.startswith("x-kubernetes-"):
            continue
        if keyword in {"allOf", "anyOf", "oneOf"}:
            result[keyword] = [convert(branch, cel, structural=False) for branch in source[keyword]]
        elif keyword == "not":
            result["not"] = convert(source["not"], cel, structural=False)
        elif keyword == "items":
            result["items"] = convert(source["items"], cel, structural=structural)
        elif keyword == "properties":
            result["properties"] = {
                name: convert(value, cel, structural=structural) for name, value in source["properties"].items()
            }
        elif keyword == "additionalProperties":
            extra = source["additionalProperties"]
            result[keyword] = extra if isinstance(extra, bool) else convert(extra, cel, structural=structural)
        elif keyword == "$ref":
            result["$ref"] = "#/definitions/" + source["$ref"].removeprefix(_REFERENCE)
        else:
            raise UnknownKeywordError(keyword)
    _formats(source, result)
    if source.get("x-kubernetes-int-or-string") and "anyOf" not in result:
        result["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if source.get("x-kubernetes-list-type") == "set":
        result["uniqueItems"] = True
    if structural and result.get("type") == "object" and "additionalProperties" not in result:
        open_ended = bool(source.get("x-kubernetes-preserve-unknown-fields"))
        result["additionalProperties"] = open_ended
    for rule in source.get("x-kubernetes-validations", []):
        tighten(result, cel(rule["rule"]))
    return _without_wrapper(result)


def _formats(source: Mapping[str, Any], result: Schema) -> None:
    kind = source.get("format", "")
    if kind in _INTEGERS:
        lowest, highest = _INTEGERS[kind]
        tighten(result, {"minimum": lowest, "maximum": highest})
    elif kind == "byte":
        tighten(result, {"pattern": _BYTES})
    elif kind in _CHECKED_FORMATS:
        result["format"] = kind


def _without_wrapper(schema: Schema) -> Schema:
    """`{allOf: [{$ref}]}`, OpenAPI's way to hang a default on a reference, as the reference itself."""
    match schema:
        case {"allOf": [{"$ref": str(target)}]} if len(schema) == 1:
            return {"$ref": target}
    return schema


_TIGHTER: dict[str, Callable[[Any, Any], Any]] = {
    "maxItems": min, "maxLength": min, "maxProperties": min, "maximum": min,
    "minItems": max, "minLength": max, "minProperties": max, "minimum": max,
    "required": lambda old, new: [*old, *(name for name in new if name not in old)],
}  # fmt: skip


def tighten(schema: Schema, more: Mapping[str, Any]) -> None:
    """Adds `more` to `schema` in place, so that an instance must satisfy both."""
    if not more:
        return
    if "if" in more or "$ref" in schema:
        _append(schema, dict(more))
        return
    for keyword, value in more.items():
        if keyword not in schema:
            schema[keyword] = value
        elif schema[keyword] == value:
            continue
        elif keyword in _TIGHTER:
            schema[keyword] = _TIGHTER[keyword](schema[keyword], value)
        elif keyword == "items":
            tighten(schema["items"], value)
        else:
            _append(schema, {keyword: value})


def _append(schema: Schema, more: Schema) -> None:
    if "$ref" in schema:
        # Draft 7 ignores everything beside a reference.
        reference = schema.pop("$ref")
        schema["allOf"] = [{"$ref": reference}]
    if more not in schema.setdefault("allOf", []):
        schema["allOf"] = [*schema["allOf"], more]


def places(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Every sub-schema that describes a value, with its place: `spec.ports[].name`, map values as `labels{}`."""
    yield prefix, schema
    for name, value in schema.get("properties", {}).items():
        yield from places(value, f"{prefix}.{name}" if prefix and not prefix.endswith(":") else f"{prefix}{name}")
    if isinstance(schema.get("items"), dict):
        yield from places(schema["items"], f"{prefix}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from places(schema["additionalProperties"], f"{prefix}{{}}")


def closure(names: Iterator[str], definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """Those of `definitions` that `names` reach through references, sorted by name."""
    reached: dict[str, Schema] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = definitions[name]
            waiting.extend(references(definitions[name]))
    return dict(sorted(reached.items()))


def references(value: object) -> Iterator[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner.removeprefix("#/definitions/")
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
