"""A fleet that Argo CD syncs from a Git repository, as scenarios start and change it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import isolation
from lab.api import reference
from lab.argocd import API_VERSION, NAMESPACE, ArgoCd
from lab.gitops import read_tree
from lab.load import Load
from lab.network import run
from lab.order import Key, key_of
from lab.repository import BRANCH, URL, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lab.api import Object
    from lab.argocd import State
    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.drafts import Draft, Item

ROOT = "fleet"
"""The Application that syncs what meshgen wrote for Argo CD itself; people write it once, by hand."""
OUTPUT = "output"
DELIVERY: Item = {"engine": "argocd", "repoURL": URL, "revision": BRANCH, "path": OUTPUT}
SETTLE = 2.0  # seconds between two steps under load
_TRACKED = "argocd.argoproj.io/tracking-id"


def application(cluster: str) -> str:
    """The name of a cluster's Application."""
    return f"meshgen-{cluster}"


def delivery_objects(tree: Path) -> list[Object]:
    """What meshgen wrote for Argo CD itself, without the values that platform owners put into settings of theirs."""
    return [body for body in read_tree(tree / "_delivery" / "argocd") if "kind" in body]


@dataclass(frozen=True)
class Took:
    """A figure: seconds from a push until every cluster had synced it and was healthy."""

    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s"


class Delivered:
    """A running fleet, its repository and Argo CD, and the draft of the last commit."""

    def __init__(self, lab: Lab, draft: Draft, *, mesh: bool = True) -> None:
        """Start clusters, workloads and Argo CD of a fleet whose repository is still empty.

        Without a `mesh` there are API servers alone, which is all that Argo CD sees of a cluster.
        """
        self.lab = lab
        self.draft = draft
        self._drafts = 0
        lab.start_clusters(lab.build(self.write(draft)), mesh=mesh)
        self.repository = Repository(isolation.WORK / "repository", lab.web)
        lab.at_close(self.repository.close)
        lab.network.add_host("git.lab", "127.0.0.1")
        self.argo = ArgoCd(lab)
        lab.at_close(self.argo.close)
        self.argo.start(lab.web.certificate)
        self.revision = ""
        self._kinds: dict[str, set[tuple[str, str]]] = {}
        self._pushed = 0.0

    def begin(self) -> None:
        """Commit the output, then apply the two objects by which people let Argo CD follow it."""
        self.commit(self.draft, "The first output")
        self.argo.install([_project(), _root(self.argo.hub.name)])

    def commit(self, draft: Draft, message: str, *, allow_withdrawal: bool = False) -> str:
        """Build a fleet, commit its output and push; returns the revision."""
        self.lab.build(self.write(draft), allow_withdrawal=allow_withdrawal)
        self.draft = draft
        return self.push(message)

    def push(self, message: str) -> str:
        """Commit the tree as it is."""
        self._pushed = time.monotonic()
        self.revision = self.repository.commit(self.lab.tree, message, below=OUTPUT)
        return self.revision

    def wait(self, *clusters: str, seconds: float = 180) -> Took:
        """Wait until clusters (all of the fleet if none is named) have synced the last commit and are healthy."""
        self.argo.wait_until_settled(self.revision, ROOT, seconds=seconds)
        names = [application(name) for name in clusters or self.draft.clusters]
        self.argo.wait_until_settled(self.revision, *names, seconds=seconds)
        return Took(time.monotonic() - self._pushed)

    def deliver(self, draft: Draft, message: str, *, allow_withdrawal: bool = False) -> Took:
        """Commit a fleet and wait until all its clusters have it."""
        self.commit(draft, message, allow_withdrawal=allow_withdrawal)
        return self.wait()

    def states(self) -> Mapping[str, State]:
        return {name: self.argo.state(name) for name in self.argo.applications()}

    def tracked(self, cluster: str) -> dict[Key, tuple[str, str]]:
        """What Argo CD owns in a cluster, of all kinds that it has been given: UID and version of each object."""
        directory = self.lab.tree / cluster
        kinds = self._kinds.setdefault(cluster, set())
        kinds |= {(body["apiVersion"], body["kind"]) for body in read_tree(directory)} if directory.is_dir() else set()
        found = [body for kind in kinds for body in self.lab.clusters[cluster].api.items(*kind)]
        return {
            key_of(body): (body["metadata"]["uid"], body["metadata"]["resourceVersion"])
            for body in found
            if _TRACKED in body["metadata"].get("annotations", {})
        }

    def changed_by_another_sync(self) -> list[str]:
        """Let Argo CD apply everything once more, in sync or not; returns what that changed, nothing if all is well."""
        before = {cluster: self.tracked(cluster) for cluster in self.draft.clusters}
        for cluster in before:
            self._apply_all(application(cluster))
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
        """Wait for something that Argo CD does; raises `TimeoutError`, which says `what` was waited for."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:.0f} s: {what()}")
            self.lab.act()
            time.sleep(0.1)

    def _apply_all(self, name: str) -> None:
        sync = {"revision": self.revision, "prune": True, "syncOptions": ["ServerSideApply=true"]}
        before = self.argo.state(name).operation
        body = reference(API_VERSION, "Application", name, NAMESPACE)
        self.argo.api.patch(body, {"operation": {"initiatedBy": {"username": "lab"}, "sync": sync}})

        def synced() -> bool:
            state = self.argo.state(name)
            return state.operation != before and state.settled

        self.until(synced, lambda: f"{name} was asked to sync: {self.argo.state(name)}")

    def write(self, draft: Draft) -> Path:
        """Write a fleet that may be built; returns its directory."""
        self._drafts += 1
        return draft.write(isolation.WORK / f"draft-{self._drafts}")

    def build_aside(self, draft: Draft) -> Path:
        """Build a fleet into a tree of its own; returns that."""
        target = isolation.WORK / f"aside-{self._drafts}"
        run(sys.executable, "-m", "meshgen", "build", str(self.write(draft)), "--output", str(target))
        return target


def _project() -> Object:
    """The AppProject of the root Application: what every Argo CD has from its first start."""
    body = reference(API_VERSION, "AppProject", "default", NAMESPACE)
    everything = [{"group": "*", "kind": "*"}]
    body["spec"] = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": everything,
    }
    return body


def _root(hub: str) -> Object:
    body = reference(API_VERSION, "Application", ROOT, NAMESPACE)
    body["spec"] = {
        "project": "default",
        "source": {"repoURL": URL, "targetRevision": BRANCH, "path": f"{OUTPUT}/_delivery/argocd"},
        "destination": {"name": hub, "namespace": NAMESPACE},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "syncOptions": ["ServerSideApply=true"],
            "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "3s"}},
        },
    }
    return body
