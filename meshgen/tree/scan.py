"""What stands in the output tree: one walk a top directory, no link followed, nothing opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from meshgen.tree.disk import Root


@dataclass(slots=True)
class Found:
    """Paths relative to the output directory, by what stands there; `failures`: what could not be looked into.

    `repositories`: directories that hold a `.git`.
    """

    files: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    repositories: set[str] = field(default_factory=set)
    failures: dict[str, OSError] = field(default_factory=dict)

    def add(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Note one entry. Returns whether it is a directory to walk into."""
        if entry.is_file(follow_symlinks=False):
            self.files.add(path)
        elif entry.is_dir(follow_symlinks=False):
            self.directories.add(path)
            return True
        elif entry.is_symlink():
            self.links.add(path)
        else:
            self.others.add(path)
        return False

    def everything(self) -> set[str]:
        return self.files | self.directories | self.links | self.others


def walk(root: Root, top: str) -> Found:
    """Everything below the directory `top` of `root`."""
    found = Found()
    waiting = [top]
    while waiting:
        directory = waiting.pop()
        try:
            with root.listed(directory) as entries:
                for entry in entries:
                    if entry.name == ".git":
                        found.repositories.add(directory)
                        continue
                    path = f"{directory}/{entry.name}"
                    if found.add(path, entry):
                        waiting.append(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            found.failures[directory] = error
    return found


def list_directory(root: Root, directory: str = "") -> Found:
    """What stands directly in a directory below `root`; all empty where it is no directory. Raises `OSError`."""
    found = Found()
    if root.is_directory(directory):
        with root.listed(directory) as entries:
            for entry in entries:
                found.add(f"{directory}/{entry.name}" if directory else entry.name, entry)
    return found
