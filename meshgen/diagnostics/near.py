"""Names that a misspelled one clearly means, and none where that is a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 3
_WORK = 1_000_000
"""What all suggestions of one compile may cost: 1 for each candidate, more for each that has to be compared."""
_COMPARISON = 100
_left = [_WORK]
_DIGITS = re.compile(r"[0-9]+")


def afresh() -> None:
    """A compile begins. Where a great many names are wrong, only the first get suggestions: these are advice."""
    _left[0] = _WORK


def near(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates nearest to `name`, at most three, or none.

    Near is a Damerau-Levenshtein distance of at most a third of the length, and at least 1 (rustc's rule). Several
    candidates at the same distance are given only where it is 1. Names that differ in digits alone are different
    things, not typing errors: `cluster-3` never means `cluster-2`.
    """
    if _left[0] <= 0:
        return []
    return _nearest({candidate: (name, candidate) for candidate in candidates if candidate != name})


def near_host(host: str, candidates: Iterable[str]) -> list[str]:
    """Like `near`, for fully qualified names of services: only the first labels are compared.

    The rest is the same for most hosts and would make every host near to every other.
    """
    if _left[0] <= 0:
        return []
    first = host.partition(".")[0]
    return _nearest({other: (first, other.partition(".")[0]) for other in candidates if other != host})


def did_you_mean(names: list[str]) -> str:
    """The sentence of help that shows `names`, empty without any."""
    if not names:
        return ""
    shown = [f"`{name}`" for name in names]
    if len(shown) == 1:
        return f"A similar name exists: {shown[0]}."
    return f"Similar names exist: {', '.join(shown[:-1])} and {shown[-1]}."


def _nearest(pairs: dict[str, tuple[str, str]]) -> list[str]:
    distances: dict[int, list[str]] = {}
    for shown, (name, candidate) in pairs.items():
        _left[0] -= 1
        limit = max(1, len(name) // 3)
        if abs(len(name) - len(candidate)) > limit or (
            name != candidate and _DIGITS.sub("0", name) == _DIGITS.sub("0", candidate)
        ):
            continue
        _left[0] -= _COMPARISON
        found = distance(name.casefold(), candidate.casefold(), limit)
        if found <= limit:
            distances.setdefault(found, []).append(shown)
    if not distances:
        return []
    least = min(distances)
    best = sorted(distances[least])
    return best if len(best) == 1 or (least <= 1 and len(best) <= _MOST) else []


def distance(left: str, right: str, most: int | None = None) -> int:
    """Edits (insert, delete, replace, swap neighbours) between two texts: optimal string alignment.

    Of more than `most` any number above it.
    """
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            cost = min(
                previous[column] + 1,
                current[column - 1] + 1,
                previous[column - 1] + (a != b),
            )
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if most is not None and row > 1 and min(*current, *previous) > most:
            return most + 1
        before, previous = previous, current
    return previous[-1]
