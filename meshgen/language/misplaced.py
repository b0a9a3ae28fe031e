"""Fields that stand where nobody knows them: where they belong, and which key above has lost them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics.several import all_of
from meshgen.language.fleet import FleetSpec
from meshgen.language.kinds import MODELS
from meshgen.language.shape import fields, shape, shape_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from meshgen.language.shape import Shape
    from meshgen.load.nodes import Node

_ITEM = 2
"""Steps to an item of a list of the Fleet, which may be a document of its own."""


def in_sight(key: str, parent: Sequence[str | int], document: Node, model: type[BaseModel]) -> str:
    """The sentence of help that sends `key` from the mapping at `parent` to one beside or around it; else nothing.

    `document` is what is validated, and `model` its model. The nearest list or mapping above the key goes first: a line
    that is indented too little continues what stands around that.
    """
    own = shape_at(model, parent).model
    beside = list(document.find(parent).entries or {}) if own is not None else []
    for sibling in reversed(beside[: beside.index(key)] if key in beside else beside):
        found = _inner(sibling, own)
        if found is not None and found.model is not None and key in fields(found.model):
            return f"It is a field of {_called(sibling, own)}: move it there."
    for length in range(len(parent) - 1, -1, -1):
        around = shape_at(model, parent[:length]).model
        given = document.find(parent[:length]).entries or {}
        if around is not None and key in fields(around) and key not in given:
            if not length:
                return f"It is a field of `{'metadata' if key == 'name' else 'spec'}`: move it there."
            last = parent[length - 1]
            item = f"the item of `{parent[length - 2]}` around it"
            return f"It is a field of {item if isinstance(last, int) else f'`{last}`'}: move it there."
    return ""


def elsewhere(key: str, parent: Sequence[str | int], model: type[BaseModel]) -> str:
    """The sentence of help for a `key` of one field of the mapping at `parent`, or of one other kind; else nothing."""
    own = shape_at(model, parent).model
    inner = {name: _inner(name, own) for name in (fields(own) if own is not None else ())}
    having = [name for name, found in inner.items() if found is not None and _has(found.model, key)]
    if len(having) == 1:
        return f"It is a field of {_called(having[0], own)}: move it there."
    if parent and not (issubclass(model, FleetSpec) and len(parent) == _ITEM):
        return ""
    kinds = [kind for kind, other in MODELS.items() if key in fields(other)]
    if len(kinds) == 1 and not issubclass(model, MODELS[kinds[0]]):
        return f"It is a field of kind `{kinds[0]}`: move it there."
    return ""


def lost_by(key: str, parent: Sequence[str | int], document: Node, model: type[BaseModel]) -> str | None:
    """The key without a value, above `key` in the mapping at `parent`, that knows it: their indentation is gone."""
    own = shape_at(model, parent).model
    entries = document.find(parent).entries or {}
    above: str | None = None
    for sibling, (_, node) in entries.items():
        if sibling == key:
            return above
        found = _inner(sibling, own)
        if node.plain == "" and found is not None and _has(found.model, key):
            above = sibling
    return None


def indent(keys: Sequence[str], *, into_list: bool) -> str:
    """The sentence of help that gives `keys` back to the key above them."""
    return f"Indent {all_of(keys)} below it{', with `- ` before the first' if into_list else ''}."


def _has(model: type[BaseModel] | None, key: str) -> bool:
    return model is not None and key in fields(model)


def _inner(name: str, model: type[BaseModel] | None) -> Shape | None:
    """The shape of the mapping that a field of `model` has, or that the items of its list are."""
    annotation = fields(model).get(name) if model is not None else None
    if annotation is None:
        return None
    found = shape(annotation)
    return shape(found.of) if found.sort == "list" else found


def _called(name: str, model: type[BaseModel] | None) -> str:
    annotation = fields(model).get(name) if model is not None else None
    listed = annotation is not None and shape(annotation).sort == "list"
    return f"the items of `{name}`" if listed else f"`{name}`"
