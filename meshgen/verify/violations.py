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
        case Kind.AnyOf() | Kind.OneOfNotValid():
            closest = _closest(error.kind.context)
            if closest:
                for inner in closest:
                    yield from _violations(inner)
            else:
                yield Violation(pointer, _text(error))
        case _:
            yield Violation(pointer, _text(error))


def _closest(branches: list[list[ValidationError]]) -> list[ValidationError]:
    """The errors of the branch that the value was most likely meant for: the one that it fails deepest.

    Empty when no branch is deeper than the others, since then none of them tells more than all.
    """
    depths = [max((len(error.instance_path) for error in branch), default=0) for branch in branches]
    deepest = max(depths)
    return branches[depths.index(deepest)] if depths.count(deepest) == 1 else []


def _text(error: ValidationError) -> str:
    text = error.message.replace(MASK, _shown(error.instance))
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= _LONGEST_VALUE else f"`{text[:_LONGEST_VALUE]}…`"


def _pointer(path: Iterable[str | int]) -> str:
    """RFC 6901; the whole object is shown as `/`, since an empty text shows nothing."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path) or "/"
