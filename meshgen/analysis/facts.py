"""What is known about one cluster: declared, observed, and the defaults where neither says anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.analysis.addresses import FAMILIES, Families, parse_range
from meshgen.analysis.injection import Injectors
from meshgen.platforms import platform

if TYPE_CHECKING:
    from meshgen.language.cluster import Cluster
    from meshgen.language.fleet import Fleet
    from meshgen.language.inventory import Inventory, ObservedIstio

FLOOR = (1, 24)
"""Oldest Istio that meshgen emits for, and what it assumes where none is named."""
AUTO_ALLOCATION = (1, 25)
"""First Istio whose istiod gives ServiceEntries an address by default."""
HTTP2_PINGS = (1, 31)
"""First Istio with `http2KeepAlive` in DestinationRules (istio#60436)."""
ROOT_NAMESPACE = "istio-system"
"""Where Istio's own configuration and rules for all namespaces are, unless its configuration says otherwise."""
DEFAULT_REVISION = "default"
"""Revision of an istiod that was installed without one."""
DEFAULT_VIP_RANGE = "240.241.0.0/16"


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """Resolved facts of one cluster."""

    network: str | None
    """Istio's network name; empty: the mesh has none; None: unknown."""
    trust_domain: str
    version: tuple[int, ...]
    """Version of Istio, as many numbers as were given."""
    version_text: str | None
    revision: str | None
    dns_capture: bool
    vip_range: str
    mesh_retries: bool
    """Whether the mesh's own retry policy retries in other localities."""
    injectors: Injectors
    """Who injects pods."""
    istio: ObservedIstio | None
    """What the inventory says about the mesh."""
    families: Families | None
    """Families of IP addresses that its pods can dial; None: unknown."""

    @property
    def allocates_addresses(self) -> bool:
        """Whether istiod gives ServiceEntries an address that its sidecars resolve."""
        switched = self.istio.ip_auto_allocation if self.istio is not None else None
        return self.dns_capture and (self.version >= AUTO_ALLOCATION if switched is None else switched)

    @property
    def root_namespace(self) -> str:
        """The namespace whose rules hold for all others."""
        return (self.istio.root_namespace if self.istio is not None else None) or ROOT_NAMESPACE

    @property
    def auto_mtls(self) -> bool:
        """Whether clients use mutual TLS where the other end has it, without being told so for each host."""
        return self.istio is None or self.istio.enable_auto_mtls is not False

    @property
    def exports_rules(self) -> bool:
        """Whether clients of all namespaces see a DestinationRule without `exportTo`.

        Of the mesh's default only `.` counts (setDestinationRules, pilot/pkg/model/push_context.go).
        """
        return self.istio is None or "." not in (self.istio.default_destination_rule_export_to or ())

    @property
    def exports_virtual_services(self) -> bool:
        """Whether clients of all namespaces see a VirtualService without `exportTo`."""
        return "*" in self.virtual_service_export

    @property
    def virtual_service_export(self) -> tuple[str, ...]:
        """The namespaces that see a VirtualService, or a route, without `exportTo`: `*`, `.`, `~` or names."""
        default = self.istio.default_virtual_service_export_to if self.istio is not None else None
        return tuple(default) if default else ("*",)

    @property
    def service_export(self) -> tuple[str, ...]:
        """The namespaces that see a Service without annotation: `*`, `.`, `~` or names."""
        default = self.istio.default_service_export_to if self.istio is not None else None
        return tuple(default) if default else ("*",)

    def accepts(self, trust_domain: str) -> bool:
        """Whether identities of a trust domain count as its own (spiffe.ExpandWithTrustDomains, pkg/spiffe).

        Clients take them for accounts of their own domain, servers let them in (pilot/pkg/security/authn).
        """
        aliases = self.istio.trust_domain_aliases if self.istio is not None else None
        return trust_domain == self.trust_domain or trust_domain in (aliases or ())

    def reads(self, revision: str | None) -> bool:
        """Whether istiod reads an object with label `istio.io/rev`; tags are no revisions here.

        An istiod whose revision nobody knows may read all (LabelsInRevision, pkg/config/model.go).
        """
        own = self.revision
        if own is None and self.istio is not None and self.istio.version is not None:
            own = DEFAULT_REVISION  # an import leaves this one out
        return revision is None or own is None or revision == own

    @property
    def pings_http2(self) -> bool:
        """Whether a DestinationRule can make proxies ping the other end of HTTP/2 connections."""
        return self.version >= HTTP2_PINGS


def parse_version(text: str) -> tuple[int, ...]:
    """`1.29.2-patch` → (1, 29, 2); an unreadable version → ()."""
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("-")[0])[:3])


def readable(facts: ClusterFacts) -> bool:
    """Whether the version, declared or assumed, has the two numbers that decide what a cluster understands."""
    return len(facts.version) > 1


def cluster_facts(fleet: Fleet, cluster: Cluster) -> ClusterFacts:
    """The facts of `cluster`: what it declares, else the fleet, else its inventory, else the default."""
    inventory = fleet.inventories.get(cluster.name)
    observed = inventory.istio if inventory else None
    declared = [istio for istio in (cluster.istio, fleet.spec.istio) if istio is not None]

    def look_up(name: str) -> object:
        for item in [*declared, observed]:
            value = getattr(item, name, None)
            if value is not None:
                return value
        return None

    version = look_up("version")
    return ClusterFacts(
        network=cluster.network if cluster.network is not None else (observed.network if observed else None),
        trust_domain=cluster.trust_domain
        or (observed.trust_domain if observed and observed.trust_domain else fleet.spec.trust_domain),
        version=parse_version(str(version)) if version else FLOOR,
        version_text=str(version) if version else None,
        revision=str(revision) if (revision := look_up("revision")) else None,
        dns_capture=look_up("dns_capture") is not False,
        vip_range=str(look_up("vip_range") or DEFAULT_VIP_RANGE),
        mesh_retries=bool(observed and observed.retry_remote_localities),
        injectors=_injectors(observed),
        istio=observed,
        families=_families(cluster, inventory),
    )


def _families(cluster: Cluster, inventory: Inventory | None) -> Families | None:
    named = cluster.ip_families or (inventory.ip_families if inventory else None)
    if named:
        return frozenset(FAMILIES[family] for family in named)
    ranges = [parsed for text in cluster.pod_cidrs if (parsed := parse_range(text)) is not None]
    return frozenset(item.version for item in ranges) or None


def _injectors(observed: ObservedIstio | None) -> Injectors:
    if observed is None:
        return Injectors()
    revisions = observed.injection_revisions
    return Injectors(None if revisions is None else frozenset(revisions), by_default=bool(observed.injects_by_default))


def multicluster_namespace(fleet: Fleet) -> str:
    """The namespace of ServiceEntries in consumers."""
    return fleet.spec.multicluster_namespace or platform(fleet.spec.platform).multicluster_namespace


def own_entries(fleet: Fleet) -> bool:
    """Whether meshgen writes the entries, rather than the platform's control plane."""
    return (fleet.spec.entries or platform(fleet.spec.platform).entries) == "meshgen"


def management_cluster(fleet: Fleet) -> str | None:
    """The cluster that gets Workspaces, None where the platform has none or it was not declared."""
    rule = platform(fleet.spec.platform).management
    if rule == "none":
        return None
    declared = fleet.spec.tetrate.management_cluster if fleet.spec.tetrate else None
    if declared is None and rule == "first" and fleet.clusters:
        return fleet.clusters[0].name
    return declared
