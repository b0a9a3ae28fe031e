"""The owned list: which files of a top directory meshgen wrote, and with which content.

A line is `<sha256>  <path>`, the path relative to the output directory, so that `sha256sum --check` run there
reads the lists. Git's union driver merges them: a path may stand in several lines, and each of its hashes
counts as recorded.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.tree.paths import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIX = ".owned"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_CONFLICT_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(slots=True)
class OwnedList:
    """What was read from an owned list or from the journal: hashes by path, and lines that nobody may trust."""

    recorded: dict[str, set[str]] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)


def unified(content: bytes) -> bytes:
    """`content` with the line ends that meshgen writes: a CRLF checkout is no edit."""
    return content.replace(b"\r\n", b"\n") if b"\r" in content else content


def digest(content: bytes) -> str:
    """The hash that the lists record for `content`."""
    return hashlib.sha256(unified(content)).hexdigest()


def parse(content: bytes, top: str | None) -> OwnedList:
    """Read a list of the top directory `top`; `None`: of any, as the journal is.

    Every line that is no line of a list, or whose path must not be touched, becomes a fault: its number and
    what is wrong with it.
    """
    result = OwnedList()
    recorded = result.recorded
    prefix = "" if top is None else f"{top}/"
    for number, line in enumerate(unified(content).decode("utf-8", "replace").split("\n"), 1):
        match = _LINE.fullmatch(line)
        if match and match[2].startswith(prefix) and not refusal(match[2]):
            recorded.setdefault(match[2], set()).add(match[1])
        elif line:
            result.faults.append((number, _fault(line, match, top)))
    return result


def _fault(line: str, match: re.Match[str] | None, top: str | None) -> str:
    if match:
        return f"names a path that {refusal(match[2]) or f'is outside `{top}`'}"
    if line.startswith(_CONFLICT_MARKERS):
        return "is left over from a merge conflict"
    return "is no `<sha256>  <path>`"


def render(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The text of a list that records these pairs of path and hash."""
    return "".join(f"{value}  {path}\n" for path, value in sorted(set(pairs))).encode()
