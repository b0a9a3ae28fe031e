"""Compare an output tree with what it should be. Reads only."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, TypeAlias

from meshgen.tree import disk, findings, gitfiles, owned
from meshgen.tree.model import Change, Comparison, fingerprint
from meshgen.tree.paths import (
    META,
    case_clashes,
    is_surely_manifest,
    is_synced,
    may_be_synced,
    parents_of,
    refusal,
    top_of,
)
from meshgen.tree.records import Records, list_path, read_records
from meshgen.tree.scan import Found, walk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic

Wanted: TypeAlias = "Mapping[str, bytes]"
"""The content of every file of the tree by its path below the output directory, `/` between the parts."""


def compare(
    output: Path,
    wanted: Wanted,
    *,
    only: frozenset[str] | None = None,
    clusters: frozenset[str] = frozenset(),
) -> Comparison:
    """Compare the tree at `output`, which need not exist and may be a link, with `wanted`.

    `only` limits it to these top directories (files of others in `wanted` are left out); `None` covers all,
    also those of clusters that left the fleet. `clusters` are the clusters of the fleet: one that has no
    manifest any more is told. Whatever is wrong with the disk or the tree is in the result's `diagnostics`.
    Raises `ValueError` for a path in `wanted` that no tree may have.
    """
    for path in wanted:
        if why := refusal(path):
            message = f"the path {path!r} {why}"
            raise ValueError(message)
    root = os.path.realpath(output)
    if obstacle := _obstacle(root, output):
        return _Comparing(output, root, {}, frozenset(), Records(diagnostics=[obstacle]), frozenset()).run()
    records = read_records(root, output)
    if only is None:
        covered = frozenset({*map(top_of, wanted), *records.tops})
    else:
        covered = only
        wanted = {path: content for path, content in wanted.items() if top_of(path) in only}
    return _Comparing(output, root, wanted, covered, records, clusters).run()


def _obstacle(root: str, output: Path) -> Diagnostic | None:
    """What keeps the owned lists from being read, so that nothing can be said about the rest."""
    for path in ("", META):
        try:
            kind = disk.kind(f"{root}/{path}" if path else root)
        except OSError as error:
            return findings.disk_error(output, path, error)
        if kind is not None and stat.S_ISLNK(kind):
            return findings.link(output, path)
        if kind is not None and not stat.S_ISDIR(kind):
            return findings.in_the_way(output, path, needed="directory")
    return None


class _Comparing:
    """One comparison under way: what is wanted, recorded and found, and what follows from it so far."""

    def __init__(
        self,
        output: Path,
        root: str,
        wanted: Wanted,
        covered: frozenset[str],
        records: Records,
        clusters: frozenset[str],
    ) -> None:
        self.output = output
        self.root = root
        self.wanted = wanted
        self.covered = covered
        self.records = records
        self.clusters = clusters
        self.recorded = records.recorded(covered)
        self.found = walk(root, covered) if disk.is_directory(root) else Found()
        self.digests = {path: owned.digest(content) for path, content in wanted.items()}
        self.changes: list[Change] = []
        self.adopted: list[str] = []
        self.unchanged: list[str] = []
        self.diagnostics: list[Diagnostic] = list(records.diagnostics)

    def run(self) -> Comparison:
        for path, error in sorted(self.found.failures.items()):
            self.diagnostics.append(findings.disk_error(self.output, path, error))
        self._compare_wanted()
        self._compare_unwanted()
        self._look_for_obstacles()
        self._look_at_syncs()
        # Also above files that are gone already: a killed build deletes the files first.
        emptied = parents_of(self.recorded.keys() - self.wanted.keys()) - parents_of(self.wanted)
        return Comparison(
            output=self.output,
            root=self.root,
            covered=self.covered,
            changes=tuple(sorted(self.changes, key=lambda change: change.path)),
            adopted=tuple(sorted(self.adopted)),
            unchanged=tuple(sorted(self.unchanged)),
            bookkeeping=tuple(self._bookkeeping()),
            emptied=tuple(sorted(emptied, key=lambda path: (-path.count("/"), path))),
            diagnostics=tuple(sorted(set(self.diagnostics), key=lambda diagnostic: diagnostic.sort_key)),
            journal=self.records.journal_raw,
            leftovers=self.records.leftovers,
        )

    def _compare_wanted(self) -> None:
        files = self.found.files
        recorded = self.recorded
        prefix = f"{self.root}/"
        for path, content in self.wanted.items():
            if path not in files:
                self._change(path, content, None, self.digests[path])
                continue
            try:
                before = disk.read(prefix + path, content)
            except FileNotFoundError:
                self._change(path, content, None, self.digests[path])
                continue
            except OSError as error:
                self.diagnostics.append(findings.disk_error(self.output, path, error))
                continue
            hashes = recorded.get(path, ())
            if before == content or owned.unified(before) == owned.unified(content):
                (self.unchanged if self.digests[path] in hashes else self.adopted).append(path)
                continue
            if path not in recorded:
                self.diagnostics.append(findings.foreign(self.output, path))
            elif owned.digest(before) not in hashes:
                self.diagnostics.append(findings.edited(self.output, path, unwanted=False))
            self._change(path, content, before, self.digests[path])

    def _compare_unwanted(self) -> None:
        for path in self.found.files & (self.recorded.keys() - self.wanted.keys()):
            try:
                before = disk.read(f"{self.root}/{path}")
            except FileNotFoundError:
                continue
            except OSError as error:
                self.diagnostics.append(findings.disk_error(self.output, path, error))
                continue
            if owned.digest(before) not in self.recorded[path]:
                self.diagnostics.append(findings.edited(self.output, path, unwanted=True))
            self._change(path, None, before, min(self.recorded[path]))

    def _change(self, path: str, new: bytes | None, before: bytes | None, digest: str) -> None:
        seen = None if before is None else fingerprint(before)
        self.changes.append(Change(path, f"{self.root}/{path}", new, seen, digest))

    def _look_for_obstacles(self) -> None:
        """Links, directories in the place of files and the other way round, names that clash without case."""
        found = self.found
        removed = {change.path for change in self.changes if change.new is None}
        added = [change.path for change in self.changes if change.seen is None]
        touched = self.wanted.keys() | self.recorded.keys()
        for path in sorted(found.links & (touched | parents_of(touched))):
            self.diagnostics.append(findings.link(self.output, path))
        for path in sorted((found.files - removed | found.others) & parents_of(self.wanted)):
            self.diagnostics.append(findings.in_the_way(self.output, path, needed="directory"))
        for path in sorted((found.directories | found.others) & self.wanted.keys()):
            self.diagnostics.append(findings.in_the_way(self.output, path, needed="file"))
        standing = found.everything() - removed - parents_of(removed) if added else ()
        for first, second in case_clashes(self.wanted, standing):
            self.diagnostics.append(findings.case_clash(self.output, first, second))

    def _look_at_syncs(self) -> None:
        """Warn of what a sync would read, and of clusters that are left without a manifest."""
        known = self.wanted.keys() | self.recorded.keys()
        strangers = (self.found.files | self.found.links | self.found.others) - known
        served = {top_of(path) for path in self.wanted}
        owning = {top_of(path) for path in self.recorded}
        by_top: dict[str, list[str]] = {}
        for path in sorted(strangers):
            top = top_of(path)
            if top != path and is_synced(top) and top in served | owning:
                by_top.setdefault(top, []).append(path)
                if may_be_synced(path):
                    self.diagnostics.append(findings.foreign_manifest(self.output, path))
        for top in sorted(owning - served):
            kept = by_top.get(top, [])
            if kept and not any(path in self.found.files and is_surely_manifest(path) for path in kept):
                self.diagnostics.append(findings.would_prune_everything(self.output, top, kept[0]))
            elif top in self.clusters and not kept:
                self.diagnostics.append(findings.no_manifests(self.output, top, list_path(top)))

    def _bookkeeping(self) -> list[Change]:
        by_top: dict[str, dict[str, str]] = {}
        for path, digest in self.digests.items():
            by_top.setdefault(top_of(path), {})[path] = digest
        changes: list[Change] = []
        remaining = set(self.records.lists) - self.covered
        for top in sorted(self.covered | self.records.tops):
            hashes = by_top.get(top)
            if top not in self.covered:
                changes.extend(self._fold_journal(top))
            elif hashes:
                remaining.add(top)
                changes.extend(self._list(top, hashes))
            elif top in self.records.raw:
                changes.extend(self._book(list_path(top), None, self.records.raw[top]))
        if remaining:
            for path, lines in gitfiles.LINES.items():
                changes.extend(self._git_file(path, lines))
        return changes

    def _fold_journal(self, top: str) -> list[Change]:
        """What an interrupted build wrote into a top directory that this one does not cover stays recorded."""
        noted = {path: hashes for path, hashes in self.records.journal.items() if top_of(path) == top}
        if not noted:
            return []
        known = self.records.lists[top].recorded if top in self.records.lists else {}
        pairs = [(path, value) for hashes in (known, noted) for path, values in hashes.items() for value in values]
        return self._book(list_path(top), owned.render(pairs), self.records.raw.get(top))

    def _list(self, top: str, hashes: dict[str, str]) -> list[Change]:
        """The owned list of `top`, for the hashes of all its wanted paths."""
        known = self.records.lists[top].recorded if top in self.records.lists else {}
        enough = all(digest in known.get(path, ()) for path, digest in hashes.items())
        return self._book(list_path(top), owned.render(hashes.items()), self.records.raw.get(top), tidying=enough)

    def _git_file(self, path: str, lines: tuple[str, ...]) -> list[Change]:
        file = f"{self.root}/{path}"
        try:
            kind = disk.kind(file)
            if kind is None or stat.S_ISREG(kind):
                before = None if kind is None else disk.read(file)
                return self._book(path, gitfiles.completed(before, lines), before)
        except OSError as error:
            self.diagnostics.append(findings.disk_error(self.output, path, error))
        else:
            obstacle = (
                findings.link(self.output, path)
                if stat.S_ISLNK(kind)
                else findings.in_the_way(self.output, path, needed="file")
            )
            self.diagnostics.append(obstacle)
        return []

    def _book(self, path: str, new: bytes | None, before: bytes | None, *, tidying: bool = False) -> list[Change]:
        if new == before or (new is not None and before is not None and owned.unified(before) == new):
            return []
        seen = None if before is None else fingerprint(before)
        return [Change(path, f"{self.root}/{path}", new, seen, tidying=tidying)]
