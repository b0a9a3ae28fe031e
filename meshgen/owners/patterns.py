"""Glob patterns over paths, matched in time that grows with the product of both lengths: no expression backtracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Element = TypeVar("_Element")
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a segment: in one of the ranges, or, `excluded`, in none of them."""

    ranges: tuple[tuple[str, str], ...]
    excluded: bool = False

    def fits(self, character: str) -> bool:
        return any(first <= character <= last for first, last in self.ranges) != self.excluded


@dataclass(frozen=True, slots=True)
class Segment:
    """A pattern of one part of a path; None among its characters stands for any number of them."""

    characters: tuple[Character | None, ...]
    literal: str | None = None
    """The one name that it matches, where it has no wildcard."""

    def fits(self, name: str) -> bool:
        if self.literal is not None:
            return name == self.literal
        return _fits(self.characters, name, Character.fits)


ANY = Segment((None,))
"""Any name."""


def segment(text: str) -> Segment:
    """A part of a pattern: `*`, `?`, `[a-z]` and `[!a-z]` as in fnmatch(3), any character after a backslash.

    A bracket that is not closed is a bracket.
    """
    found: list[Character | None] = []
    literal: list[str] | None = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "*":
            found.append(None)
            literal = None
        elif character == "?":
            found.append(Character((), excluded=True))
            literal = None
        elif character == "[" and (end := text.find("]", position + 1)) > 0:
            found.append(_bracket(text[position:end]))
            position, literal = end + 1, None
        else:
            if character == "\\" and position < len(text):
                character = text[position]
                position += 1
            found.append(Character(((character, character),)))
            if literal is not None:
                literal.append(character)
    return Segment(tuple(found), None if literal is None else "".join(literal))


def _bracket(text: str) -> Character:
    excluded = text[:1] in {"!", "^"}
    text = text[1:] if excluded else text
    ranges: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        if text[position + 1 : position + 2] == "-" and position + 2 < len(text):
            ranges.append((text[position], text[position + 2]))
            position += 3
        else:
            ranges.append((text[position], text[position]))
            position += 1
    return Character(tuple(ranges), excluded)


def path_fits(pattern: Sequence[Segment | None], parts: Sequence[str]) -> bool:
    """Whether the parts of a path match; None in the pattern stands for any number of parts."""
    return _fits(pattern, parts, Segment.fits)


def _fits(pattern: Sequence[_Element | None], items: Sequence[_Item], fits: Callable[[_Element, _Item], bool]) -> bool:
    """Glob matching that goes back to the last wildcard only: what an earlier one took is never too little."""
    at = taken = 0
    wildcard, resume = -1, 0
    while taken < len(items):
        element = pattern[at] if at < len(pattern) else None
        if at < len(pattern) and element is None:
            wildcard, resume = at, taken
            at += 1
        elif element is not None and fits(element, items[taken]):
            at += 1
            taken += 1
        elif wildcard >= 0:
            resume += 1
            at, taken = wildcard + 1, resume
        else:
            return False
    return all(element is None for element in pattern[at:])
