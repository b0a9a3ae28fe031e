"""Who spans, has, exposes and serves what: the relations of design §3, derived once from the fleet.

Rules and plan both read them, so that a finding and the emitted objects cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from meshgen.analysis.draining import draining
from meshgen.analysis.exposure import (
    NO_SIDECARS,
    OWN_GATEWAY,
    PAST_SIDECARS,
    Exposure,
    passes_sidecars,
    seen_from,
    unexposable,
)
from meshgen.analysis.facts import ClusterFacts, cluster_facts
from meshgen.analysis.failover import effective
from meshgen.analysis.gateway_places import (
    comers,
    gateway_places,
    gateway_settings,
    observed_gateways,
    published_behind,
    trusted_proxies,
)
from meshgen.analysis.gateways import GatewayReach, GatewaySetup, gateway_setup, reach
from meshgen.analysis.host_index import HostIndex
from meshgen.analysis.hosts import ServiceName, parse_host, qualify, selects, service_matches
from meshgen.analysis.mutual_tls import PeerAuthentications
from meshgen.analysis.namespace_labels import NAME, discovered
from meshgen.analysis.pattern_index import PatternIndex
from meshgen.analysis.traffic import effective_traffic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.gateway_places import Places
    from meshgen.analysis.gateways import Comers, GatewayKey
    from meshgen.language.cluster import Cluster
    from meshgen.language.fleet import Fleet
    from meshgen.language.foreign import ForeignObject, ObservedDestinationRule, ObservedVirtualService
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.inventory import Inventory, ObservedGateway, ObservedService
    from meshgen.language.published_host import PublishedHost
    from meshgen.language.traffic import Region
    from meshgen.language.workspace import ExposedService, Workspace

Foreign = TypeVar("Foreign", bound="ForeignObject")


@dataclass(frozen=True, eq=False)
class Relations:
    """The relations of one fleet, compared by identity.

    All sequences are sorted by cluster, then namespace, then name.
    """

    fleet: Fleet
    _by_name: dict[str, Cluster] = field(init=False, repr=False)
    _selected: dict[tuple[int, str], bool] = field(init=False, repr=False, default_factory=dict)
    """(selector of consumers, cluster) → whether it chooses the cluster."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {cluster.name: cluster for cluster in self.fleet.clusters})

    def cluster(self, name: str) -> Cluster:
        return self._by_name[name]

    @cached_property
    def facts(self) -> dict[str, ClusterFacts]:
        """What is known about each cluster: declared first, then observed, then defaults."""
        return {cluster.name: cluster_facts(self.fleet, cluster) for cluster in self.fleet.clusters}

    @cached_property
    def regions(self) -> dict[str, Region]:
        """The regions of which the fleet says what is near, by name; the first of several counts (MG435)."""
        return {region.name: region for region in reversed(self.fleet.spec.regions)}

    def inventory(self, cluster: str) -> Inventory | None:
        return self.fleet.inventories.get(cluster)

    @cached_property
    def matching(self) -> dict[tuple[str, str], list[Workspace]]:
        """(cluster, namespace) → the workspaces with a pattern for it; more than one is an error."""
        index = PatternIndex(
            (pattern, workspace)
            for workspace in self.fleet.workspaces
            for pattern in workspace.namespace_selector.names
        )
        return {
            (cluster.name, namespace): workspaces
            for cluster in self.fleet.clusters
            for namespace in self.namespaces[cluster.name]
            if (workspaces := index.matching(cluster.name, namespace))
        }

    @cached_property
    def namespaces(self) -> dict[str, list[str]]:
        """Cluster → the namespaces of its inventory, sorted."""
        return {
            cluster.name: sorted({item.name for item in inventory.namespaces}) if inventory else []
            for cluster in self.fleet.clusters
            for inventory in [self.inventory(cluster.name)]
        }

    def workspace_of(self, cluster: str, namespace: str) -> Workspace | None:
        """The workspace that spans a namespace of a cluster."""
        matching = self.matching.get((cluster, namespace))
        return matching[0] if matching else None

    @cached_property
    def spanned(self) -> dict[str, dict[str, list[str]]]:
        """Workspace → cluster → the namespaces that it spans there."""
        spanned: dict[str, dict[str, list[str]]] = {workspace.name: {} for workspace in self.fleet.workspaces}
        for (cluster, namespace), workspaces in self.matching.items():
            spanned[workspaces[0].name].setdefault(cluster, []).append(namespace)
        return spanned

    @cached_property
    def namespace_labels(self) -> dict[str, dict[str, dict[str, str]]]:
        """Cluster → the namespaces of its inventory → their labels."""
        return {
            cluster.name: {item.name: item.labels for item in inventory.namespaces} if inventory else {}
            for cluster in self.fleet.clusters
            for inventory in [self.inventory(cluster.name)]
        }

    def workspace_labels(self, cluster: str) -> list[dict[str, str]]:
        """The labels of the namespaces of a cluster that workspaces span."""
        return [labels for name, labels in self.namespace_labels[cluster].items() if (cluster, name) in self.matching]

    @cached_property
    def gateways(self) -> dict[GatewayKey, GatewaySettings]:
        """The settings of every gateway."""
        return gateway_settings(self.fleet)

    @cached_property
    def published_behind(self) -> dict[GatewayKey, list[PublishedHost]]:
        """Gateway → the published hosts that name it."""
        return published_behind(self.fleet)

    def comers(self, key: GatewayKey) -> frozenset[Comers]:
        """Who opens connections to a gateway of the fleet."""
        return comers(self.gateways[key], self.published_behind.get(key, []))

    def gateway_of(self, workspace: Workspace) -> GatewaySettings | None:
        """The settings of the workspace's east-west gateway."""
        inline = workspace.east_west_gateway
        return None if inline is None else self.gateways[(inline.namespace, inline.name)]

    @cached_property
    def gateway_places(self) -> Places:
        """Cluster → its gateways, of every role → the workspaces that use them there."""
        return gateway_places(self.fleet, self.gateways, self.published_behind, self.spanned)

    @cached_property
    def east_west_places(self) -> Places:
        """Cluster → its east-west gateways → the workspaces that expose through them there."""
        return {
            cluster: {key: users for key, users in places.items() if self.gateways[key].role == "eastWest"}
            for cluster, places in self.gateway_places.items()
        }

    def services_in(self, cluster: str, namespaces: Iterable[str]) -> Iterator[tuple[ServiceName, ObservedService]]:
        """The Services of some namespaces of a cluster, namespace by namespace."""
        for namespace in namespaces:
            yield from self._by_namespace[cluster].get(namespace, ())

    @cached_property
    def _by_namespace(self) -> dict[str, dict[str, list[tuple[ServiceName, ObservedService]]]]:
        found: dict[str, dict[str, list[tuple[ServiceName, ObservedService]]]] = {}
        for cluster, services in self.services.items():
            here = found.setdefault(cluster, {})
            for name, service in services.items():
                here.setdefault(name.namespace, []).append((name, service))
        return found

    @cached_property
    def services(self) -> dict[str, dict[ServiceName, ObservedService]]:
        """Cluster → its Services, whatever their state."""
        return {
            cluster.name: {
                ServiceName(service.namespace, service.name): service
                for inventory in [self.inventory(cluster.name)]
                if inventory is not None
                for service in inventory.services
            }
            for cluster in self.fleet.clusters
        }

    @cached_property
    def observed_gateways(self) -> dict[str, dict[GatewayKey, ObservedGateway]]:
        """Cluster → what its inventory says about gateways."""
        return observed_gateways(self.fleet)

    @cached_property
    def gateway_setups(self) -> dict[str, dict[GatewayKey, GatewaySetup]]:
        """Cluster → how its gateways are set up there."""
        return {
            cluster: {
                key: gateway_setup(
                    self.gateways[key],
                    self.cluster(cluster),
                    self.observed_gateways[cluster].get(key),
                    comers=self.comers(key),
                    trusted_proxies=trusted_proxies(self.gateways, key, self.published_behind.get(key, [])),
                )
                for key in gateways
            }
            for cluster, gateways in self.gateway_places.items()
        }

    @cached_property
    def reaches(self) -> dict[str, dict[GatewayKey, GatewayReach]]:
        """Cluster → where others reach its gateways."""
        return {
            cluster: {
                key: reach(self.gateways[key], setup, self.observed_gateways[cluster].get(key))
                for key, setup in setups.items()
            }
            for cluster, setups in self.gateway_setups.items()
        }

    def local(self, cluster: str, workspace: Workspace, name: ServiceName) -> ObservedService | None:
        """The Service where `cluster` *has* it: in the inventory, not leaving, in a namespace of the workspace.

        An arriving Service counts already, so that its entries are there before it is; its ServiceEntry does nothing
        beside it (in the lab one came and went under load, 0 of 181 requests left the cluster). Where sidecars do not
        answer DNS, a leaving Service counts until it is gone and an arriving one only then: instead of it there is a
        stub of the same name, and one of the two objects would overwrite the other.
        """
        service = self.services[cluster].get(name)
        gone = "leaving" if self.facts[cluster].dns_capture else "arriving"
        if service is None or service.state == gone:
            return None
        spanning = self.workspace_of(cluster, name.namespace)
        return service if spanning is not None and spanning.name == workspace.name else None

    def namesake(self, cluster: str, workspace: Workspace, name: ServiceName) -> ObservedService | None:
        """A Service of that name that the workspace does not span: it keeps the name for itself (design §3)."""
        service = self.services[cluster].get(name)
        if service is None or service.state == "leaving":
            return None
        spanning = self.workspace_of(cluster, name.namespace)
        return None if spanning is not None and spanning.name == workspace.name else service

    def unexposable(self, cluster: str, service: ObservedService) -> str | None:
        """Why a Service cannot be exposed from `cluster`, None where it can."""
        if (service.namespace, service.name) in self.gateway_places[cluster]:
            return OWN_GATEWAY
        return unexposable(service)

    def excepted(self, workspace: Workspace, name: ServiceName) -> bool:
        """Whether a workspace that exposes everything names the Service among its exceptions."""
        return any(service_matches(pattern, name) for pattern in self._exceptions[workspace.name])

    @cached_property
    def _exceptions(self) -> dict[str, list[ServiceName]]:
        domain = self.fleet.spec.cluster_domain
        return {
            workspace.name: [
                pattern
                for text in workspace.unexposed_services or ()
                if (pattern := parse_host(text, domain)) is not None
            ]
            for workspace in self.fleet.workspaces
        }

    def left_out(self, cluster: str, gateway: GatewaySettings, service: ObservedService) -> str | None:
        """Why a Service that is no exception stays unexposed in `cluster` where its workspace exposes everything.

        A gateway passes on only to sidecars, and only Services that its namespace sees (Istio:
        pilot/pkg/xds/endpoints/endpoint_builder.go, pilot/pkg/model/sidecar.go). What is listed and has one of these
        faults is an error instead (MG352, MG354).
        """
        reason = self.unexposable(cluster, service)
        if reason is None and service.injected is False:
            return NO_SIDECARS
        if reason is None and passes_sidecars(service):
            return PAST_SIDECARS
        if reason is None and not seen_from(service, gateway.namespace, self.facts[cluster].service_export):
            return f"is not exported to namespace `{gateway.namespace}` of the gateway"
        return reason

    @cached_property
    def exposures(self) -> list[Exposure]:
        """Every service that every cluster exposes, whatever its state."""
        found: list[Exposure] = []
        for workspace in self.fleet.workspaces:
            gateway = self.gateway_of(workspace)
            if gateway is None:
                continue
            for cluster, namespaces in self.spanned[workspace.name].items():
                if (gateway.namespace, gateway.name) in self.east_west_places[cluster]:
                    found += self._exposed_in(cluster, namespaces, workspace, gateway)
        return sorted(found, key=lambda exposure: (exposure.cluster, exposure.name))

    def _exposed_in(
        self, cluster: str, namespaces: list[str], workspace: Workspace, gateway: GatewaySettings
    ) -> list[Exposure]:
        domain = self.fleet.spec.cluster_domain
        wanted: list[tuple[ServiceName, ExposedService | None]]
        if workspace.exposed_services is None:
            wanted = [
                (name, None)
                for name, service in self.services_in(cluster, namespaces)
                if not self.excepted(workspace, name) and self.left_out(cluster, gateway, service) is None
            ]
        else:
            inside = set(namespaces)
            wanted = [
                (name, setting)
                for setting in workspace.exposed_services
                if (name := parse_host(setting.host, domain)) is not None and name.namespace in inside
            ]
        reached = self.reaches[cluster][gateway.namespace, gateway.name]
        exposures: dict[ServiceName, Exposure] = {}
        inherited = effective(workspace, None)
        traffic = effective_traffic(workspace.traffic, self.fleet.spec.traffic)
        for name, setting in wanted:
            service = self.services[cluster].get(name)
            if service is None or self.unexposable(cluster, service) is not None:
                continue
            exposures.setdefault(
                name,
                Exposure(
                    cluster,
                    workspace,
                    setting,
                    service,
                    name.host(domain),
                    gateway,
                    reached,
                    failover=effective(workspace, setting) if setting else inherited,
                    traffic=effective_traffic(setting.traffic, workspace.traffic, self.fleet.spec.traffic)
                    if setting and setting.traffic
                    else traffic,
                    drain=draining(self.cluster(cluster), workspace, setting, gateway),
                ),
            )
        return list(exposures.values())

    @cached_property
    def by_host(self) -> dict[str, list[Exposure]]:
        """Host → its exposures, sorted by cluster; hosts sorted."""
        found: dict[str, list[Exposure]] = {}
        for exposure in self.exposures:
            found.setdefault(exposure.host, []).append(exposure)
        return dict(sorted(found.items()))

    @cached_property
    def by_gateway(self) -> dict[tuple[str, GatewayKey], list[Exposure]]:
        """(cluster, gateway) → what is exposed through it there."""
        found: dict[tuple[str, GatewayKey], list[Exposure]] = {}
        for exposure in self.exposures:
            key = (exposure.cluster, (exposure.gateway.namespace, exposure.gateway.name))
            found.setdefault(key, []).append(exposure)
        return found

    def exposure(self, cluster: str, host: str) -> Exposure | None:
        """What a cluster exposes of a host, whatever its state."""
        return next((found for found in self.by_host.get(host, ()) if found.cluster == cluster), None)

    def consumes(self, cluster: Cluster, exposure: Exposure) -> bool:
        """Whether `cluster` may call the service: the service's `consumers`, else the workspace's, else all.

        An edge cluster does only where a selector was written and chooses it.
        """
        selector = exposure.consumers
        if selector is None:
            return cluster.role != "edge"
        key = (id(selector), cluster.name)
        if key not in self._selected:
            self._selected[key] = selects(selector, cluster)
        return self._selected[key]

    def read(self, cluster: str, objects: Iterable[Foreign]) -> Iterator[Foreign]:
        """Those of the objects in the inventory of `cluster` that its istiod reads.

        They are for its revision, and in namespaces that it looks at as far as the inventory has their labels.
        """
        facts = self.facts.get(cluster)
        if facts is None:
            return iter(())
        unseen = {
            name
            for name, labels in self.namespace_labels[cluster].items()
            if labels and not discovered(facts.istio, {NAME: name, **labels})
        }
        return (item for item in objects if facts.reads(item.revision) and item.namespace not in unseen)

    @cached_property
    def peer_authentications(self) -> dict[str, PeerAuthentications]:
        """Cluster → the PeerAuthentications that its istiod reads."""
        return {
            cluster.name: PeerAuthentications(
                self.read(cluster.name, inventory.peer_authentications), self.facts[cluster.name].root_namespace
            )
            for cluster in self.fleet.clusters
            if (inventory := self.inventory(cluster.name)) is not None and inventory.peer_authentications
        }

    @cached_property
    def _destination_rules(self) -> dict[str, HostIndex[ObservedDestinationRule]]:
        domain = self.fleet.spec.cluster_domain
        return {
            cluster: HostIndex(
                (qualify(rule.host, rule.namespace, domain), rule)
                for rule in self.read(cluster, inventory.destination_rules)
            )
            for cluster, inventory in self.fleet.inventories.items()
        }

    def destination_rules(self, cluster: str, host: str) -> list[ObservedDestinationRule]:
        """The teams' DestinationRules of `cluster` that apply to `host`, wildcards included."""
        index = self._destination_rules.get(cluster)
        return index.matching(host) if index else []

    @cached_property
    def _virtual_services(self) -> dict[str, HostIndex[ObservedVirtualService]]:
        domain = self.fleet.spec.cluster_domain
        return {
            cluster: HostIndex(
                (host, service)
                for service in self.read(cluster, inventory.virtual_services)
                if not service.gateways or "mesh" in service.gateways
                for host in dict.fromkeys(qualify(item, service.namespace, domain) for item in service.hosts)
            )
            for cluster, inventory in self.fleet.inventories.items()
        }

    def virtual_services(self, cluster: str, host: str) -> list[ObservedVirtualService]:
        """The teams' mesh-bound VirtualServices and routes of `cluster` that match `host`."""
        index = self._virtual_services.get(cluster)
        if index is None or not index:
            return []
        return list({id(item): item for item in index.matching(host)}.values())
