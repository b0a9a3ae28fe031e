"""What earlier builds noted about the tree: owned lists, the journal of a write that did not end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.tree import disk, findings, owned
from meshgen.tree.gitfiles import JOURNAL, STAGING_PREFIX
from meshgen.tree.paths import META, refusal, top_of
from meshgen.tree.scan import list_meta

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic


@dataclass(slots=True)
class Records:
    """Owned lists by top directory, as bytes and as read, the journal, and whether dead staging was found."""

    raw: dict[str, bytes] = field(default_factory=dict)
    lists: dict[str, owned.OwnedList] = field(default_factory=dict)
    journal_raw: bytes | None = None
    journal: dict[str, set[str]] = field(default_factory=dict)
    leftovers: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def tops(self) -> set[str]:
        return {*self.lists, *map(top_of, self.journal)}

    def recorded(self, tops: frozenset[str]) -> dict[str, set[str]]:
        """Every hash under which meshgen wrote, or was about to write, a path of `tops`."""
        result: dict[str, set[str]] = {}
        for top in sorted(tops & self.lists.keys()):
            result.update(self.lists[top].recorded)
        for path, hashes in self.journal.items():
            if top_of(path) in tops:
                result[path] = result.get(path, set()) | hashes
        return result


def list_path(top: str) -> str:
    """Where the owned list of a top directory stands."""
    return f"{META}/{top}{owned.SUFFIX}"


def read_records(root: str, output: Path) -> Records:
    """Read all owned lists and the journal below `root`. What cannot be trusted becomes a diagnostic."""
    records = Records()
    try:
        found = list_meta(root, META)
    except OSError as error:
        records.diagnostics.append(findings.disk_error(output, META, error))
        return records
    for path in sorted(found.everything()):
        name = path.removeprefix(f"{META}/")
        if path in found.directories and name.startswith(STAGING_PREFIX):
            records.leftovers = True
        elif path == JOURNAL or name.endswith(owned.SUFFIX):
            if path in found.links:
                records.diagnostics.append(findings.link(output, path))
            elif path not in found.files:
                records.diagnostics.append(findings.in_the_way(output, path, needed="file"))
            else:
                _read_list(records, root, output, path)
    return records


def _read_list(records: Records, root: str, output: Path, path: str) -> None:
    top = None if path == JOURNAL else path.removeprefix(f"{META}/").removesuffix(owned.SUFFIX)
    try:
        content = disk.read(f"{root}/{path}")
    except FileNotFoundError:
        return
    except OSError as error:
        records.diagnostics.append(findings.disk_error(output, path, error))
        return
    if top is not None and refusal(f"{top}/x"):
        records.diagnostics.append(findings.bad_list(output, path))
        return
    read = owned.parse(content, top)
    records.diagnostics.extend(findings.bad_line(output, path, line, why) for line, why in read.faults)
    if top is None:
        records.journal_raw = content
        records.journal = read.recorded
        records.diagnostics.append(findings.interrupted(output, path))
    else:
        records.raw[top] = content
        records.lists[top] = read
