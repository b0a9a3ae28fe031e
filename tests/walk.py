"""The fields of the language, found by walking its models."""

from __future__ import annotations

from inspect import get_annotations
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from meshgen.language.kinds import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator


def written() -> Iterator[tuple[str, Any]]:
    """Every field that people may write, by model and field, and its annotation; each model once."""
    seen: set[type[BaseModel]] = set()
    for model in MODELS.values():
        yield from _below(model, seen)


def _below(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, Any]]:
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        yield called(model, name), field.annotation
        for inner in models(field.annotation):
            yield from _below(inner, seen)


def called(model: type[BaseModel], name: str) -> str:
    """A field by the model that declares it."""
    declares = next(each for each in reversed(model.__mro__) if name in get_annotations(each))
    return f"{declares.__name__}.{model.model_fields[name].alias or name}"


def parts(annotation: Any) -> Iterator[Any]:
    """The annotation, without what is optional or only annotated."""
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from parts(part)
    elif get_origin(annotation) is Annotated:
        yield from parts(get_args(annotation)[0])
    else:
        yield annotation


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that the annotation names, on their own or in lists and maps."""
    for part in parts(annotation):
        if isinstance(part, type) and get_origin(part) is None and issubclass(part, BaseModel):
            yield part
        for inner in get_args(part) if get_origin(part) in (list, dict) else ():
            yield from models(inner)
