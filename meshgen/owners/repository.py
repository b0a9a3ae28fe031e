"""The CODEOWNERS of a repository, found and read as a stranger's file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.beneath import Directory
from meshgen.owners.codeowners import CodeOwners, Dialect, parse
from meshgen.programs import repository_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the services look, in their order: the first that is there counts."""
LARGEST = 3 * 1024 * 1024
"""What GitHub reads of a file at most."""
WORK = 20_000_000
"""Work that owners are worth: characters of patterns times characters of paths. Files after that have none."""
_OF_GITLAB = ".gitlab-ci.yml"


def owners_of(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The owners of files, by the path that people see; files that nobody owns are left out."""
    from pathlib import Path

    found: dict[str, tuple[str, ...]] = {}
    read: dict[Path, CodeOwners] = {}
    left = WORK
    for file in dict.fromkeys(files):
        path = Path(os.path.abspath(file))  # noqa: PTH100 - by name, as people see it
        top = repository_of(path.parent)
        if top is None:
            continue
        if top not in read:
            read[top] = codeowners(top)
        name = path.relative_to(top).as_posix()
        left -= read[top].weight * len(name)
        if left < 0:
            break
        if owners := read[top].of(name):
            found[file] = owners
    return found


def codeowners(top: Path) -> CodeOwners:
    """The rules of the repository whose work tree is at `top`; none where there is no file, or it cannot be read."""
    with Directory(os.path.realpath(top)) as opened:
        for place in PLACES:
            try:
                content = opened.read(place, LARGEST)
            except OSError:
                continue
            if len(content) > LARGEST:
                break
            return parse(content.decode(errors="replace"), _dialect(place, top))
    return CodeOwners()


def _dialect(place: str, top: Path) -> Dialect:
    """GitLab's where only GitLab looks, or where it has a pipeline to run; else GitHub's."""
    if place.startswith(".github/"):
        return "github"
    return "gitlab" if place.startswith(".gitlab/") or os.path.lexists(top / _OF_GITLAB) else "github"


def with_owners(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """`diagnostics`, each with the owners of the file that it is about."""
    found = list(diagnostics)
    owners = owners_of(each.span.file for each in found if each.span is not None)
    if not owners:
        return found
    return [replace(each, owners=owners.get(each.span.file, ())) if each.span else each for each in found]
