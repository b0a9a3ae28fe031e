"""A fleet that Argo CD syncs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.api import reference
from lab.argocd import API_VERSION, NAMESPACE, ArgoCd
from lab.gitops import read_tree
from lab.repository import BRANCH, URL
from lab.scenarios.delivered import OUTPUT, Delivered, Took

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lab.api import Object
    from lab.argocd import State
    from lab.fleet import Lab
    from lab.scenarios.drafts import Draft, Item

ROOT = "fleet"
"""The Application that syncs what meshgen wrote for Argo CD itself; people write it once, by hand."""
DELIVERY: Item = {"engine": "argocd", "repoURL": URL, "revision": BRANCH, "path": OUTPUT}
_TRACKED = "argocd.argoproj.io/tracking-id"


def application(cluster: str) -> str:
    """The name of a cluster's Application."""
    return f"meshgen-{cluster}"


def delivery_objects(tree: Path) -> list[Object]:
    """What meshgen wrote for Argo CD itself, without the values that platform owners put into settings of theirs."""
    return [body for body in read_tree(tree / "_delivery" / "argocd") if "kind" in body]


class ByArgoCd(Delivered):
    """See `Delivered`; `argo` is the engine."""

    def __init__(self, lab: Lab, draft: Draft, *, mesh: bool = True) -> None:
        super().__init__(lab, draft, mesh=mesh)
        self.argo = ArgoCd(lab)
        lab.at_close(self.argo.close)
        self.argo.start(lab.web.certificate)

    def begin(self) -> None:
        self.commit(self.draft, "The first output")
        self.argo.install([_project(), _root(self.argo.hub.name)])

    def wait(self, *clusters: str, seconds: float = 180) -> Took:
        self.argo.wait_until_settled(self.revision, ROOT, seconds=seconds)
        names = [application(name) for name in clusters or self.draft.clusters]
        self.argo.wait_until_settled(self.revision, *names, seconds=seconds)
        return Took(time.monotonic() - self.pushed)

    def owns(self, body: Object) -> bool:
        return _TRACKED in body["metadata"].get("annotations", {})

    def sync_again(self, cluster: str) -> None:
        name = application(cluster)
        sync = {"revision": self.revision, "prune": True, "syncOptions": ["ServerSideApply=true"]}
        before = self.argo.state(name).operation
        body = reference(API_VERSION, "Application", name, NAMESPACE)
        self.argo.api.patch(body, {"operation": {"initiatedBy": {"username": "lab"}, "sync": sync}})

        def synced() -> bool:
            state = self.argo.state(name)
            return state.operation != before and state.settled

        self.until(synced, lambda: f"{name} was asked to sync: {self.argo.state(name)}")

    def states(self) -> Mapping[str, State]:
        """What Argo CD says of every Application."""
        return {name: self.argo.state(name) for name in self.argo.applications()}


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
