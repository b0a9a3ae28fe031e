"""Kubernetes' own controllers on which deletions and Jobs depend; the lab does the work of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.isolation import ENGINES

if TYPE_CHECKING:
    from lab.cluster import Cluster

_CONTROLLERS = ("namespace-controller", "garbage-collector-controller", "job-controller")


def start_controllers(cluster: Cluster) -> None:
    """Start them in a cluster; does not wait."""
    cluster.control.start(
        [
            str(ENGINES / "controllers" / "bin" / "kube-controller-manager"),
            f"--kubeconfig={cluster.write_kubeconfig()}",
            f"--controllers={','.join(_CONTROLLERS)}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={cluster.directory / 'controllers'}",
        ],
        log=cluster.log("kube-controller-manager"),
        cwd=cluster.directory,
    )
