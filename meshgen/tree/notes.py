"""What earlier builds noted about the whole tree, and what stands directly in it."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.tree import findings, state
from meshgen.tree.old_form import OldForm, read_old_form
from meshgen.tree.paths import META, refusal, top_of
from meshgen.tree.scan import Found, list_directory

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.tree.disk import Root
    from meshgen.tree.state import Recorded


@dataclass(slots=True)
class Notes:
    """`entries`: what stands directly in the output directory. `recorded`: what an unfinished write and lists of the
    old form recorded. `listed`: the top directories that have a list. `leftovers`: dead staging was found.
    """

    entries: Found = field(default_factory=Found)
    recorded: Recorded = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    journal: bytes | None = None
    old_form: OldForm = field(default_factory=OldForm)
    leftovers: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def tops(self) -> set[str]:
        """Every top directory that may hold files of ours."""
        there = {name for name in self.entries.directories if not refusal(f"{name}/x")}
        return there | self.listed | set(map(top_of, self.recorded))

    def differ(self, other: Notes, only: frozenset[str] | None) -> bool:
        """Whether another build wrote between these and `other`, as far as it concerns the top directories `only`."""
        tops = self.tops ^ other.tops
        return (
            self.journal != other.journal
            or self.old_form.edits != other.old_form.edits
            or bool(tops if only is None else tops & only)
        )


def read_notes(root: Root, output: Path) -> Notes:
    """Read them. What keeps them from being read, so that nothing can be said about the rest, is in `diagnostics`."""
    notes = Notes()
    current = ""
    try:
        for current in ("", META, state.LOCAL):
            kind = root.kind(current)
            if kind is not None and not stat.S_ISDIR(kind):
                obstacle = stat.S_ISLNK(kind)
                notes.diagnostics.append(
                    findings.link(output, current)
                    if obstacle
                    else findings.in_the_way(output, current, needed="directory")
                )
                return notes
        current = ""
        notes.entries = list_directory(root)
        current = META
        notes.old_form = read_old_form(root)
        notes.recorded = {path: set(hashes) for path, hashes in notes.old_form.recorded.items()}
        current = state.LOCAL
        _read_local(notes, root, output)
    except OSError as error:
        notes.diagnostics.append(findings.disk_error(output, current, error))
    return notes


def _read_local(notes: Notes, root: Root, output: Path) -> None:
    found = list_directory(root, state.LOCAL)
    for path in sorted(found.everything()):
        name = path.removeprefix(f"{state.LOCAL}/")
        if path in found.directories and name.startswith(state.STAGING_PREFIX):
            notes.leftovers = True
        elif path in (state.JOURNAL, state.IGNORE, state.LOCK) or name.endswith(state.SUFFIX):
            if path in found.links:
                notes.diagnostics.append(findings.link(output, path))
            elif path not in found.files:
                notes.diagnostics.append(findings.in_the_way(output, path, needed="file"))
            elif name.endswith(state.SUFFIX) and not refusal(f"{name.removesuffix(state.SUFFIX)}/x"):
                notes.listed.add(name.removesuffix(state.SUFFIX))
            elif path == state.JOURNAL:
                _read_journal(notes, root, output)


def _read_journal(notes: Notes, root: Root, output: Path) -> None:
    try:
        notes.journal = root.read(state.JOURNAL)
    except FileNotFoundError:
        return  # another build just ended
    notes.diagnostics.append(findings.interrupted(output, state.JOURNAL))
    for written, hashes in state.parse(notes.journal).items():
        notes.recorded.setdefault(written, set()).update(hashes)
