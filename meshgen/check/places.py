"""Where in the fleet something was written, and how findings name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.hosts import selects
from meshgen.analysis.injection import IGNORED_NAMESPACES
from meshgen.diagnostics import Note
from meshgen.diagnostics.several import phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.base import ClusterSelector
    from meshgen.language.fleet import Fleet
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.traffic import TrafficPolicy


def notes(*places: tuple[Span | None, str]) -> tuple[Note, ...]:
    """The notes for those places that are known."""
    return tuple(Note(span, text) for span, text in places if span is not None)


def listed(names: Iterable[str]) -> str:
    """Names in one phrase: `` `a`, `b` and `c` ``, or the first three and how many more."""
    return phrase([f"`{name}`" for name in names])


def short(name: ServiceName) -> str:
    """A Service in a list of many, as `meshgen explain` takes it: `` `details.bookinfo` ``."""
    return f"`{name.name}.{name.namespace}`"


def gateway_object(cluster: str, key: GatewayKey) -> str:
    """The logical name of a gateway in a cluster."""
    namespace, name = key
    return f"gateway/{cluster}/{namespace}/{name}"


def gateway_place(relations: Relations, cluster: str, key: GatewayKey) -> Span | None:
    """Where the inventory of `cluster` shows the gateway, else where the fleet declares it."""
    observed = relations.observed_gateways[cluster].get(key)
    return observed.span() if observed is not None else relations.gateways[key].span()


def declared_gateways(fleet: Fleet) -> Iterator[tuple[GatewaySettings, str]]:
    """Every declaration of a gateway, documents before those inside workspaces, and its logical name."""
    for gateway in fleet.gateways:
        yield gateway, f"gateway/{gateway.namespace}/{gateway.name}"
    for workspace in fleet.workspaces:
        if workspace.east_west_gateway is not None:
            yield workspace.east_west_gateway, f"workspace/{workspace.name}"


def cluster_selectors(fleet: Fleet) -> Iterator[tuple[ClusterSelector, str]]:
    """Every selector of clusters that was written, and the logical name of the item that it stands in."""
    for gateway, name in declared_gateways(fleet):
        if gateway.clusters is not None:
            yield gateway.clusters, name
        for override in gateway.overrides:
            yield override.clusters, name
        if gateway.draining is not None:
            yield gateway.draining, name
    yield from _of_traffic(f"fleet/{fleet.name}", fleet.spec.traffic)
    for workspace in fleet.workspaces:
        for chosen in (workspace.consumers, workspace.draining):
            if chosen is not None:
                yield chosen, f"workspace/{workspace.name}"
        yield from _of_traffic(f"workspace/{workspace.name}", workspace.traffic)
        for setting in workspace.exposed_services or ():
            for chosen in (setting.consumers, setting.draining):
                if chosen is not None:
                    yield chosen, setting.host
            yield from _of_traffic(setting.host, setting.traffic)
    for host in fleet.published_hosts:
        if host.draining is not None:
            yield host.draining, f"publishedHost/{host.name}"
        yield from _of_traffic(f"publishedHost/{host.name}", host.traffic, host.entry_points)
    for zone in fleet.spec.dns.zones if fleet.spec.dns is not None else ():
        if zone.clusters is not None:
            yield zone.clusters, f"zone/{zone.name}"


def having_namespace(relations: Relations, namespace: str) -> Iterator[tuple[str, Span | None]]:
    """Who has a namespace, and where that is said; patterns of workspaces that take many do not have it."""
    fleet = relations.fleet
    for workspace in fleet.workspaces:
        for index, pattern in enumerate(workspace.namespace_selector.names):
            if pattern.rpartition("/")[2] == namespace:
                place = workspace.namespace_selector.span("names", index)
                yield f"the workspace `{workspace.name}`", place
    for gateway, _ in declared_gateways(fleet):
        if gateway.namespace == namespace:
            yield f"the gateway `{gateway.name}`", gateway.span("namespace")
    roots = {relations.facts[cluster.name].root_namespace for cluster in fleet.clusters}
    if namespace in roots:
        yield "Istio", None
    if namespace in IGNORED_NAMESPACES:
        yield "Kubernetes, where no pod gets a sidecar", None
    if namespace == multicluster_namespace(fleet):
        yield "what meshgen shares between namespaces", None


def _of_traffic(name: str, *policies: TrafficPolicy | None) -> Iterator[tuple[ClusterSelector, str]]:
    for policy in policies:
        if policy is not None:
            chosen = (*(policy.order or ()), *(policy.weights or ()), policy.sources)
            yield from ((selector, name) for selector in chosen if selector is not None)


def istio_place(relations: Relations, cluster: str, key: str) -> Span | None:
    """Where the value of an `istio` field that holds for `cluster` was written, by its camelCase name."""
    inventory = relations.inventory(cluster)
    for item in (relations.cluster(cluster).istio, relations.fleet.spec.istio, inventory.istio if inventory else None):
        if item is not None and _has(item.model_dump(by_alias=True), key):
            return item.span(key)
    return relations.cluster(cluster).span("name")


def network_place(relations: Relations, cluster: str) -> Span | None:
    """Where the network of `cluster` was written, else the cluster."""
    return _place(relations, cluster, "network")


def trust_domain_place(relations: Relations, cluster: str) -> Span | None:
    """Where the trust domain of `cluster` was written, else the cluster."""
    spec = relations.fleet.spec
    inventory = relations.inventory(cluster)
    written = relations.cluster(cluster).trust_domain or (
        inventory is not None and inventory.istio is not None and inventory.istio.trust_domain
    )
    if not written and "trust_domain" in spec.model_fields_set:
        return spec.span("trustDomain")
    return _place(relations, cluster, "trustDomain")


def is_stranger(relations: Relations, name: str) -> bool:
    """Whether a name, no pattern, is that of no cluster of the fleet: said by MG204."""
    return "*" not in name and name not in relations.facts


def names_stranger(relations: Relations, selectors: Iterable[ClusterSelector]) -> bool:
    """Whether one of these names a cluster that the fleet does not have: said by MG204."""
    return any(is_stranger(relations, name) for each in selectors for name in each.names or ())


def names_no_cluster(relations: Relations, selector: ClusterSelector) -> bool:
    """Whether a selector chooses no cluster of the fleet, whatever it is for: said by MG204 and MG205."""
    said = bool(selector.names) or bool(selector.labels)
    return said and not any(selects(selector, cluster) for cluster in relations.fleet.clusters)


def _place(relations: Relations, cluster: str, key: str) -> Span | None:
    declared = relations.cluster(cluster)
    if _has(declared.model_dump(by_alias=True), key):
        return declared.span(key)
    inventory = relations.inventory(cluster)
    if inventory is not None and inventory.istio is not None and _has(inventory.istio.model_dump(by_alias=True), key):
        return inventory.istio.span(key)
    return declared.span("name")


def _has(written: dict[str, object], key: str) -> bool:
    return written.get(key) is not None
