"""The local state: what builds on this machine wrote, and what a build that did not end was about to write.

It stands in `.meshgen/local`, which ignores itself for Git. A line is `<sha256>  <path>`, the path relative to the
output directory, so that `sha256sum --check` run there reads it. A path may have several hashes.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from meshgen.tree.paths import META, refusal, top_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCAL = f"{META}/local"
"""The directory of everything that is of this machine only."""
IGNORE = f"{LOCAL}/.gitignore"
IGNORED = b"*\n"
"""Its content: Git ignores the directory and this file itself."""
JOURNAL = f"{LOCAL}/journal"
LOCK = f"{LOCAL}/lock"
STAGING_PREFIX = "staging-"
SUFFIX = ".written"

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")

Recorded = dict[str, set[str]]
"""Hashes by path."""


def list_path(top: str) -> str:
    """Where the list of a top directory stands."""
    return f"{LOCAL}/{top}{SUFFIX}"


def unified(content: bytes) -> bytes:
    """`content` with the line ends that meshgen writes: a CRLF checkout is no edit."""
    return content.replace(b"\r\n", b"\n") if b"\r" in content else content


def digest(content: bytes) -> str:
    """The hash that a list records for `content`."""
    return hashlib.sha256(unified(content)).hexdigest()


def parse(content: bytes, top: str | None = None) -> Recorded:
    """The hashes that a list records for paths of the top directory `top`; `None`: of any.

    A line that is none, or whose path no tree may have, is passed over: its file is then one that nobody wrote.
    """
    recorded: Recorded = {}
    prefix = "" if top is None else f"{top}/"
    for line in unified(content).decode("utf-8", "replace").split("\n"):
        match = _LINE.fullmatch(line)
        if match and match[2].startswith(prefix) and not refusal(match[2]):
            recorded.setdefault(match[2], set()).add(match[1])
    return recorded


def by_top(recorded: Recorded) -> dict[str, Recorded]:
    """The hashes that are recorded, by top directory."""
    found: dict[str, Recorded] = {}
    for path, hashes in recorded.items():
        found.setdefault(top_of(path), {})[path] = hashes
    return found


def render(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The text of a list that records these pairs of path and hash."""
    return "".join(f"{value}  {path}\n" for path, value in sorted(set(pairs))).encode()


def pairs(recorded: Recorded) -> Iterable[tuple[str, str]]:
    """What `render` takes."""
    return ((path, value) for path, values in recorded.items() for value in values)
