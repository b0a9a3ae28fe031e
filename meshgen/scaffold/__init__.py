"""A repository from nothing: files that stand here as they are written, with a few words put in.

`repository` is in every one, each directory of `ci` is a forge's part, each file of `engines` the step of the README by
which an engine begins to sync. A new forge is a directory of templates here, and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from meshgen import __version__

DEFAULT_SOURCE = "company/meshgen"
"""Stands for the repository that has meshgen until somebody says which it is."""
_HERE = Path(__file__).parent
_SERVERS = {"gitlab": "https://gitlab.com"}
_SERVER = "https://github.com"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a repository is made for."""

    platform: str
    platform_lines: str
    """The lines of the fleet that say so."""
    engine: str | None = None
    forge: str | None = None
    repo_url: str | None = None
    """Where the engine finds the repository; None: an address to be replaced."""
    source: str = DEFAULT_SOURCE
    """The repository that has meshgen."""


def forge_names() -> tuple[str, ...]:
    """The forges that there are templates for, sorted."""
    return tuple(sorted(path.name for path in (_HERE / "ci").iterdir() if path.is_dir()))


def repository(choices: Choices) -> dict[str, str]:
    """The files of a new repository but for inventories and schema: path → text."""
    roots = [_HERE / "repository"]
    if choices.forge is not None:
        roots.append(_HERE / "ci" / choices.forge)
    words = _words(choices)
    return {
        path.relative_to(root).as_posix(): _filled(path.read_text(encoding="utf-8"), words)
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _words(choices: Choices) -> dict[str, str]:
    delivery = ""
    if choices.engine is not None:
        url = choices.repo_url or "https://git.example.com/company/mesh.git"
        delivery = f"  delivery:\n    engine: {choices.engine}\n    # This repository, as the engine reaches it.\n"
        # A text of JSON is one of YAML, whatever is in it.
        delivery += f"    repoURL: {json.dumps(url)}\n"
    return {
        "@PLATFORM@": choices.platform_lines,
        "@DELIVERY@": delivery,
        "@SOURCE@": choices.source,
        "@URL@": f"{_SERVERS.get(choices.forge or '', _SERVER)}/{choices.source}",
        "@VERSION@": __version__,
        "@SYNC@": (_HERE / "engines" / f"{choices.engine or 'none'}.md").read_text(encoding="utf-8").strip(),
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for word, replacement in words.items():
        text = text.replace(word, replacement)
    return text
