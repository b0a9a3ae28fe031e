"""Findings of one cause as one finding with its places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.diagnostics.model import Cause, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.diagnostics.model import Diagnostic

NAMES = "{names}"
"""Stands in the message of a cause for the names of all that it makes."""
_SHOWN = 3


def phrase(items: Sequence[str]) -> str:
    """Items in one phrase: `a, b and c`, or the first three and how many more."""
    if len(items) > _SHOWN + 1:
        return f"{', '.join(items[:_SHOWN])} and {len(items) - _SHOWN} more"
    if len(items) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def all_of(names: Iterable[str]) -> str:
    """All of at least one name in one phrase, where a reader has to know each: `` `a`, `b`, `c`, `d` and `e` ``."""
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def begun(items: Sequence[str], shown: int = _SHOWN) -> str:
    """The first of items as a list that goes on: `a, b, c and 4 more`."""
    more = f" and {len(items) - shown} more" if len(items) > shown else ""
    return f"{', '.join(items[:shown])}{more}"


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """`diagnostics` without duplicates, one for each cause, in the order in which people and machines see them."""
    return sorted(gathered(dict.fromkeys(diagnostics)), key=lambda diagnostic: diagnostic.sort_key)


def gathered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """`diagnostics` with those of one cause in the place of the first of them, each of their places a note.

    One cause is the same code, `Cause.message`, `Cause.object` and help; one that is alone stays as it is. What comes
    out has no cause any more.
    """
    found: list[Diagnostic] = []
    causes: dict[tuple[str, str, str, str], tuple[int, list[tuple[Diagnostic, Cause]]]] = {}
    for diagnostic in diagnostics:
        cause = diagnostic.cause
        if cause is None:
            found.append(diagnostic)
            continue
        key = (diagnostic.code, cause.message, cause.object, diagnostic.help)
        if key not in causes:
            causes[key] = len(found), []
            found.append(diagnostic)
        causes[key][1].append((diagnostic, cause))
    for place, members in causes.values():
        found[place] = _one(members)
    return found


def _one(members: list[tuple[Diagnostic, Cause]]) -> Diagnostic:
    members.sort(key=lambda member: member[0].sort_key)
    first, cause = members[0]
    if len(members) == 1:
        return replace(first, cause=None)
    names = phrase(list(dict.fromkeys(each.name for _, each in members)))
    notes = [Note(found.span, each.place) for found, each in members if found.span is not None]
    more = (note for found, _ in members for note in found.notes)
    return replace(
        first,
        message=cause.message.replace(NAMES, names),
        notes=tuple(dict.fromkeys([*notes, *more])),
        object=cause.object,
        cause=None,
    )
