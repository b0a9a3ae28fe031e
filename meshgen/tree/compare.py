"""Compare one top directory of the output tree with what it should be. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from meshgen.tree import findings, state
from meshgen.tree.disk import TooLargeError
from meshgen.tree.model import Change, fingerprint
from meshgen.tree.ownership import Verdict
from meshgen.tree.paths import (
    case_clashes,
    is_surely_manifest,
    is_synced,
    may_be_synced,
    parents_of,
    refusal,
)
from meshgen.tree.scan import Found, walk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.tree.disk import Root
    from meshgen.tree.ownership import Ownership
    from meshgen.tree.state import Recorded

Wanted: TypeAlias = "Mapping[str, bytes]"
"""The content of every file of a top directory by its path below the output directory, `/` between the parts."""


@dataclass(frozen=True, slots=True)
class Place:
    """What all top directories of one comparison share."""

    output: Path
    root: Root
    entries: Found
    """What stands directly in the output directory."""
    ownership: Ownership
    recorded: Mapping[str, Recorded]
    """What an unfinished write and lists of the old form recorded, by top directory."""
    clusters: frozenset[str]
    """The clusters of the fleet."""
    overwrite_edits: bool


@dataclass(slots=True)
class Top:
    """One top directory beside what it should be."""

    name: str
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    stale: list[str] = field(default_factory=list)
    emptied: frozenset[str] = frozenset()
    """Directories that are removed if nothing is left in them."""
    fresh: dict[str, str] = field(default_factory=dict)
    """For a file that is added below a directory that is not there: the highest such directory."""
    digests: dict[str, str] = field(default_factory=dict)
    """The hash of every file that is wanted, and of every one that goes and is no edit; dropped once it is staged."""
    gone: bool = False
    """Whether nothing that stands in it stays."""
    listed: bytes | None = None
    """The fingerprint of its list in the local state, as found."""
    text: bytes | None = None
    """The list that it gets where that differs; dropped once it is staged."""
    relisted: bool = False
    """Whether that differs."""
    unlisted: bool = False
    """Whether it gets none."""
    diagnostics: list[Diagnostic] = field(default_factory=list)


def compare_top(place: Place, name: str, wanted: Wanted, parts: frozenset[str] | None = None) -> Top:
    """Compare the top directory `name` with the files that are wanted in it, maybe none.

    `parts`: the directories in it that are compared, the others are left alone; None: all of it. Whatever is wrong with
    the disk or the tree is in the result's `diagnostics`. Raises `ValueError` for a path in `wanted` that no tree may
    have.
    """
    for path in wanted:
        if why := refusal(path) or ("" if path.startswith(f"{name}/") else f"is outside `{name}`"):
            message = f"the path {path!r} {why}"
            raise ValueError(message)
    return _Comparing(place, name, wanted, parts).run()


class _Comparing:
    """One comparison under way: what is wanted, recorded and found, and what follows from it so far."""

    def __init__(self, place: Place, name: str, wanted: Wanted, parts: frozenset[str] | None) -> None:
        self.place = place
        self.output = place.output
        self.top = Top(name)
        self.parts = None if parts is None else tuple(f"{name}/{part}/" for part in sorted(parts))
        self.wanted = wanted
        self.found = walk(place.root, name) if name in place.entries.directories else Found()
        self.diagnostics = self.top.diagnostics
        self.recorded: Recorded = {}
        self.missing: dict[str, str] = {}

    def run(self) -> Top:
        top = self.top
        for path, error in sorted(self.found.failures.items()):
            self.diagnostics.append(findings.disk_error(self.output, path, error))
        self._read_list()
        self._compare_wanted()
        self._compare_unwanted()
        top.changes.sort(key=lambda change: change.path)
        removed = [change.path for change in top.changes if change.removed]
        # Also above files that are gone already: a killed build deletes the files first.
        past = [*removed, *(self.recorded.keys() - self.wanted.keys())]
        if past:
            top.emptied = parents_of(past) - parents_of(self.wanted)
        self._look_for_obstacles(removed)
        self._look_at_syncs(owning=bool(past))
        top.gone = bool(removed) and not self.wanted and self.found.everything() <= {*removed, *parents_of(removed)}
        return top

    def _read_list(self) -> None:
        """Read what the local state records; it is parsed only where it is not what it will be."""
        top = self.top
        path = state.list_path(top.name)
        listed: bytes | None = None
        try:
            listed = self.place.root.read(path)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.diagnostics.append(findings.disk_error(self.output, path, error))
        top.listed = None if listed is None else fingerprint(listed)
        top.digests = {path: state.digest(self.wanted[path]) for path in sorted(self.wanted)}
        recorded = self.place.recorded.get(top.name, {})
        if self.parts is None:
            lines = [f"{value}  {path}\n" for path, value in top.digests.items()]
            wanted = "".join(lines).encode() if lines else None
        else:
            others = [*state.pairs(state.parse(listed or b"", top.name)), *state.pairs(recorded)]
            kept = (pair for pair in others if not self._covers(pair[0]))
            wanted = state.render([*top.digests.items(), *kept]) or None
        if listed != wanted:
            top.relisted, top.unlisted = True, wanted is None
            top.text = wanted
            if listed is not None:
                self._record(state.parse(listed, top.name))
        self._record(recorded)

    def _record(self, found: Recorded) -> None:
        for path, hashes in found.items():
            if self._covers(path):
                self.recorded.setdefault(path, set()).update(hashes)

    def _covers(self, path: str) -> bool:
        """Whether this build may change the path."""
        return self.parts is None or path.startswith(self.parts)

    def _compare_wanted(self) -> None:
        top = self.top
        files = self.found.files
        read = self.place.root.read
        for path, content in self.wanted.items():
            before = None
            if path in files:
                try:
                    before = read(path, content)
                except FileNotFoundError:
                    pass
                except TooLargeError:
                    self.diagnostics.append(findings.foreign(self.output, path))
                    continue
                except OSError as error:
                    self.diagnostics.append(findings.disk_error(self.output, path, error))
                    continue
            if before is content or (before is not None and state.unified(before) == state.unified(content)):
                top.unchanged += 1
            elif before is not None:
                self._replace(path, before)
            else:
                self._add(path, content)

    def _replace(self, path: str, before: bytes) -> None:
        verdict = self.place.ownership.verdict(
            path,
            before,
            hashes=self.recorded.get(path, ()),
            repositories=self.found.repositories,
            wanted=True,
        )
        if verdict is Verdict.FOREIGN:
            self.diagnostics.append(findings.foreign(self.output, path))
        elif verdict is Verdict.EDITED:
            self._edited(path, unwanted=False)
        self.top.changes.append(Change(path, fingerprint(before)))

    def _add(self, path: str, content: bytes) -> None:
        kept = self.place.ownership.left_out(path, content, self.found.repositories)
        if kept is None:
            self.top.changes.append(Change(path, None))
            if directory := self._missing(path.rpartition("/")[0]):
                self.top.fresh[path] = directory
        elif kept:
            self.top.unchanged += 1
        else:
            self.top.stale.append(path)

    def _missing(self, directory: str) -> str:
        """The highest of `directory` and those above it that is not there; empty: all are."""
        known = self.missing.get(directory)
        if known is None:
            if not directory or directory in self.found.directories or directory in self.place.entries.directories:
                known = ""
            else:
                known = self._missing(directory.rpartition("/")[0]) or directory
            self.missing[directory] = known
        return known

    def _compare_unwanted(self) -> None:
        for path in sorted(filter(self._covers, self.found.files - self.wanted.keys())):
            try:
                before = self.place.root.read(path)
            except (FileNotFoundError, TooLargeError):
                continue
            except OSError as error:
                self.diagnostics.append(findings.disk_error(self.output, path, error))
                continue
            verdict = self.place.ownership.verdict(
                path,
                before,
                hashes=self.recorded.get(path, ()),
                repositories=self.found.repositories,
                wanted=False,
            )
            if verdict is Verdict.FOREIGN:
                continue
            if verdict is Verdict.EDITED:
                # Not in the journal: after a kill the edit is still one, and going on takes the option again.
                self._edited(path, unwanted=True)
            else:
                self.top.digests[path] = state.digest(before)
            self.top.changes.append(Change(path, fingerprint(before), removed=True))

    def _edited(self, path: str, *, unwanted: bool) -> None:
        finding = findings.edited(self.output, path, unwanted=unwanted)
        if self.place.overwrite_edits:
            finding = findings.overruled(finding, "--overwrite-edits")
        self.diagnostics.append(finding)

    def _look_for_obstacles(self, removed: list[str]) -> None:
        """Links, directories in the place of files and the other way round, names that clash without case."""
        found, entries, name = self.found, self.place.entries, self.top.name
        links, others = set(found.links), set(found.others)
        files = found.files - set(removed)
        if name in entries.links:
            links.add(name)
        elif name in entries.others:
            others.add(name)
        elif name in entries.files:
            files.add(name)
        if links:
            touched = self.wanted.keys() | self.recorded.keys()
            for path in sorted(links & (touched | parents_of(touched))):
                self.diagnostics.append(findings.link(self.output, path))
        if len(files) + len(others) > self.top.unchanged:
            for path in sorted((files | others) & parents_of(self.wanted)):
                self.diagnostics.append(findings.in_the_way(self.output, path, needed="directory"))
        for path in sorted((found.directories | others) & self.wanted.keys()):
            self.diagnostics.append(findings.in_the_way(self.output, path, needed="file"))
        added = any(change.seen is None for change in self.top.changes)
        standing = found.everything() - set(removed) - parents_of(removed) if added else ()
        for first, second in case_clashes(self.wanted, standing) if added else ():
            self.diagnostics.append(findings.case_clash(self.output, first, second))

    def _look_at_syncs(self, *, owning: bool) -> None:
        """Warn of what a sync would read, and of a cluster that is left without a manifest."""
        name = self.top.name
        if not is_synced(name) or not (owning or self.wanted):
            return
        known = self.wanted.keys() | {change.path for change in self.top.changes}
        kept = sorted((self.found.files | self.found.links | self.found.others) - known)
        for path in kept:
            if may_be_synced(path):
                self.diagnostics.append(findings.foreign_manifest(self.output, path))
        if self.wanted:
            return
        if kept and not any(path in self.found.files and is_surely_manifest(path) for path in kept):
            self.diagnostics.append(findings.would_prune_everything(self.output, name, kept[0]))
        elif name in self.place.clusters and not kept:
            self.diagnostics.append(findings.no_manifests(self.output, name))
