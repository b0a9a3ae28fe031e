"""A build of 10,000 objects beside `cp -r` of its result, in one run: cold, unchanged, and one service changed.

`python bench/build.py [CLUSTERS] [SERVICES]`; without arguments 50 clusters and 66 services, each in one cluster.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

RUNS = 3


def fleet(directory: Path, clusters: int, services: int) -> None:
    """A fleet whose services live in one cluster each, spread evenly, and are called from all others."""
    names = [f"cluster-{index:03}" for index in range(clusters)]
    spec = {
        "platform": "istio",
        "istio": {"version": "1.29.2"},
        "clusters": [{"name": name, "region": f"region-{i % 5}", "network": name} for i, name in enumerate(names)],
        "workspaces": [
            {
                "name": "shop",
                "namespaceSelector": {"names": ["*/shop"]},
                "eastWestGateway": {"name": "eastwest-gateway", "namespace": "shop"},
            }
        ],
    }
    directory.mkdir(parents=True)
    document = {"apiVersion": "meshgen.io/v1", "kind": "Fleet", "metadata": {"name": "bench"}, "spec": spec}
    (directory / "fleet.yaml").write_text(json.dumps(document))
    for index, name in enumerate(names):
        inventory = {
            "namespaces": [{"name": "shop"}],
            "services": [
                {
                    "name": f"service-{number:05}",
                    "namespace": "shop",
                    "selector": {"app": f"service-{number:05}"},
                    "ports": [{"name": "http", "port": 8080}],
                    "serviceAccounts": [f"service-{number:05}"],
                }
                for number in range(index, services, clusters)
            ],
            "gateways": [
                {
                    "name": "eastwest-gateway",
                    "namespace": "shop",
                    "addresses": [f"198.18.{index}.{last}" for last in (1, 2)],
                }
            ],
        }
        document = {"apiVersion": "meshgen.io/v1", "kind": "Inventory", "metadata": {"name": name}, "spec": inventory}
        (directory / f"{name}.yaml").write_text(json.dumps(document))


def timed(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    clusters, services = (int(argument) for argument in (sys.argv[1:] or ["50", "66"]))
    with tempfile.TemporaryDirectory() as scratch:
        source, output, copy = (Path(scratch, name) for name in ("fleet", "output", "copy"))
        fleet(source, clusters, services)
        build = [sys.executable, "-m", "meshgen", "build", str(source), "-o", str(output), "--kubeconform", "off"]
        times: dict[str, list[float]] = {"build": [], "build, no change": [], "cp -r": []}
        for _ in range(RUNS):
            shutil.rmtree(output, ignore_errors=True)
            shutil.rmtree(copy, ignore_errors=True)
            times["build"].append(timed(*build))
            times["build, no change"].append(timed(*build))
            times["cp -r"].append(timed("cp", "-r", str(output), str(copy)))
        objects = sum(1 for path in output.rglob("*.yaml"))
        base = times["cp -r"]
        rows = [
            [
                name,
                f"{statistics.median(seconds):.2f}",
                f"{statistics.median(a / b for a, b in zip(seconds, base, strict=True)):.1f}",
            ]
            for name, seconds in times.items()
        ]
        print(f"{objects} objects, {clusters} clusters, {services} services")
        print(tabulate(rows, headers=["", "seconds", "times cp -r"], disable_numparse=True))


if __name__ == "__main__":
    main()
