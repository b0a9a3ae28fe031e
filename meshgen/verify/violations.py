"""What a validator found, in words: a JSON pointer into the object and a sentence about the value there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from jsonschema_rs import ValidationErrorKind as Kind

from meshgen.verify.schemas import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import ValidationError

_LONGEST_VALUE = 60
_LONGEST_TEXT = 240


class Violation(NamedTuple):
    """One thing that a schema refuses, and where in the object it stands."""

    pointer: str
    text: str


def violations(errors: Iterable[ValidationError]) -> list[Violation]:
    """Every violation once, in the order of the object's pointers."""
    return sorted({violation for error in errors for violation in _violations(error)})


def _violations(error: ValidationError) -> Iterator[Violation]:
    pointer = _pointer(error.instance_path)
    match error.kind:
        case Kind.AdditionalProperties():
            for name in error.kind.unexpected:
                yield Violation(_pointer([*error.instance_path, name]), f"unknown field `{name}`")
        case Kind.Required():
            yield Violation(pointer, f"field `{error.kind.property}` is missing")
        case Kind.Not() if names := _named(error.kind.schema):
            yield Violation(pointer, f"{' and '.join(f'`{name}`' for name in names)} may not stand here")
        case Kind.PropertyNames():
            yield Violation(pointer, f"no valid key: {_text(error)}")
        case Kind.AnyOf() | Kind.OneOfNotValid() if closest := _closest(error, error.kind.context):
            for inner in closest:
                yield from _violations(inner)
        case _:
            yield Violation(pointer, _text(error))


def _named(schema: object) -> list[str]:
    """The fields that `not: {required: [...]}` forbids, together when they are several."""
    if isinstance(schema, dict) and schema.keys() == {"required"}:
        return [str(name) for name in schema["required"]]
    return []


def _closest(error: ValidationError, branches: list[list[ValidationError]]) -> list[ValidationError]:
    """The errors of the branch that the value was most likely meant for: of its type, and failed deepest.

    Empty when there is no such single branch, since then none of them tells more than all.
    """
    of_type = [branch for branch in branches if not any(_of_other_type(error, inner) for inner in branch)]
    depths = [max((len(inner.instance_path) for inner in branch), default=0) for branch in of_type]
    deepest = max(depths, default=0)
    return of_type[depths.index(deepest)] if depths.count(deepest) == 1 else []


def _of_other_type(outer: ValidationError, inner: ValidationError) -> bool:
    return isinstance(inner.kind, Kind.Type) and inner.instance_path == outer.instance_path


def _text(error: ValidationError) -> str:
    text = error.message.replace(MASK, _shown(error.instance))
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= _LONGEST_VALUE else f"`{text[:_LONGEST_VALUE]}…`"


def _pointer(path: Iterable[str | int]) -> str:
    """RFC 6901; the whole object is shown as `/`, since an empty text shows nothing."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path) or "/"
