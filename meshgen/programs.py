"""Programs of others that a run starts: from PATH, and never one that the tree under review brings (ADR 20)."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Found:
    """Where a program is, None where it is nowhere; `passed` is one that was passed over: the tree may bring it."""

    program: Path | None
    passed: Path | None = None


def find(name: str, places: Iterable[str | os.PathLike[str]] = ()) -> Found:
    """The program `name` of PATH.

    Entries that are relative are passed over, and programs that are, or lead to, something below the working directory,
    one of `places`, or the repository around either.
    """
    trees = frozenset(_trees((Path.cwd(), *map(Path, places))))
    passed = None
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which(name, path=entry or os.curdir)
        if found is None:
            continue
        program = Path(os.path.abspath(found))  # noqa: PTH100 - a link in PATH stays one
        if Path(entry).is_absolute() and not any(_below(path, trees) for path in (program, program.resolve())):
            return Found(program)
        passed = passed or program
    return Found(None, passed)


def repository_of(path: Path) -> Path | None:
    """The directory at or above an absolute path that holds a `.git`: seen without a process."""
    return next((parent for parent in (path, *path.parents) if os.path.lexists(parent / ".git")), None)


def _trees(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        for path in (Path(os.path.abspath(place)), place.resolve()):  # noqa: PTH100 - by name, then by where it leads
            tree = repository_of(path) or path
            if tree != tree.parent:  # everything is below the root
                yield tree


def _below(path: Path, trees: frozenset[Path]) -> bool:
    return not trees.isdisjoint((path, *path.parents))
