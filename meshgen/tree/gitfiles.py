"""What Git has to know about the output tree, added to whatever others wrote into the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.tree.paths import META

if TYPE_CHECKING:
    from collections.abc import Mapping

JOURNAL = f"{META}/journal"
LOCK = f"{META}/lock"
STAGING_PREFIX = "staging-"

LINES: Mapping[str, tuple[str, ...]] = {
    # Lists merge without conflicts, and reviews fold what nobody wrote by hand.
    ".gitattributes": (f"/{META}/*.owned merge=union linguist-generated", "*.yaml linguist-generated"),
    # A journal that is committed after a crash would be taken for a crash on every other machine.
    f"{META}/.gitignore": ("/journal", "/lock", f"/{STAGING_PREFIX}*/"),
}
"""The lines that each of these files must have, anywhere in it."""


def completed(content: bytes | None, lines: tuple[str, ...]) -> bytes:
    """`content` as it is, followed by those of `lines` that it lacks, in its own line ends."""
    before = content or b""
    present = {line.strip() for line in before.splitlines()}
    end = b"\r\n" if b"\r\n" in before else b"\n"
    missing = [line.encode() for line in lines if line.encode() not in present]
    if missing and before and not before.endswith(b"\n"):
        before += end
    return before + b"".join(line + end for line in missing)
