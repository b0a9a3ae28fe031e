"""Pods of Jobs, as a kubelet runs them: beside a sidecar, with their ConfigMaps, on this machine's own programs.

job-controller makes the pods and counts how they end. No image is pulled: a pod's command has to be installed here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lab.pod import Pod, PodSettings

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

    from lab.api import Object
    from lab.cluster import Cluster


@dataclass
class _Run:
    pod: Pod
    process: subprocess.Popen[bytes]
    ended: bool = False


class Jobs:
    """The pods of a cluster's Jobs."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._runs: dict[str, _Run] = {}

    def act(self) -> None:
        """Start what is new, say how what has ended went, and end what is gone; whoever waits calls it again."""
        api = self._cluster.api
        if not self._runs and not api.items("batch/v1", "Job"):
            return
        pods = {body["metadata"]["uid"]: body for body in api.items("v1", "Pod") if _of_job(body)}
        for uid, body in pods.items():
            if uid not in self._runs and body["status"]["phase"] == "Pending":
                self._runs[uid] = self._start(body)
        for uid, run in list(self._runs.items()):
            code = run.process.poll()
            if uid not in pods:
                _end(run)
                del self._runs[uid]
            elif code is not None and not run.ended:
                _end(run)
                api.patch_status(pods[uid], {"phase": "Failed" if code else "Succeeded"})

    def logs(self) -> str:
        """What the pods that are still there have written."""
        return "".join(_log(run.pod).read_text(encoding="utf-8", errors="replace") for run in self._runs.values())

    def close(self) -> None:
        for run in self._runs.values():
            _end(run)
        self._runs.clear()

    def _start(self, body: Object) -> _Run:
        metadata, spec = body["metadata"], body["spec"]
        (container,) = spec["containers"]
        settings = PodSettings(
            name=metadata["name"],
            namespace=metadata["namespace"],
            service_account=spec.get("serviceAccountName", "default"),
            labels=metadata.get("labels", {}),
        )
        pod = Pod(self._cluster, settings, made=body)
        pod.start()
        volumes = {
            item["name"]: self._write(item["configMap"]["name"], metadata["namespace"], pod.directory / item["name"])
            for item in spec.get("volumes", [])
        }
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container.get("volumeMounts", [])}
        process = pod.namespace.start(
            mounted(container["command"], mounts),
            log=_log(pod),
            user=container.get("securityContext", {}).get("runAsUser"),
            env={"PATH": os.environ["PATH"]},
        )
        return _Run(pod, process)

    def _write(self, config_map: str, namespace: str, directory: Path) -> Path:
        directory.mkdir(parents=True)
        for name, content in self._cluster.api.get("v1", "ConfigMap", config_map, namespace)["data"].items():
            (directory / name).write_text(content, encoding="utf-8")
        return directory


def mounted(command: list[str], mounts: Mapping[str, Path]) -> list[str]:
    """A command that finds its volumes where they are: pods of the lab share the file system of the machine."""
    return [_mounted(word, mounts) for word in command]


def _mounted(word: str, mounts: Mapping[str, Path]) -> str:
    for path, directory in mounts.items():
        if PurePosixPath(word).is_relative_to(path):
            return str(directory / PurePosixPath(word).relative_to(path))
    return word


def _of_job(body: Object) -> bool:
    return any(owner["kind"] == "Job" for owner in body["metadata"].get("ownerReferences", []))


def _end(run: _Run) -> None:
    if not run.ended:
        run.pod.stop_proxy()
        run.pod.namespace.delete()
    run.ended = True


def _log(pod: Pod) -> Path:
    return pod.log("job")
