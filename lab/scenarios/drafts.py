"""Fleets of the scenarios, as data that a scenario changes and builds again."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Item = dict[str, Any]

HTTP: Item = {"name": "http", "port": 9080}
HTTP2: Item = {"name": "http2", "port": 9080}
GRPC: Item = {"name": "grpc", "port": 50051}
TCP: Item = {"name": "tcp-mysql", "port": 3306}
"""A port of a service for each protocol that the lab speaks."""
IMPATIENT: Item = {"retries": {"perTryTimeout": "1s"}}
"""`failover` of a service whose answers come fast."""


def service(name: str, namespace: str = "bookinfo", **fields: Any) -> Item:
    """A service as inventories name it: port 9080, account `bookinfo-<name>`."""
    return {
        "name": name,
        "namespace": namespace,
        "selector": {"app": name},
        "ports": [HTTP],
        "serviceAccounts": [f"bookinfo-{name}"],
        **fields,
    }


def host(name: str, namespace: str = "bookinfo") -> str:
    return f"{name}.{namespace}.svc.cluster.local"


def url(name: str, port: int = 9080) -> str:
    return f"http://{host(name)}:{port}/"


@dataclass
class Draft:
    """A fleet of platform `istio`: clusters (name → item), one workspace over namespace bookinfo.

    A cluster in `hostnames` has a gateway known by that name; the name's addresses are the lab's to choose.
    """

    clusters: dict[str, Item]
    services: dict[str, list[Item]]
    addresses: dict[str, list[str]]
    exposed: list[Any]
    workspace: Item = field(default_factory=dict)
    gateway: Item = field(default_factory=dict)
    spec: Item = field(default_factory=dict)
    inventories: dict[str, Item] = field(default_factory=dict)
    hostnames: dict[str, str] = field(default_factory=dict)

    def changed(self) -> Draft:
        """A copy to change."""
        return copy.deepcopy(self)

    def write(self, directory: Path) -> Path:
        """Write the fleet; JSON is YAML."""
        directory.mkdir(parents=True, exist_ok=True)
        gateway = {"name": "eastwest-gateway", "namespace": "bookinfo", "replicas": 1, **self.gateway}
        workspace = {
            "name": "bookinfo",
            "namespaceSelector": {"names": ["*/bookinfo"]},
            "eastWestGateway": gateway,
            "exposedServices": self.exposed,
            **self.workspace,
        }
        clusters = [{"name": name, **item} for name, item in self.clusters.items()]
        spec = {"platform": "istio", "clusters": clusters, "workspaces": [workspace], **self.spec}
        documents = [_document("Fleet", "lab", spec)]
        for name, item in self.clusters.items():
            known: Item = {"addresses": self.addresses.get(name, [])}
            if name in self.hostnames:
                known = {"hostname": self.hostnames[name]}
            found = {"name": gateway["name"], "namespace": gateway["namespace"], **known}
            inventory = {
                "istio": {"version": "1.32", "network": item.get("network", "")},
                "namespaces": [{"name": "bookinfo"}],
                "services": self.services[name],
                "gateways": [found],
                **self.inventories.get(name, {}),
            }
            documents.append(_document("Inventory", name, inventory))
        text = "\n---\n".join(json.dumps(document, indent=2) for document in documents)
        (directory / "fleet.yaml").write_text(text, encoding="utf-8")
        return directory


def _document(kind: str, name: str, spec: Item) -> Item:
    return {"apiVersion": "meshgen.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


BOOKINFO = Draft(
    clusters={
        "c1": {"region": "eu-west-2", "network": "network-1"},
        "c2": {"region": "us-east-1", "network": "network-2"},
    },
    services={
        "c1": [service("details")],
        "c2": [service("details"), service("reviews"), service("ratings")],
    },
    addresses={"c1": ["18.135.167.198"], "c2": ["3.8.0.1", "3.8.0.2", "3.8.0.3"]},
    exposed=[host("details"), host("reviews")],
)
"""Both clusters have details, c2 alone has reviews and ratings; ratings is not exposed."""
