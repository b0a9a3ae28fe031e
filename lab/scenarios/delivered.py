"""A fleet that an engine syncs from a Git repository, as scenarios start and change it."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import isolation
from lab.gitops import read_tree
from lab.load import Load
from lab.network import run
from lab.order import Key, key_of
from lab.repository import HOST, Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.api import Object
    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.drafts import Draft

OUTPUT = "output"
"""The directory of the output in the repository."""
SETTLE = 2.0  # seconds between two steps under load


@dataclass(frozen=True)
class Took:
    """A figure: seconds from a push until every cluster had synced it and was healthy."""

    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s"


class Delivered(ABC):
    """A running fleet, its repository, and the draft of the last commit; an engine brings one to the other."""

    def __init__(self, lab: Lab, draft: Draft, *, mesh: bool = True) -> None:
        """Start clusters and workloads of a fleet whose repository is still empty.

        Without a `mesh` there are API servers alone, which is all that an engine sees of a cluster.
        """
        self.lab = lab
        self.draft = draft
        self._drafts = 0
        lab.start_clusters(lab.build(self.write(draft)), mesh=mesh)
        self.repository = Repository(isolation.WORK / "repository", lab.web)
        lab.at_close(self.repository.close)
        lab.network.add_host(HOST, "127.0.0.1")
        self.revision = ""
        self.pushed = 0.0
        self._kinds: dict[str, set[tuple[str, str]]] = {}

    @abstractmethod
    def begin(self) -> None:
        """Commit the output, then do what people do once to let the engine follow it."""

    @abstractmethod
    def wait(self, *clusters: str, seconds: float = 180) -> Took:
        """Wait until clusters (all of the fleet if none is named) have synced the last commit and are healthy."""

    @abstractmethod
    def owns(self, body: Object) -> bool:
        """Whether an object says that the engine put it there."""

    @abstractmethod
    def sync_again(self, cluster: str) -> None:
        """Let the engine look at everything in a cluster once more, in sync or not, and wait for it."""

    def commit(self, draft: Draft, message: str, *, allow_withdrawal: bool = False) -> str:
        """Build a fleet, commit its output and push; returns the revision."""
        self.lab.build(self.write(draft), allow_withdrawal=allow_withdrawal)
        self.draft = draft
        return self.push(message)

    def push(self, message: str) -> str:
        """Commit the tree as it is."""
        self.pushed = time.monotonic()
        self.revision = self.repository.commit(self.lab.tree, message, below=OUTPUT)
        return self.revision

    def deliver(self, draft: Draft, message: str, *, allow_withdrawal: bool = False) -> Took:
        """Commit a fleet and wait until all its clusters have it."""
        self.commit(draft, message, allow_withdrawal=allow_withdrawal)
        return self.wait()

    def take_back(self, draft: Draft) -> None:
        """Deliver a fleet that was delivered before, unless it is what was committed last."""
        if self.draft is not draft:
            self.deliver(draft, "As it was", allow_withdrawal=True)

    def objects(self, cluster: str) -> list[Object]:
        """What the tree has for a cluster."""
        directory = self.lab.tree / cluster
        return read_tree(directory) if directory.is_dir() else []

    def kinds(self, cluster: str) -> set[tuple[str, str]]:
        """Version and kind of all that the engine has been given for a cluster since this was first asked."""
        kinds = self._kinds.setdefault(cluster, set())
        kinds |= {(body["apiVersion"], body["kind"]) for body in self.objects(cluster)}
        return kinds

    def tracked(self, cluster: str) -> dict[Key, tuple[str, str]]:
        """What the engine owns in a cluster, of these kinds: UID and version of each object."""
        found = [body for kind in self.kinds(cluster) for body in self.lab.clusters[cluster].api.items(*kind)]
        return {
            key_of(body): (body["metadata"]["uid"], body["metadata"]["resourceVersion"])
            for body in found
            if self.owns(body)
        }

    def changed_by_another_sync(self) -> list[str]:
        """Let the engine sync everything once more; returns what that changed, nothing if all is well."""
        before = {cluster: self.tracked(cluster) for cluster in self.draft.clusters}
        for cluster in before:
            self.sync_again(cluster)
        after = {cluster: self.tracked(cluster) for cluster in before}
        return [
            f"{cluster}: {key}"
            for cluster, objects in before.items()
            for key in sorted(objects.keys() | after[cluster].keys())
            if objects.get(key) != after[cluster].get(key)
        ]

    def under_load(self, target: str, *steps: Callable[[], object], client: str = "c1", method: str = "GET") -> Report:
        """Send from a cluster while the steps run."""
        with Load(self.lab.client(client), target, method=method) as load:
            load.wait_until_begun()
            time.sleep(1)
            for step in steps:
                step()
                time.sleep(SETTLE)
        return load.report

    def until(self, done: Callable[[], bool], what: Callable[[], str], seconds: float = 60) -> None:
        """Wait for something that the engine does; raises `TimeoutError`, which says `what` was waited for."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:.0f} s: {what()}")
            self.lab.act()
            time.sleep(0.1)

    def write(self, draft: Draft) -> Path:
        """Write a fleet that may be built; returns its directory."""
        self._drafts += 1
        return draft.write(isolation.WORK / f"draft-{self._drafts}")

    def build_aside(self, draft: Draft) -> Path:
        """Build a fleet into a tree of its own; returns that."""
        target = isolation.WORK / f"aside-{self._drafts}"
        run(sys.executable, "-m", "meshgen", "build", str(self.write(draft)), "--output", str(target))
        return target
