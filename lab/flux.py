"""Flux in every cluster of a fleet: its kustomize-controller applies what a Git repository holds.

Its source-controller cannot be built from package registries. `Flux.look` does what that does for Kustomizations: each
commit's files become an archive behind a URL, and the status of the GitRepositories says so.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from lab.api import reference
from lab.build import read_crds
from lab.controllers import start_controllers
from lab.isolation import ENGINES, WORK
from lab.network import RESOLVER, run
from lab.repository import URL

if TYPE_CHECKING:
    from pathlib import Path

    from lab.api import Object
    from lab.cluster import Cluster
    from lab.fleet import Lab
    from lab.repository import Repository

NAMESPACE = "flux-system"
KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
GIT_REPOSITORY = ("source.toolkit.fluxcd.io/v1", "GitRepository")
OWNER = "kustomize.toolkit.fluxcd.io/name"
"""The label that says which Kustomization an object is of."""
_REQUESTED = "reconcile.fluxcd.io/requestedAt"
_ARCHIVES = (RESOLVER, 9790)  # an address that all clusters reach
_NOTHING_THERE = "ArtifactFailed"  # the reason where there is no directory to read: no attempt was made


@dataclass(frozen=True)
class State:
    """What Flux says of one Kustomization. Revisions are those of the repository, without the branch."""

    ready: str
    """`True`, `False` or `Unknown`; empty before it was looked at."""
    reason: str
    message: str
    applied: str
    """The last revision of which all was applied and healthy."""
    tried: str
    handled: str
    """The last request for a reconciliation that was answered."""
    seen: bool
    """Whether all this is about what the Kustomization says now."""

    def has(self, revision: str) -> bool:
        return self.ready == "True" and self.seen and self.applied == revision

    def refuses(self, revision: str) -> bool:
        return self.ready == "False" and (self.tried == revision or self.reason == _NOTHING_THERE)

    def __str__(self) -> str:
        return f"ready {self.ready or '?'} at {self.applied[:7] or '?'}: {self.reason}: {self.message}"


class Flux:
    """Flux in all clusters of a lab, which follow a repository. `close` it before the lab."""

    def __init__(self, lab: Lab, repository: Repository) -> None:
        self.lab = lab
        self._repository = repository
        self._archives = WORK / "archives"
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Start the controllers of every cluster, and the server of archives; does not wait for the controllers."""
        self._archives.mkdir()
        self._server = ThreadingHTTPServer(_ARCHIVES, partial(_Archives, directory=str(self._archives)))
        Thread(target=self._server.serve_forever, daemon=True).start()
        for cluster in self.lab.clusters.values():
            start_controllers(cluster)
            for crd in read_crds(ENGINES / "flux" / "crds.json"):
                cluster.api.apply(crd)
                spec = crd["spec"]
                version = next(version["name"] for version in spec["versions"] if version["storage"])
                cluster.api.wait_for_kind(f"{spec['group']}/{version}", spec["names"]["kind"])
            cluster.ensure_namespace(NAMESPACE)
            _start_controller(cluster)

    def install(self, cluster: str, directory: Path) -> None:
        """Give a cluster a directory of objects as people do, by `kubectl apply -k`."""
        self._kubectl(cluster, "apply", "-k", str(directory))

    def uninstall(self, cluster: str, directory: Path) -> None:
        """Take them away again; waits until they are gone."""
        self._kubectl(cluster, "delete", "-k", str(directory), "--timeout=60s")

    def look(self) -> None:
        """Let every GitRepository of `URL` be at the head of the branch that it follows."""
        for cluster in self.lab.clusters.values():
            for body in cluster.api.items(*GIT_REPOSITORY):
                branch = body["spec"]["ref"]["branch"]
                head = self._repository.head(branch) if body["spec"]["url"] == URL else ""
                status = body.get("status", {})
                known = status.get("artifact", {}).get("revision"), status.get("observedGeneration")
                wanted = f"{branch}@sha1:{head}", body["metadata"]["generation"]
                if head and known != wanted:
                    cluster.api.patch_status(body, self._source(*wanted))

    def states(self, cluster: str) -> dict[str, State]:
        """What Flux says of every Kustomization of a cluster, by name."""
        found = self.lab.clusters[cluster].api.items(*KUSTOMIZATION)
        return {body["metadata"]["name"]: state_of(body) for body in found}

    def request(self, cluster: str) -> str:
        """Ask for a reconciliation of all, as `flux reconcile` does; returns what `State.handled` says after it.

        It is what every interval brings.
        """
        asked = str(time.time())
        for name in self.states(cluster):
            self.patch(cluster, name, {"metadata": {"annotations": {_REQUESTED: asked}}})
        return asked

    def patch(self, cluster: str, name: str, change: Object) -> None:
        """Change a Kustomization by hand."""
        self.lab.clusters[cluster].api.patch(reference(*KUSTOMIZATION, name, NAMESPACE), change)

    def delete(self, cluster: str, name: str) -> None:
        """Delete a Kustomization; Flux lets it go when it likes."""
        self.lab.clusters[cluster].api.delete(reference(*KUSTOMIZATION, name, NAMESPACE))

    def log(self, cluster: str) -> str:
        """The end of what the controller of a cluster has written."""
        return _log(self.lab.clusters[cluster]).read_text(encoding="utf-8", errors="replace")[-2000:]

    def close(self) -> None:
        """Stop the server of archives; the controllers end with their clusters."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        shutil.rmtree(self._archives)

    def _kubectl(self, cluster: str, *arguments: str) -> None:
        target = self.lab.clusters[cluster]
        options = [f"--kubeconfig={target.write_kubeconfig()}", f"--cache-dir={target.directory / 'kubectl'}"]
        run(target.parts.binary("kubectl"), *options, *arguments)

    def _source(self, revision: str, generation: int) -> Object:
        archive = self._archives / f"{revision.rpartition(':')[2]}.tar.gz"
        if not archive.exists():
            self._repository.archive(archive.name.partition(".")[0], archive)
        content = archive.read_bytes()
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        address, port = _ARCHIVES
        artifact = {
            "path": archive.name,
            "url": f"http://{address}:{port}/{archive.name}",
            "revision": revision,
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "size": len(content),
            "lastUpdateTime": now,
        }
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": "stored artifact",
            "lastTransitionTime": now,
        }
        return {"observedGeneration": generation, "artifact": artifact, "conditions": [ready]}


class _Archives(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def state_of(body: Object) -> State:
    """What a Kustomization's status says."""
    status = body.get("status") or {}
    ready: Object = next((found for found in status.get("conditions", []) if found["type"] == "Ready"), {})
    return State(
        ready=ready.get("status", ""),
        reason=ready.get("reason", ""),
        message=ready.get("message", ""),
        applied=status.get("lastAppliedRevision", "").rpartition(":")[2],
        tried=status.get("lastAttemptedRevision", "").rpartition(":")[2],
        handled=status.get("lastHandledReconcileAt", ""),
        seen=status.get("observedGeneration") == body["metadata"]["generation"],
    )


def _start_controller(cluster: Cluster) -> None:
    home = cluster.directory / "flux"
    home.mkdir()
    cluster.control.start(
        [
            str(ENGINES / "flux" / "bin" / "kustomize-controller"),
            "--enable-leader-election=false",
            "--metrics-addr=127.0.0.1:8087",
            "--health-addr=127.0.0.1:9440",
            "--events-addr=",
            "--requeue-dependency=1s",
        ],
        log=_log(cluster),
        cwd=home,
        env={
            "KUBECONFIG": str(cluster.write_kubeconfig()),
            "RUNTIME_NAMESPACE": NAMESPACE,
            "HOME": str(home),
            "TMPDIR": str(home),
        },
    )


def _log(cluster: Cluster) -> Path:
    return cluster.log("kustomize-controller")
