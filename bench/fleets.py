"""Fleets of any size, for measuring."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_fleet(directory: Path, clusters: int, services: int, account: str = "first") -> None:
    """A fleet whose services live in one cluster each, spread evenly, and are called from all others.

    `account`: service account of the first service, which stands in the objects of all of its callers.
    """
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
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory / "fleet.yaml", "Fleet", "bench", spec)
    for index, name in enumerate(names):
        inventory = {
            "namespaces": [{"name": "shop"}],
            "services": [
                {
                    "name": f"service-{number:05}",
                    "namespace": "shop",
                    "selector": {"app": f"service-{number:05}"},
                    "ports": [{"name": "http", "port": 8080}],
                    "serviceAccounts": [f"service-{number:05}" if number else account],
                }
                for number in range(index, services, clusters)
            ],
            "gateways": [
                {
                    "name": "eastwest-gateway",
                    "namespace": "shop",
                    "addresses": [f"198.{18 + index // 256}.{index % 256}.{last}" for last in (1, 2)],
                }
            ],
        }
        _write(directory / f"{name}.yaml", "Inventory", name, inventory)


def _write(file: Path, kind: str, name: str, spec: object) -> None:
    file.write_text(json.dumps({"apiVersion": "meshgen.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}))
