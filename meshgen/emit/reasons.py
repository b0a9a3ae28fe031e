"""Why a field of an emitted file says what it says: declared by each emitter beside what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from meshgen.analysis.hosts import name_matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meshgen.language.base import Item


@dataclass(frozen=True, slots=True)
class Input:
    """A field of the fleet or of an inventory that decides a value."""

    item: type[Item]
    field: str
    """Name of the attribute; dots lead into items below it."""
    of: Literal["anywhere", "here", "elsewhere"] = "anywhere"
    """Whose inventory: that of the artifact's own cluster, or those of the others."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field has its value."""

    text: str
    inputs: tuple[Input, ...] = ()
    """The first of them that is written decides; each place where it is."""
    default: str = ""
    """Why the value is what it is where none of the inputs is written, with the ADR, rule or section that says so."""


Reasons: TypeAlias = "Mapping[str, Reason]"
"""Path → reason. The steps of a path are keys, separated by blanks; `[]` is an item of a list, `*` any key, or any
that begins so.

A reason holds for everything below its path for which there is no longer path.
"""


def reason_for(reasons: Reasons, path: Sequence[str]) -> tuple[str, Reason] | None:
    """The reason of the field at `path`, under the path that declares it; None where there is none."""
    found = [
        (len(steps), sum(step != "*" for step in steps), pattern)
        for pattern in reasons
        if _begins(path, steps := pattern.split(" "))
    ]
    if not found:
        return None
    pattern = max(found)[2]
    return pattern, reasons[pattern]


def _begins(path: Sequence[str], steps: Sequence[str]) -> bool:
    return len(steps) <= len(path) and all(name_matches(step, own) for step, own in zip(steps, path, strict=False))
