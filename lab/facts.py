"""What the lab reads from a fleet: its clusters and inventories. It knows nothing of meshgen's own code."""

from __future__ import annotations

import ipaddress
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from lab.cluster import ClusterSettings

if TYPE_CHECKING:
    from pathlib import Path

_MESH_CONFIG = (
    "discoverySelectors",
    "enableAutoMtls",
    "defaultServiceExportTo",
    "defaultVirtualServiceExportTo",
    "defaultDestinationRuleExportTo",
    "serviceEntryVisibility",
)
"""What an inventory says of a mesh in the words of its configuration."""
_ENVIRONMENT = {
    "ipAutoAllocation": "PILOT_ENABLE_IP_AUTOALLOCATE",
    "selectWorkloadEntries": "PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES",
}
_TEST_NET = ipaddress.ip_network("192.0.2.0/24")


@dataclass
class ClusterFacts:
    """One cluster: its settings and its inventory's `spec`."""

    settings: ClusterSettings
    inventory: dict[str, Any] = field(default_factory=dict)

    def addresses(self, namespace: str, gateway: str) -> list[str]:
        for item in self.inventory.get("gateways", []):
            if (item["namespace"], item["name"]) == (namespace, gateway):
                return list(item.get("addresses", []))
        return []

    def hostname(self, namespace: str, gateway: str) -> str:
        for item in self.inventory.get("gateways", []):
            if (item["namespace"], item["name"]) == (namespace, gateway):
                return str(item.get("hostname", ""))
        return ""

    @property
    def services(self) -> list[dict[str, Any]]:
        """The inventory's services except gateways' own."""
        gateways = {(g["namespace"], g["name"]) for g in self.inventory.get("gateways", [])}
        services = self.inventory.get("services", [])
        return [s for s in services if (s["namespace"], s["name"]) not in gateways]


@dataclass
class Facts:
    """The facts of a fleet."""

    platform: str
    clusters: dict[str, ClusterFacts]
    foreign_gateways: list[dict[str, Any]] = field(default_factory=list)
    """Gateways that the fleet uses and meshgen does not manage."""


def read_facts(fleet: Path) -> Facts:
    """Read a fleet that meshgen accepts; any other gives whatever error comes first."""
    documents = list(_documents(fleet))
    spec = next(d["spec"] for d in documents if d["kind"] == "Fleet")
    clusters = {item["name"]: item for item in spec.get("clusters", [])}
    for document in documents:
        if document["kind"] == "Cluster":
            clusters[document["metadata"]["name"]] = document.get("spec", {})
    inventories = {d["metadata"]["name"]: d.get("spec") or {} for d in documents if d["kind"] == "Inventory"}
    facts = {}
    for name, cluster in clusters.items():
        inventory = inventories.get(name, {})
        istio = inventory.get("istio", {})
        fleet_istio, own_istio = spec.get("istio", {}), cluster.get("istio", {})
        capture = istio.get("dnsCapture", own_istio.get("dnsCapture", fleet_istio.get("dnsCapture", True)))
        domain = cluster.get("trustDomain", istio.get("trustDomain", spec.get("trustDomain", "cluster.local")))
        settings = ClusterSettings(
            name=name,
            region=cluster.get("region", ""),
            zones=tuple(cluster.get("zones", [])),
            network=cluster.get("network", istio.get("network", "")),
            trust_domain=domain,
            dns_capture=capture,
            istiod_env={name: str(istio[key]).lower() for key, name in _ENVIRONMENT.items() if key in istio},
            mesh_config={key: istio[key] for key in _MESH_CONFIG if key in istio},
        )
        facts[name] = ClusterFacts(settings, inventory)
    gateways = spec.get("gateways", []) + [w.get("eastWestGateway", {}) for w in spec.get("workspaces", [])]
    return Facts(spec["platform"], facts, [g for g in gateways if not g.get("managed", True)])


def copy_with_test_addresses(fleet: Path, target: Path) -> Path:
    """Copy a fleet; gateway addresses that are public become ones of TEST-NET-1, one to one."""
    target.mkdir(parents=True)
    mapping = _test_addresses(fleet)
    files = [fleet] if fleet.is_file() else [f for f in fleet.rglob("*.y*ml") if f.is_file()]
    for file in files:
        text = file.read_text(encoding="utf-8")
        for public, test in mapping.items():
            text = text.replace(public, test)
        copy = target / (file.name if fleet.is_file() else file.relative_to(fleet))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
        shutil.copymode(file, copy)
    return target


def _test_addresses(fleet: Path) -> dict[str, str]:
    used = [
        address
        for cluster in read_facts(fleet).clusters.values()
        for gateway in cluster.inventory.get("gateways", [])
        for address in gateway.get("addresses", [])
    ]
    free = (str(a) for a in _TEST_NET.hosts() if str(a) not in used)
    # Longest first: no address may be replaced inside another one.
    public = sorted({a for a in used if ipaddress.ip_address(a).is_global}, key=lambda a: (-len(a), a))
    return dict(zip(public, free, strict=False))


def _documents(fleet: Path) -> list[dict[str, Any]]:
    yaml = YAML(typ="safe")
    files = [fleet] if fleet.is_file() else sorted(f for f in fleet.rglob("*.y*ml") if f.is_file())
    return [document for file in files for document in yaml.load_all(file) if document]
