"""Argo CD itself, on the first cluster of a fleet: it syncs what a Git repository holds into all of them.

It runs as released but for its server (no one logs in), beside the two controllers of Kubernetes on which it depends
in every cluster: without the garbage collector and the namespace controller nothing that it deletes ever ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.api import RefusedError, reference
from lab.build import read_crds
from lab.controllers import start_controllers
from lab.isolation import ENGINES, WORK
from lab.network import kill
from lab.repository import HOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lab.api import Api, Object
    from lab.cluster import Cluster
    from lab.fleet import Lab

NAMESPACE = "argocd"
API_VERSION = "argoproj.io/v1alpha1"
APPLICATION = (API_VERSION, "Application")
_PART = {"app.kubernetes.io/part-of": "argocd"}  # without it Argo CD does not see its own settings
_REFRESH = "argocd.argoproj.io/refresh"
_POLL = 5  # seconds between looks at the repository; a commit that nobody announces takes up to twice as long
_REDIS = "127.0.0.1:6379"
_REPO_SERVER = "127.0.0.1:8081"
_READY = {
    "argocd-repo-server": "http://127.0.0.1:8084/healthz?full=true",
    "argocd-application-controller": "http://127.0.0.1:8082/healthz",
    "argocd-applicationset-controller": "http://127.0.0.1:8085/metrics",
}


class NotSyncedError(Exception):
    """Applications did not become what was waited for; the message says what they are instead."""


@dataclass(frozen=True)
class State:
    """What Argo CD says of one Application."""

    sync: str
    health: str
    revision: str
    phase: str
    """Of the last operation; empty before the first."""
    message: str
    conditions: tuple[str, ...]
    operation: str
    """When the last operation ended, or began if it runs: another one is another value."""

    objects: tuple[str, ...] = ()
    """Those that are not as they are to be."""

    @property
    def settled(self) -> bool:
        """Also without an operation: an Application that finds all as it is to be never has one."""
        well = (self.sync, self.health) == ("Synced", "Healthy")
        return well and self.phase in ("", "Succeeded") and not self.conditions

    def __str__(self) -> str:
        said = "; ".join(filter(None, (self.message, *self.conditions, *self.objects)))
        return f"{self.sync}, {self.health}, {self.phase or 'never synced'} at {self.revision[:7] or '?'}: {said}"


class ArgoCd:
    """Argo CD for the clusters of a lab. `close` it before the lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.hub: Cluster = next(iter(lab.clusters.values()))
        self.directory = WORK / "argocd"
        self._parts = ENGINES / "argocd"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._names: set[str] = set()

    @property
    def api(self) -> Api:
        """The API server that has Argo CD's own objects."""
        return self.hub.api

    def start(self, authority: Path, settings: Mapping[str, str] | None = None) -> None:
        """Register all clusters and start everything; waits for it.

        `authority`: the certificate of the repository's server; `settings`: more of the ConfigMap `argocd-cm`.
        """
        for cluster in self.lab.clusters.values():
            start_controllers(cluster)
        for crd in read_crds(self._parts / "crds.json"):
            self.api.apply(crd)
        for kind in ("Application", "AppProject", "ApplicationSet"):
            self.api.wait_for_kind(API_VERSION, kind)
        self.hub.ensure_namespace(NAMESPACE)
        self._configure("argocd-cm", {"cluster.inClusterEnabled": "false", **(settings or {})})
        for cluster in self.lab.clusters.values():
            self.register(cluster)
        self._start_programs(authority)

    def register(self, cluster: Cluster) -> None:
        """Make a cluster known by its name, as platform owners do."""
        body = reference("v1", "Secret", f"cluster-{cluster.name}", NAMESPACE)
        body["metadata"]["labels"] = _PART | {"argocd.argoproj.io/secret-type": "cluster"}
        access = {"bearerToken": cluster.api.token, "tlsClientConfig": {"insecure": True}}
        body["stringData"] = {"name": cluster.name, "server": cluster.api.url, "config": json.dumps(access)}
        self.api.apply(body, manager="platform")

    def install(self, objects: Iterable[Object], *, dry_run: bool = False) -> None:
        """Apply objects of Argo CD as people do, by kubectl; raises `RefusedError` where the API server refuses one."""
        for body in objects:
            self.api.apply(body, manager="kubectl", dry_run=dry_run)

    def applications(self) -> dict[str, Object]:
        """Every Application, by its name."""
        return {body["metadata"]["name"]: body for body in self.api.items(*APPLICATION)}

    def state(self, name: str) -> State:
        return state_of(self.api.get(*APPLICATION, name, NAMESPACE))

    def refresh(self, *names: str) -> None:
        """Ask Argo CD to look at the repository now, for Applications (all if none is named)."""
        for name in names or self.applications():
            body = reference(*APPLICATION, name, NAMESPACE)
            with contextlib.suppress(RefusedError):  # it may be gone by now
                self.api.patch(body, {"metadata": {"annotations": {_REFRESH: "normal"}}})

    def wait_until_settled(self, revision: str, *names: str, seconds: float = 120) -> dict[str, State]:
        """Wait until Applications (all if none is named) have synced a revision and are healthy.

        Until then the lab does what controllers and kubelets of its clusters would. Raises `NotSyncedError`.
        """
        deadline = time.monotonic() + seconds
        asked: dict[str, str] = {}
        while True:
            self.lab.act()
            states = {name: state_of(body) for name, body in self.applications().items() if not names or name in names}
            late = {n: s for n, s in states.items() if not (s.settled and s.revision == revision)}
            if states and not late and set(names) <= set(states):
                return states
            for name, state in late.items():
                # What is refreshed before Argo CD knows the commit says so by staying where it is.
                if state.revision != revision and asked.get(name) != state.operation:
                    self.refresh(name)
                    asked[name] = state.operation
            if time.monotonic() > deadline:
                missing = [name for name in names if name not in states]
                said = [f"{name}: {state}" for name, state in late.items()] + [
                    f"{name} is not there" for name in missing
                ]
                raise NotSyncedError(" | ".join(said) or "there is no Application")
            time.sleep(0.2)

    def close(self) -> None:
        """End Argo CD's processes; those of the clusters end with these."""
        kill(process.pid for process in self._processes)
        for process in self._processes:
            process.wait()
        self._processes.clear()
        shutil.rmtree(self.directory)

    def log(self, program: str) -> Path:
        return self.directory / f"{program}.log"

    def _configure(self, name: str, data: Mapping[str, str]) -> None:
        body = reference("v1", "ConfigMap", name, NAMESPACE)
        body["metadata"]["labels"] = _PART
        body["data"] = dict(data)
        self.api.apply(body, manager="platform")

    def _start_programs(self, authority: Path) -> None:
        for name in ("home", "tmp", "tls", "ssh"):
            (self.directory / name).mkdir(parents=True)
        (self.directory / "tls" / HOST).write_bytes(authority.read_bytes())
        kubeconfig = f"--kubeconfig={self.hub.write_kubeconfig()}"
        own = f"--namespace={NAMESPACE}"
        address, _, port = _REDIS.partition(":")
        programs = {
            "redis-server": [
                "--bind",
                address,
                "--port",
                port,
                "--save",
                "",
                "--appendonly",
                "no",
                "--daemonize",
                "no",
            ],
            "argocd-repo-server": [
                "--address=127.0.0.1",
                "--port=8081",
                "--metrics-address=127.0.0.1",
                "--metrics-port=8084",
                "--client-ca-path=",  # its default is read even where TLS is off
            ],
            "argocd-application-controller": ["--metrics-port=8082", kubeconfig, own],
            "argocd-applicationset-controller": [
                "--metrics-addr=127.0.0.1:8085",
                "--probe-addr=127.0.0.1:8086",
                "--webhook-addr=127.0.0.1:7000",
                "--enable-progressive-syncs",
                kubeconfig,
                own,
            ],
        }
        for program, options in programs.items():
            path = self._parts / "bin" / program
            with self.log(program).open("ab") as output:
                process = subprocess.Popen(
                    [str(path) if path.exists() else program, *options],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=self.directory,
                    env=self._environment(),
                )
            self._processes.append(process)
        self._wait_until_ready(dict(zip(programs, self._processes, strict=True)))

    def _environment(self) -> dict[str, str]:
        at = self.directory
        return {
            "PATH": f"{self._parts / 'bin'}:{os.environ['PATH']}",
            "HOME": str(at / "home"),
            "TMPDIR": str(at / "tmp"),
            "KUBECONFIG": str(self.hub.write_kubeconfig()),  # the applicationset-controller reads no option for it
            "REDIS_SERVER": _REDIS,
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_TLS_DATA_PATH": str(at / "tls"),
            "ARGOCD_SSH_DATA_PATH": str(at / "ssh"),
            "ARGOCD_ASK_PASS_SOCK": str(at / "ask-pass.sock"),
            "ARGOCD_REPO_SERVER_DISABLE_TLS": "true",
            "ARGOCD_APPLICATION_CONTROLLER_REPO_SERVER": _REPO_SERVER,
            "ARGOCD_APPLICATION_CONTROLLER_REPO_SERVER_PLAINTEXT": "true",
            "ARGOCD_APPLICATIONSET_CONTROLLER_REPO_SERVER": _REPO_SERVER,
            "ARGOCD_APPLICATIONSET_CONTROLLER_REPO_SERVER_PLAINTEXT": "true",
            "ARGOCD_RECONCILIATION_TIMEOUT": f"{_POLL}s",
            "ARGOCD_RECONCILIATION_JITTER": "0s",
            "ARGOCD_REPO_ERROR_GRACE_PERIOD_SECONDS": "0s",
        }

    def _wait_until_ready(self, processes: Mapping[str, subprocess.Popen[bytes]], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        for program, url in _READY.items():
            while not _answers(url):
                ended = [name for name, process in processes.items() if process.poll() is not None]
                if ended or time.monotonic() > deadline:
                    of = ended[0] if ended else program
                    log = self.log(of).read_text(encoding="utf-8", errors="replace")
                    raise TimeoutError(f"{of} of Argo CD is not ready:\n{log[-2000:]}")
                time.sleep(0.1)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 - one of this module's
        return True
    return False


def state_of(body: Object) -> State:
    """What an Application's status says."""
    status = body.get("status") or {}
    operation = status.get("operationState") or {}
    return State(
        sync=status.get("sync", {}).get("status", "Unknown"),
        health=status.get("health", {}).get("status", "Unknown"),
        revision=status.get("sync", {}).get("revision", ""),
        phase=operation.get("phase", ""),
        message=operation.get("message", ""),
        conditions=tuple(f"{item['type']}: {item['message']}" for item in status.get("conditions", [])),
        operation=operation.get("finishedAt") or operation.get("startedAt", ""),
        objects=tuple(said for item in status.get("resources", []) if (said := _wrong(item))),
    )


def _wrong(item: Object) -> str:
    health = item.get("health", {})
    if item.get("status") == "OutOfSync":
        return f"{item['kind']} {item['name']} is OutOfSync"
    if health.get("status", "Healthy") != "Healthy":
        return f"{item['kind']} {item['name']} is {health['status']}: {health.get('message', '')}"
    return ""
