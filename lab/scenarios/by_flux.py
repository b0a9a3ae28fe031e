"""A fleet in whose every cluster runs a Flux that follows the repository."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.flux import OWNER, Flux
from lab.gitops import read_tree
from lab.repository import BRANCH, URL
from lab.scenarios.delivered import OUTPUT, Delivered, Took

if TYPE_CHECKING:
    from pathlib import Path

    from lab.api import Object
    from lab.fleet import Lab
    from lab.flux import State
    from lab.scenarios.drafts import Draft, Item

DELIVERY: Item = {"engine": "flux", "repoURL": URL, "revision": BRANCH, "path": OUTPUT}
FIRST = "meshgen"
"""The Kustomization that applies the others, and itself."""
PARTS = ("meshgen-exposure", "meshgen-traffic", "meshgen-gateways")
"""The others, each of which waits for the one before."""


def delivery_objects(tree: Path) -> list[Object]:
    """What meshgen wrote for Flux itself, without the lists that kustomize reads from files."""
    return [body for body in read_tree(tree / "_delivery") if "metadata" in body]


class ByFlux(Delivered):
    """See `Delivered`; `flux` is the engine."""

    def __init__(self, lab: Lab, draft: Draft, *, mesh: bool = True) -> None:
        super().__init__(lab, draft, mesh=mesh)
        self.flux = Flux(lab, self.repository)
        lab.at_close(self.flux.close)
        self.flux.start()

    def begin(self) -> None:
        self.commit(self.draft, "The first output")
        for cluster in self.draft.clusters:
            self.flux.install(cluster, self.lab.tree / "_delivery" / cluster)

    def wait(self, *clusters: str, seconds: float = 180) -> Took:
        names = clusters or tuple(self.draft.clusters)

        def done() -> bool:
            self.flux.look()
            return not any(self.late(cluster) for cluster in names)

        self.until(done, lambda: "; ".join(map(self._said, names)), seconds)
        return Took(time.monotonic() - self.pushed)

    def wait_for_refusal(self, cluster: str, name: str, seconds: float = 60) -> str:
        """Wait until a Kustomization has refused the last commit; returns what it says."""

        def done() -> bool:
            self.flux.look()
            return self.flux.states(cluster)[name].refuses(self.revision)

        self.until(done, lambda: self._said(cluster), seconds)
        return self.flux.states(cluster)[name].message

    def late(self, cluster: str) -> dict[str, State | None]:
        """The Kustomizations of a cluster that have not applied the last commit, or are not there."""
        states = self.flux.states(cluster)
        found = {name: states.get(name) for name in (FIRST, *PARTS)}
        return {name: state for name, state in found.items() if state is None or not state.has(self.revision)}

    def owns(self, body: Object) -> bool:
        return OWNER in body["metadata"].get("labels", {})

    def sync_again(self, cluster: str) -> None:
        asked = self.flux.request(cluster)

        def done() -> bool:
            handled = {state.handled for state in self.flux.states(cluster).values()}
            return handled == {asked} and not self.late(cluster)

        self.until(done, lambda: f"{self._said(cluster)} after a request at {asked}")

    def _said(self, cluster: str) -> str:
        said = ", ".join(f"{name} {state or 'is not there'}" for name, state in self.late(cluster).items())
        return f"{cluster}: {said}\n{self.flux.log(cluster)}"
