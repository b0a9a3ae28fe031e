"""Trees of the form before 0.1.0: owned lists in Git, merged by a driver that hosts of Git do not know.

They count as local state once, and go with the next write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.tree import state
from meshgen.tree.paths import META, refusal
from meshgen.tree.scan import list_directory

if TYPE_CHECKING:
    from meshgen.tree.disk import Root
    from meshgen.tree.state import Recorded

_SUFFIX = ".owned"
_JOURNAL = f"{META}/journal"
_LINES = {
    ".gitattributes": (b"/.meshgen/*.owned merge=union linguist-generated", b"*.yaml linguist-generated"),
    f"{META}/.gitignore": (b"/journal", b"/lock", b"/staging-*/"),
}
"""The lines that meshgen wrote into files that others may write to."""


@dataclass(slots=True)
class OldForm:
    """What is left of that form: hashes by path, and files to delete (`None`) or to write without our lines."""

    recorded: Recorded = field(default_factory=dict)
    edits: list[tuple[str, bytes, bytes | None]] = field(default_factory=list)
    """Path, content, and what is left of it."""


def read_old_form(root: Root) -> OldForm:
    """Read it below `root`, an existing directory; links are passed over. Raises `OSError`."""
    old = OldForm()
    for path in sorted(list_directory(root, META).files):
        name = path.removeprefix(f"{META}/")
        top = name.removesuffix(_SUFFIX)
        if path == _JOURNAL or (top != name and not refusal(f"{top}/x")):
            content = root.read(path)
            for written, hashes in state.parse(content, None if path == _JOURNAL else top).items():
                old.recorded.setdefault(written, set()).update(hashes)
            old.edits.append((path, content, None))
    for path, lines in _LINES.items():
        if root.is_file(path):
            content = root.read(path)
            left = b"".join(line for line in content.splitlines(keepends=True) if line.strip() not in lines)
            if left != content:
                old.edits.append((path, content, left or None))
    return old
