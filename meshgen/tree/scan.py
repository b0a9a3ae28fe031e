"""What stands in the output tree: one walk, no link followed, nothing opened."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.tree import disk

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(slots=True)
class Found:
    """Paths relative to the output directory, by what stands there; `failures`: what could not be looked into."""

    files: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    failures: dict[str, OSError] = field(default_factory=dict)

    def add(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Note one entry. Returns whether it is a directory to walk into."""
        if entry.is_symlink():
            self.links.add(path)
        elif entry.is_dir(follow_symlinks=False):
            self.directories.add(path)
            return True
        elif entry.is_file(follow_symlinks=False):
            self.files.add(path)
        else:
            self.others.add(path)
        return False

    def everything(self) -> set[str]:
        return self.files | self.directories | self.links | self.others


def walk(root: str, tops: Collection[str]) -> Found:
    """What stands directly in `root`, and everything below those of its directories that `tops` names."""
    found = Found()
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(f"{root}/{directory}") as entries:
                for entry in entries:
                    path = f"{directory}/{entry.name}" if directory else entry.name
                    if found.add(path, entry) and (directory or path in tops):
                        waiting.append(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            found.failures[directory] = error
    return found


def list_meta(root: str, meta: str) -> Found:
    """What stands directly in the directory `meta`; all empty where it is no directory."""
    found = Found()
    if disk.is_directory(f"{root}/{meta}"):
        for entry in disk.entries(f"{root}/{meta}"):
            found.add(f"{meta}/{entry.name}", entry)
    return found
