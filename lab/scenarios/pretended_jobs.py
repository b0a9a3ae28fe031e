"""Jobs where no pod runs: those of the API server begin, and end in a phase that a scenario chooses."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from lab.api import RefusedError

if TYPE_CHECKING:
    from lab.fleet import Lab

_PAUSE = 0.5  # seconds between looks at the pods


class PretendedJobs:
    """Ends the pods of all Jobs in all clusters, while the context is open."""

    def __init__(self, lab: Lab) -> None:
        self.phases = dict.fromkeys(lab.clusters, "Succeeded")
        """Cluster → `Succeeded` or `Failed`."""
        self._lab = lab
        self._over = Event()
        self._thread = Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_PAUSE):
            for cluster, phase in self.phases.items():
                self._end_pods(cluster, phase)

    def _end_pods(self, cluster: str, phase: str) -> None:
        api = self._lab.clusters[cluster].api
        for pod in api.items("v1", "Pod"):
            of_a_job = any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", []))
            if of_a_job and pod.get("status", {}).get("phase") == "Pending":
                try:
                    api.patch_status(pod, {"phase": phase})
                except RefusedError as refused:
                    if refused.status != 404:
                        raise
