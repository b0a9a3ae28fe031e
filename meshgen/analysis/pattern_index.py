"""Workspaces by their patterns of namespaces, so that a look-up does not go through all of them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, TypeVar

from meshgen.analysis.hosts import name_matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Item = TypeVar("Item")


class PatternIndex(Generic[Item]):
    """Items by patterns `<cluster>/<namespace>`; `*` stands alone or at the end of either part."""

    def __init__(self, items: Iterable[tuple[str, Item]]) -> None:
        self._exact: dict[str, list[tuple[int, str, Item]]] = {}
        self._by_prefix: dict[int, dict[str, list[tuple[int, str, Item]]]] = {}
        for place, (pattern, item) in enumerate(items):
            cluster, _, namespace = pattern.rpartition("/")
            found = self._exact
            if namespace.endswith("*"):
                namespace = namespace[:-1]
                found = self._by_prefix.setdefault(len(namespace), {})
            found.setdefault(namespace, []).append((place, cluster, item))

    def matching(self, cluster: str, namespace: str) -> list[Item]:
        """The items with a pattern for a namespace of a cluster, in the order in which they were given, each once."""
        found = list(self._exact.get(namespace, ()))
        for length, prefixes in self._by_prefix.items():
            if length <= len(namespace):
                found += prefixes.get(namespace[:length], ())
        found = sorted((each for each in found if name_matches(each[1], cluster)), key=lambda each: each[0])
        return list({id(item): item for _, _, item in found}.values())


def any_matches(pattern: str, names: Sequence[str]) -> bool:
    """Whether a pattern (`*` alone or at the end) covers one of `names`, which are sorted."""
    wanted = pattern.removesuffix("*")
    place = bisect_left(names, wanted)
    return place < len(names) and name_matches(pattern, names[place])
