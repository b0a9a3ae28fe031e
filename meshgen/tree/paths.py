"""Which paths the output tree may have, and what their top directories mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

META = ".meshgen"
"""The directory below the output directory that is meshgen's own."""

# The paths that meshgen gives, and none that is refused below: quick to see for all files of a fleet.
_ORDINARY = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)+[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST = 1_000
_RESERVED = frozenset({META, ".git"})
_MANIFEST_SUFFIXES = (".yaml", ".yml", ".json", ".jsonnet")
_ALWAYS_MANIFEST_SUFFIXES = (".yaml", ".yml")


def refusal(path: str) -> str:
    """Why `path` must not be written or deleted, as the end of "the path …"; empty: it may."""
    if len(path) > _LONGEST:
        return "is longer than any that is given"
    if _ORDINARY.fullmatch(path):
        return ""
    parts = path.split("/")
    if path.startswith("/"):
        return "is absolute"
    if ".." in parts:
        return "leads upwards"
    if "\\" in path or not path.isprintable():
        return "has characters that no manifest's path has"
    if "" in parts or "." in parts:
        return "is not in its shortest form"
    if any(part.casefold() in _RESERVED for part in parts):
        return "points into a directory of meshgen or git"
    if len(parts) == 1 or parts[0].startswith("."):
        return "is in no top directory"
    return ""


def top_of(path: str) -> str:
    """The top directory of a path in the output tree."""
    return path.partition("/")[0]


def parents_of(paths: Iterable[str]) -> frozenset[str]:
    """Every directory above `paths`, below the output directory."""
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return frozenset(found)


def is_synced(top: str) -> bool:
    """Whether Argo CD or Flux reads the top directory: clusters, and `_delivery` (design §7)."""
    return not top.startswith("_") or top == "_delivery"


def is_shared(top: str) -> bool:
    """Whether the top directory is no cluster's, and has a directory for each cluster in it, as `_setup`."""
    return top.startswith("_")


def may_be_synced(path: str) -> bool:
    """Whether Argo CD (`util/argo` manifest pattern) or Flux would read a file of this name."""
    return path.lower().endswith(_MANIFEST_SUFFIXES)


def is_surely_manifest(path: str) -> bool:
    """Whether both Argo CD and Flux read a file of this name: Flux takes no JSON."""
    return path.lower().endswith(_ALWAYS_MANIFEST_SUFFIXES)


def case_clashes(paths: Iterable[str], others: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Pairs of different paths, or directories above them, that are one without case.

    Within `paths`, and between `paths` and `others`, but not within `others`.
    """
    ours: dict[str, str] = {}
    firsts = sorted(paths)
    for path in sorted({*firsts, *parents_of(firsts)}):
        known = ours.setdefault(path.casefold(), path)
        if known != path:
            yield known, path
    for path in sorted(others):
        known = ours.get(path.casefold(), path)
        if known != path:
            yield known, path
