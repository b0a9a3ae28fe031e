"""The repository that holds a fleet and its output: which of its commits count, and what they meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.emit import emit
from meshgen.emit.artifact import object_path
from meshgen.emit.service_entry import SERVICE_ENTRY
from meshgen.emit.workload_entry import WORKLOAD_ENTRY
from meshgen.emit.yaml import HEADER
from meshgen.git import Cause, GitError, open_repository
from meshgen.load import is_fleet_file
from meshgen.revisions import findings
from meshgen.revisions.compile import meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.git import Repository
    from meshgen.plan.reach import Reach
    from meshgen.revisions.compile import Meaning

Texts = tuple[bytes, ...]
"""The files of a fleet, sorted: how they are called and where they stand changes nothing."""
Reached = dict[tuple[str, str], tuple["Reach", str]]
"""(consumer, host) → how it is reached, and the commit whose fleet says so."""
MOST_REVISIONS = 50
"""How many fleets are compared at most: every one is compiled."""
_FURTHEST = 5
"""How many commits back an output is followed that its fleet does not compile to."""
_ENTRIES = {"serviceEntry": SERVICE_ENTRY.schema, "workloadEntry": WORKLOAD_ENTRY.schema}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def texts(contents: Iterable[bytes]) -> Texts:
    """What tells one fleet from another: its files as they are read, whatever a checkout made of their line ends."""
    return tuple(sorted(content.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n") for content in contents))


def repository_of(fleet: Path) -> tuple[Repository, str]:
    """The repository that holds a fleet, seen from its directory, and the name of a fleet that is one file.

    Raises GitError where nothing does.
    """
    real = fleet.resolve()
    return open_repository(real if real.is_dir() else real.parent), "" if real.is_dir() else real.name


class UnknownError(Exception):
    """What a commit meant cannot be told."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class History:
    """One fleet and its output in the repositories that hold them, which may be two.

    Every method raises `UnknownError` where Git does not tell what it has to.
    """

    fleet: Repository
    """Seen from the fleet's directory."""
    file: str
    """The name of a fleet that is one file; empty for a directory."""
    shown: tuple[Path, Path]
    """Fleet and output, named as people named them."""
    output: Repository | None
    """Seen from the output directory; None where that is in no repository, or in another one than the fleet."""
    known: dict[Texts, Meaning | None] = field(default_factory=dict)
    """The fleets that were read already; None: cannot be read."""
    _built: dict[str, bool] = field(default_factory=dict)
    """Whether the output of a commit is what its fleet compiles to."""

    def commit(self, revision: str) -> str | None:
        """The commit that people call `revision`."""
        return self.fleet.commit(revision)

    def since(self, first: str, last: str, option: str) -> list[str]:
        """A commit and each one after it up to `last` that changed the fleet, the oldest first.

        A fleet that could not be read was never built, and is left out. `option`: how people named the first.
        """
        commits = [self.commit(first), self.commit(last)]
        for name, commit in zip((first, last), commits, strict=True):
            if commit is None:
                raise UnknownError(findings.no_commit(name, "there is no such commit here", option))
        begin, end = (commit for commit in commits if commit is not None)
        found = (begin, *self.fleet.changes(begin, end))
        if len(found) > MOST_REVISIONS:
            why = f"{len(found)} commits changed the fleet since, more than {MOST_REVISIONS}"
            raise UnknownError(findings.no_commit(first, why, option))
        return [commit for commit in found if self.readable(commit)]

    def tracked(self) -> bool:
        """Whether Git tracks the fleet: one that is made anew each time is in no commit."""
        return any(not self.file or path == self.file for path in self.fleet.index())

    def tips(self) -> tuple[str, ...]:
        """What is checked out and, while merging, what is merged into it."""
        head = self.fleet.head()
        return () if head is None else (head, *self.fleet.others().get("MERGE_HEAD", ()))

    def counting(self, tip: str) -> tuple[str, ...]:
        """The commits whose fleets say what the clusters run where they run the output of `tip`.

        That is the last one that changed the output. Where its fleet may be another one than the output was made of
        (a merge), or it is not known to be the one (the end of a shallow clone), it counts if its output is what its
        fleet compiles to, and so does `tip`; else, at a merge, what counts for every parent.
        """
        if self.output is None or (last := self.output.last_change(tip)) is None:
            return ()
        parents = self.output.parents(last)
        ended = last in self.output.boundary
        if not ended and len(parents) <= 1 and self._meaning(last) is not None:
            return (last,)
        for commit in dict.fromkeys((last, tip)):
            if self._as_built(self.output, commit):
                return (commit,)
        if ended:
            raise UnknownError(findings.shallow(self.shown[1]))
        if len(parents) > 1:
            before = tuple(dict.fromkeys(filter(None, map(self.output.last_change, parents))))
            if any(commit in self.output.boundary and not self._as_built(self.output, commit) for commit in before):
                raise UnknownError(findings.shallow(self.shown[1]))
            return before
        return (last,) if self._anything(self.output, last) else ()

    def before(self, commit: str) -> tuple[str, ...]:
        """What changed the output last before a commit that did, on each way to it; empty where that is not known."""
        if self.output is None or commit in self.output.boundary:
            return ()
        found = [self.output.last_change(parent) for parent in self.output.parents(commit)]
        known = tuple(dict.fromkeys(last for last in found if last is not None))
        return known if None not in found and all(map(self.readable, known)) else ()

    def forked(self, one: str, other: str) -> str | None:
        """What had changed the output last where two commits came apart; None where that is not known."""
        fork = self.fleet.fork(one, other)
        last = None if fork is None or self.output is None else self.output.last_change(fork)
        return last if last is not None and self.readable(last) else None

    def readable(self, commit: str) -> bool:
        """Whether it is known what the fleet of a commit meant."""
        try:
            return self._meaning(commit) is not None
        except UnknownError:
            return False

    def ran(self, commit: str) -> Reached:
        """What the clusters run where they run the output of a commit that changed it.

        That is what its fleet says where it was built. Where it was not, or only for some clusters, objects that
        the fleet had given up before still stand in the output, and lead where they led.
        """
        chain = self._unbuilt(commit)
        found: Reached = {key: (reach, chain[-1]) for key, reach in self.meaning(chain[-1]).reaches().items()}
        for older, newer in pairwise(reversed(chain)):
            found = self._after(found, older, newer)
        return found

    def _unbuilt(self, commit: str) -> tuple[str, ...]:
        """A commit and, as long as the output is not what the fleet says, the commits that changed it before."""
        chain = [commit]
        while self.output is not None and len(chain) <= _FURTHEST and not self._as_built(self.output, chain[-1]):
            before = self.before(chain[-1])
            if len(before) != 1:
                break
            chain += before
        return tuple(chain)

    def _after(self, found: Reached, older: str, newer: str) -> Reached:
        """What `found` becomes by the commit that followed, whose output keeps what was not built."""
        assert self.output is not None  # noqa: S101 - else nothing follows on anything
        meant = self.meaning(newer)
        reaches = meant.reaches()
        old_tree, tree = self.output.tree(older), self.output.tree(newer)
        planned: dict[str, frozenset[str]] = {}
        kept: Reached = {}
        for (consumer, host), (reach, by) in found.items():
            now = reaches.get((consumer, host))
            if not reach.clusters - (frozenset() if now is None else now.clusters):
                continue
            if consumer not in planned:
                planned[consumer] = frozenset(_entries(meant, consumer))
            for path, sort in _entries(self.meaning(by), consumer, host).items():
                # One ServiceEntry holds all endpoints: with a source less it has to change.
                same = sort == "serviceEntry" and tree.get(path) == old_tree.get(path)
                if path in tree and (same or path not in planned[consumer]):
                    kept[consumer, host] = (reach, by)
        return {key: (reach, newer) for key, reach in reaches.items()} | kept

    def meaning(self, commit: str) -> Meaning:
        """What the fleet of a commit meant."""
        found = self._meaning(commit)
        if found is None:
            raise UnknownError(self._unknown(commit))
        return found

    def _meaning(self, commit: str) -> Meaning | None:
        contents = self._contents(commit)
        if not contents:
            return None
        key = texts(contents.values())
        if key not in self.known:
            self.known[key] = meaning(contents)
        return self.known[key]

    def _contents(self, commit: str) -> dict[str, bytes] | None:
        """The fleet files of a commit; None where one of them is a link that leads to no file of the commit."""
        tree = self.fleet.tree(commit, self.file)
        entries = {path: entry for path, entry in tree.items() if path == self.file or is_fleet_file(path)}
        try:
            ends = self.fleet.ends(commit, [path for path, entry in entries.items() if entry.is_link])
            files = {path: ends.get(path, entry) for path, entry in entries.items()}
            ids = {path: entry.id for path, entry in files.items() if entry is not None and entry.is_file}
            if len(ids) < len(files):
                return None
            contents = self.fleet.read(ids.values())
        except GitError as error:
            if error.cause is Cause.MISSING:
                raise UnknownError(findings.lacking(commit, self.shown[0])) from error
            raise
        return {path: contents[identity] for path, identity in ids.items()}

    def _unknown(self, commit: str) -> Diagnostic:
        contents = self._contents(commit)
        if contents is None:
            return findings.unreadable(commit, f"its `{self.shown[0]}` has links that lead out of it")
        if not contents:
            return findings.moved(commit, self.shown[0])
        return findings.unreadable(commit, f"its `{self.shown[0]}` cannot be read")

    def _as_built(self, output: Repository, commit: str) -> bool:
        """Whether the output of a commit is what its fleet compiles to."""
        if commit not in self._built:
            try:
                self._built[commit] = self._compiles(output, commit)
            except GitError as error:
                if error.cause is not Cause.MISSING:
                    raise
                self._built[commit] = False  # a partial clone: of what is there, nothing says so
        return self._built[commit]

    def _compiles(self, output: Repository, commit: str) -> bool:
        found = self._meaning(commit)
        if found is None:
            return False
        left = {path: entry.id for path, entry in output.tree(commit).items()}
        for cluster in found.plan.clusters:
            for artifact in emit(found.plan, cluster):
                if left.pop(artifact.path, None) not in output.blob_ids(artifact.content):
                    return False
        return not self._written(output, left)

    def _anything(self, output: Repository, commit: str) -> bool:
        """Whether a commit has anything that a build wrote."""
        return self._written(output, {path: entry.id for path, entry in output.tree(commit).items()})

    @staticmethod
    def _written(output: Repository, ids: Mapping[str, str]) -> bool:
        """Whether one of these files begins as meshgen's do."""
        manifests = [identity for path, identity in ids.items() if path.endswith(".yaml")]
        return any(content.startswith(HEADER.encode().rstrip()) for content in output.read(manifests).values())


def _entries(meant: Meaning, consumer: str, host: str | None = None) -> dict[str, str]:
    """Where in the output the endpoints of a call stand, or of all calls of a consumer, and in which sort of object."""
    if consumer not in meant.relations.facts or not own_entries(meant.relations.fleet):
        return {}
    calls = meant.calls.of(consumer)
    return {
        object_path(consumer, _ENTRIES[taken.sort], taken.namespace, taken.name): taken.sort
        for call in (calls.values() if host is None else [calls[host]] if host in calls else [])
        for item in call.imports
        for taken in item.takes
        if taken.sort in _ENTRIES
    }
