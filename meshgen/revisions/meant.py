"""What the last build here meant: for output that no commit holds, and to know what was built here (design §7).

A JSON document: `clusters` names for each cluster the fleet that was written for it last, by the hash of its files;
`fleets` has the texts of those that no commit holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshgen import interrupts
from meshgen.revisions.compile import Meaning, meaning
from meshgen.revisions.past import Known
from meshgen.revisions.published import Before
from meshgen.revisions.runs import remembered as remembered_run
from meshgen.tree import TreeError, findings
from meshgen.tree.disk import Root
from meshgen.tree.paths import META
from meshgen.tree.state import IGNORE, IGNORED, LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from meshgen.revisions.earlier import Now
    from meshgen.revisions.past import Past
    from meshgen.revisions.runs import Run

_FILE = f"{LOCAL}/meant.json"
_BY = "the last build"


@dataclass(frozen=True, slots=True)
class Memory:
    """What builds at one output meant."""

    clusters: Mapping[str, str] = field(default_factory=dict)
    """Cluster → the fleet that was written for it last."""
    fleets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fleet → the texts of its files."""

    @property
    def tells(self) -> bool:
        """Whether it can tell what some cluster runs."""
        return not self.fleets.keys().isdisjoint(self.clusters.values())

    def holds(self, sources: Mapping[str, str], clusters: Iterable[str]) -> bool:
        """Whether a fleet is what was written last for these clusters."""
        wanted = _name(sources)
        return all(self.clusters.get(cluster) == wanted for cluster in clusters)

    def past(self, now: Now) -> Past:
        """How the calls were reached that it knows of; a fleet that cannot be read any more says nothing."""
        found: dict[tuple[str, str], Known] = {}
        for fleet, meant in self._meanings(now):
            consumers = [cluster for cluster, written in self.clusters.items() if written == fleet]
            found |= {key: Known(reach, _BY) for key, reach in meant.reaches(consumers).items()}
        return found

    def before(self, now: Now) -> list[tuple[Before, ...]]:
        """The fleets that it knows of; where a fleet was written for some clusters only, each counts by itself."""
        return [(Before(meant, _BY),) for _, meant in self._meanings(now)]

    def run(self, now: Now) -> Run:
        """The same as one revision that clusters run."""
        fleets = {fleet: Before(meant, _BY) for fleet, meant in self._meanings(now)}
        written = {cluster: fleets[fleet] for cluster, fleet in self.clusters.items() if fleet in fleets}
        return remembered_run(self.past(now), written)

    def _meanings(self, now: Now) -> Iterator[tuple[str, Meaning]]:
        current = _name(now.sources)
        for fleet in sorted(set(self.clusters.values()) & self.fleets.keys()):
            texts = enumerate(self.fleets[fleet])
            meant = (
                Meaning(now.relations)
                if fleet == current
                else meaning({f"{number}.yaml": text.encode(errors="replace") for number, text in texts})
            )
            if meant is not None:
                yield fleet, meant


def remembered(output: Path) -> Memory:
    """What the last builds at `output` meant, as far as it is known: a file that cannot be read says nothing."""
    try:
        with Root(os.path.realpath(output)) as root:
            return parsed(root.read(_FILE))
    except OSError:
        return Memory()


def remember(output: Path, content: bytes) -> None:
    """Keep what a build that has just ended meant, in one step. Raises `TreeError` where the disk refuses."""
    staged = f"{_FILE}.{os.getpid()}"
    try:
        with Root(os.path.realpath(output)) as root:
            if root.is_file(_FILE) and root.read(_FILE, content) == content:
                return
            root.make()
            for directory in (META, LOCAL):
                if not root.is_directory(directory):
                    root.make_directory(directory)
            if not root.is_file(IGNORE):
                root.create(IGNORE, IGNORED)
            with interrupts.held():
                try:
                    root.create(staged, content, durable=True)
                    root.move(staged, _FILE)
                except OSError:
                    with contextlib.suppress(OSError):
                        root.remove(staged)
                    raise
    except OSError as error:
        raise TreeError(findings.disk_error(output, _FILE, error)) from error


def document(
    sources: Mapping[str, str], clusters: Iterable[str], before: Memory, *, whole: bool, committed: bool
) -> bytes:
    """What a build meant that wrote these clusters; unless they are the `whole` fleet, the others go on as they did.

    `committed`: a commit holds the texts of the fleet, or will.
    """
    name = _name(sources)
    written = ({} if whole else dict(before.clusters)) | dict.fromkeys(clusters, name)
    fleets = {fleet: list(texts) for fleet, texts in before.fleets.items() if fleet in written.values()}
    if not committed:
        fleets[name] = sorted(sources.values())
    return json.dumps({"clusters": written, "fleets": fleets}, sort_keys=True).encode() + b"\n"


def parsed(content: bytes) -> Memory:
    """The memory in a document; an empty one of one that is broken."""
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        return Memory()
    return Memory(
        clusters={cluster: fleet for cluster, fleet in _items(found, "clusters") if isinstance(fleet, str)},
        fleets={
            fleet: tuple(texts)
            for fleet, texts in _items(found, "fleets")
            if isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        },
    )


def _name(sources: Mapping[str, str]) -> str:
    """A fleet by its files, wherever they stand."""
    return hashlib.sha256(json.dumps(sorted(sources.values())).encode()).hexdigest()


def _items(found: Any, key: str) -> Iterable[tuple[str, Any]]:
    items = found.get(key) if isinstance(found, dict) else None
    return items.items() if isinstance(items, dict) else ()
