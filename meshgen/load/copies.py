"""Backup copies of fleet files beside the files that they were made of."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Note, Span, diagnose

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOOKS_COPIED = re.compile(r"backup|bak|copy|old|orig|save|\(\d+\)|~", re.IGNORECASE)

Identity = tuple[str, str]
"""Kind and name of a document."""


def copies(documents: Iterable[tuple[str, Identity]]) -> dict[str, str]:
    """Copied file → its original, for `documents` as (file, identity).

    Two files are one and its copy where both have the same Fleet, or one has several documents and the other has them
    all; where such a pair is, one document counts as well. Which of the two is the copy is a guess by its name.
    """
    known: dict[str, set[Identity]] = {}
    for file, identity in documents:
        known.setdefault(file, set()).add(identity)
    originals: dict[Identity, str] = {}
    sure: dict[str, str] = {}
    single: dict[str, str] = {}
    for file in sorted(known, key=_likely_original):
        own = known[file]
        before = {originals[identity] for identity in own if identity in originals}
        fleet = next((originals[identity] for identity in own if identity[0] == "Fleet" and identity in originals), "")
        other = fleet or (min(before) if len(before) == 1 and own <= known[min(before)] else "")
        if other:
            (sure if fleet or len(own) > 1 else single)[file] = other
        else:
            originals.update({identity: file for identity in own if identity not in originals})
    return {**single, **sure} if sure else {}


def copied(found: dict[str, str]) -> list[Diagnostic]:
    """MG067, one for all files that are copies."""
    if not found:
        return []
    (file, original), *others = sorted(found.items())
    message = f"`{file}` is a copy of `{original}`"
    if others:
        message = f"{len(found)} files are copies of others in the fleet: {message}"
    return [
        diagnose(
            "MG067",
            message,
            Span(file, 1, 1, 1, 2),
            "Move it out of the fleet: every `.yaml` and `.yml` file below the directory counts.",
            tuple(Note(Span(copy, 1, 1, 1, 2), f"a copy of `{of}`") for copy, of in others),
        )
    ]


def _likely_original(file: str) -> tuple[bool, int, str]:
    path = PurePath(file)
    return any(_LOOKS_COPIED.search(part) for part in path.parts[-2:]), len(path.parts), file
