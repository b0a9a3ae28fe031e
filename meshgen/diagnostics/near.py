"""Names that a misspelled one clearly means, and none where that is a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 3
_DIGITS = re.compile(r"[0-9]+")


def near(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates nearest to `name`, at most three, or none.

    Near is a Damerau-Levenshtein distance of at most a third of the length, and at least 1 (rustc's rule). Several
    candidates at the same distance are given only where it is 1. Names that differ in digits alone are different
    things, not typing errors: `cluster-3` never means `cluster-2`.
    """
    return _nearest({candidate: (name, candidate) for candidate in candidates if candidate != name})


def near_host(host: str, candidates: Iterable[str]) -> list[str]:
    """Like `near`, for fully qualified names of services: only the first labels are compared.

    The rest is the same for most hosts and would make every host near to every other.
    """
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
        limit = max(1, len(name) // 3)
        if abs(len(name) - len(candidate)) > limit or (
            name != candidate and _DIGITS.sub("0", name) == _DIGITS.sub("0", candidate)
        ):
            continue
        found = distance(name.casefold(), candidate.casefold())
        if found <= limit:
            distances.setdefault(found, []).append(shown)
    if not distances:
        return []
    least = min(distances)
    best = sorted(distances[least])
    return best if len(best) == 1 or (least <= 1 and len(best) <= _MOST) else []


def distance(left: str, right: str) -> int:
    """Edits (insert, delete, replace, swap neighbours) between two texts: optimal string alignment."""
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
        before, previous = previous, current
    return previous[-1]
