"""What the models expect at a path of a document: read from their annotations, never written twice."""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Sequence

Sort = Literal["mapping", "map", "list", "enum", "text", "number", "boolean", "several"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands at one place: a mapping with fixed fields, a map of any keys, a list, or a scalar."""

    sort: Sort
    model: type[BaseModel] | None = None
    of: Any = None
    """Annotation of the values of a map or list."""
    pattern: str | None = None
    """What text has to match."""


@cache
def shape(annotation: Any) -> Shape:
    """The shape that a field's `annotation` describes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *constraints = get_args(annotation)
        return replace(shape(inner), pattern=next(filter(None, map(_pattern, constraints)), shape(inner).pattern))
    if origin in {Union, types.UnionType}:
        some = [option for option in get_args(annotation) if option is not type(None)]
        return shape(some[0]) if len(some) == 1 else Shape("several")
    if origin is list:
        return Shape("list", of=get_args(annotation)[0])
    if origin is dict or annotation is dict:
        return Shape("map", of=(get_args(annotation) or (str, Any))[1])
    if origin is Literal:
        return Shape("enum")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("mapping", model=annotation)
    if annotation is bool:
        return Shape("boolean")
    return Shape("number" if annotation in {int, float} else "text" if annotation is str else "several")


def _pattern(constraint: Any) -> str | None:
    """The pattern of a constraint, which a `Field` has among its metadata."""
    found: str | None = getattr(constraint, "pattern", None)
    return found or next(filter(None, (_pattern(item) for item in getattr(constraint, "metadata", ()))), None)


@cache
def fields(model: type[BaseModel]) -> dict[str, Any]:
    """The annotations of a model's fields, by the names that stand in YAML."""
    return {field.alias or name: Annotated[field.annotation, field] for name, field in model.model_fields.items()}


@cache
def required(model: type[BaseModel]) -> frozenset[str]:
    """The fields that have no default, by the names that stand in YAML."""
    return frozenset(field.alias or name for name, field in model.model_fields.items() if field.is_required())


def shape_at(model: type[BaseModel], path: Sequence[str | int]) -> Shape:
    """The shape at `path` of a `model`; steps that lead nowhere are left out."""
    found = Shape("mapping", model=model)
    for step in path:
        if found.model is not None:
            annotation = fields(found.model).get(str(step))
            if annotation is None:
                return found
            found = shape(annotation)
        elif found.of is not None:
            found = shape(found.of)
    return found
