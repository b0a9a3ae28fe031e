"""What `meshgen show` says about a fleet is what its mesh does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab.envoy import wait_until
from lab.load import send
from lab.pod import PodSettings
from lab.workloads import urls

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("fleet", ["gateways", "three-clusters", "owners"])
def test_the_mesh_does_what_show_says(own_stage: Stage, fleet: str, show: Show) -> None:
    """Every host from every cluster: local, remote or not at all; then with the local copy dead."""
    directory = ROOT / "examples" / fleet / "fleet"
    lab = own_stage.open()
    lab.boot(directory)
    wrong = []
    for row in _rows(directory):
        target, cluster, sources = _target(lab, row["host"]), row["cluster"], set(row["sources"])
        # Entries may be for consumer namespaces only; those of the workspace are always among them.
        namespace = row["host"].split(".")[1]
        client = lab.new_client(cluster, PodSettings(name="caller", namespace=namespace))
        report = send(client, target, 20)
        local = row["state"] in ("local", "failover")
        expected = {cluster} if local else sources
        show(f"{cluster} -> {target} ({row['state']} {', '.join(sorted(sources))})", report)
        if not set(report.by_cluster) <= expected or (report.lost and expected):
            wrong.append((row, str(report)))
        if row["state"] == "failover":
            report = _without_local_copy(lab, row, client, target)
            show(f"{cluster} -> {target} with the local copy dead", report)
            if report.lost or not set(report.by_cluster) <= sources:
                wrong.append((row, str(report)))
        lab.delete_pod(client)
    assert wrong == []


def _rows(directory: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "meshgen", "show", str(directory), "--as", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def _target(lab: Lab, host: str) -> str:
    """The first port of a host."""
    for facts in lab.facts.clusters.values():
        for item in facts.services:
            if host.startswith(f"{item['name']}.{item['namespace']}."):
                return urls(item)[0]
    raise LookupError(host)


def _without_local_copy(lab: Lab, row: dict[str, Any], client: Pod, target: str) -> Report:
    """Send with every local pod of a host dead; TCP gets the time until they are ejected."""
    pods = _local_pods(lab, row)
    for pod in pods:
        pod.stop_proxy()
    if target.startswith("tcp:"):
        send(client, target, 20)
    report = send(client, target, 20)
    for pod in pods:
        pod.start_proxy()
    wait_until(lambda: all(pod.envoy.ready() for pod in pods), "the local copy is back", 90)
    return report


def _local_pods(lab: Lab, row: dict[str, Any]) -> list[Pod]:
    name, namespace, _ = row["host"].split(".", 2)
    prefix = f"{row['cluster']}/{namespace}/{name}"
    return [pod for key, pod in lab.pods.items() if key == prefix or key.startswith(f"{prefix}-")]
