"""Objects of a cluster by the hosts that they are for, so that a look-up does not go through all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

Item = TypeVar("Item")


class HostIndex(Generic[Item]):
    """Items by their Istio hosts, fully qualified or with a leading wildcard."""

    def __init__(self, items: Iterable[tuple[str, Item]]) -> None:
        self._exact: dict[str, list[tuple[int, Item]]] = {}
        self._by_suffix: dict[int, dict[str, list[tuple[int, Item]]]] = {}
        for place, (host, item) in enumerate(items):
            found = self._exact
            key = host
            if host.startswith("*"):
                key = host[1:]
                found = self._by_suffix.setdefault(len(key), {})
            found.setdefault(key, []).append((place, item))

    def __bool__(self) -> bool:
        """Whether there is any item."""
        return bool(self._exact or self._by_suffix)

    def matching(self, host: str) -> list[Item]:
        """The items for `host`, in the order in which they were given, each once for every host that matches."""
        found = list(self._exact.get(host, ()))
        for length, suffixes in self._by_suffix.items():
            if length <= len(host):
                found += suffixes.get(host[len(host) - length :], ())
        found.sort(key=lambda pair: pair[0])
        return [item for _, item in found]
