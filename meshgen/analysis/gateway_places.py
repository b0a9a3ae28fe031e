"""The gateways of a fleet: their settings, the clusters in which they are, and who comes to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import selects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meshgen.analysis.gateways import Comers, GatewayKey, PortName
    from meshgen.language.cluster import Cluster
    from meshgen.language.fleet import Fleet
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.inventory import ObservedGateway
    from meshgen.language.published_host import PublishedHost
    from meshgen.language.workspace import Workspace

Spanned = dict[str, dict[str, list[str]]]
"""Workspace → cluster → the namespaces that it spans there."""
Places = dict[str, dict["GatewayKey", list["Workspace"]]]
"""Cluster → its gateways, sorted → the workspaces that use them there."""


def gateway_settings(fleet: Fleet) -> dict[GatewayKey, GatewaySettings]:
    """The settings of every gateway: those of its own document, else the first inline ones with any."""
    found: dict[GatewayKey, GatewaySettings] = {
        (gateway.namespace, gateway.name): gateway for gateway in fleet.gateways
    }
    for workspace in fleet.workspaces:
        inline = workspace.east_west_gateway
        if inline is None:
            continue
        key = (inline.namespace, inline.name)
        if key not in found or (not settings_of(found[key]) and settings_of(inline)):
            found[key] = inline
    return found


def settings_of(gateway: GatewaySettings) -> dict[str, object]:
    """What was written of a gateway besides its name and namespace."""
    return {
        name: getattr(gateway, name) for name in sorted(gateway.model_fields_set) if name not in ("name", "namespace")
    }


def published_behind(fleet: Fleet) -> dict[GatewayKey, list[PublishedHost]]:
    """Gateway → the published hosts that name it, of whatever role it is."""
    found: dict[GatewayKey, list[PublishedHost]] = {}
    for host in fleet.published_hosts:
        for reference in (host.ingress_gateway, host.edge_gateway):
            if reference is not None:
                found.setdefault((reference.namespace, reference.name), []).append(host)
    return found


def comers(gateway: GatewaySettings, behind: list[PublishedHost]) -> frozenset[Comers]:
    """Who comes to a gateway; `behind` are the published hosts that name it. Empty: nobody yet.

    An ingress gateway is for one sort: what it may send on to depends on it, and holds for all of its hosts (MG484).
    """
    if gateway.role == "eastWest":
        return frozenset({"clusters"})
    if gateway.role == "edge":
        return frozenset({"users"} if behind else ())
    return frozenset("users" if host.edge_gateway is None else "edges" for host in behind)


def taken_ports(gateway: GatewaySettings, behind: list[PublishedHost]) -> frozenset[PortName]:
    """The ports of a gateway to which somebody comes; `behind` are the published hosts that name it."""
    if gateway.role == "eastWest":
        return frozenset({"mesh"})
    found: set[PortName] = set()
    for host in behind:
        if gateway.role == "ingress" and host.edge_gateway is not None:
            found.add("mesh")
        elif host.tls is None:
            found.add("http")
        else:
            found |= {"http", "https"} if host.tls.redirect else {"https"}
    return frozenset(found)


def trusted_proxies(
    gateways: Mapping[GatewayKey, GatewaySettings], key: GatewayKey, behind: list[PublishedHost]
) -> int | None:
    """How many proxies before a gateway say truly who the client is; None: nothing is said of any.

    An edge gateway is one before its ingress gateway, besides those before itself; of several edge gateways the one
    with the fewest counts, since a client could make up what is trusted beyond.
    """
    gateway = gateways[key]
    if gateway.num_trusted_proxies is not None or gateway.role != "ingress":
        return gateway.num_trusted_proxies
    edges = {(edge.namespace, edge.name) for host in behind if (edge := host.edge_gateway) is not None}
    before = [gateways[edge].num_trusted_proxies or 0 for edge in edges if edge in gateways]
    return min(before) + 1 if before else None


def gateway_places(
    fleet: Fleet,
    gateways: Mapping[GatewayKey, GatewaySettings],
    behind: Mapping[GatewayKey, list[PublishedHost]],
    spanned: Spanned,
) -> Places:
    """Where gateways are, of those that their `clusters` choose.

    East-west gateways: where workspaces span that name them. The others are in each chosen cluster, also before
    anything is published; if `clusters` is absent, ingress gateways are in the workload clusters that the workspaces of
    their hosts span, and edge gateways in the clusters of role `edge`.
    """
    workspaces = {workspace.name: workspace for workspace in fleet.workspaces}
    places: Places = {cluster.name: {} for cluster in fleet.clusters}
    for workspace in fleet.workspaces:
        inline = workspace.east_west_gateway
        if inline is None:
            continue
        key = (inline.namespace, inline.name)
        for cluster in fleet.clusters if gateways[key].role == "eastWest" else ():
            if cluster.name in spanned[workspace.name] and selects(gateways[key].clusters, cluster):
                places[cluster.name].setdefault(key, []).append(workspace)
    for key, gateway in gateways.items():
        if gateway.role == "eastWest":
            continue
        using = list({id(each): each for each in _workspaces(behind.get(key, ()), workspaces)}.values())
        for cluster in fleet.clusters:
            here = [each for each in using if cluster.name in spanned[each.name]]
            if _holds(gateway, cluster, here):
                places[cluster.name][key] = using if gateway.role == "edge" else here
    return {cluster: dict(sorted(found.items())) for cluster, found in places.items()}


def _workspaces(hosts: list[PublishedHost] | tuple[()], workspaces: Mapping[str, Workspace]) -> Iterator[Workspace]:
    return (workspaces[host.workspace] for host in hosts if host.workspace in workspaces)


def _holds(gateway: GatewaySettings, cluster: Cluster, here: list[Workspace]) -> bool:
    """Whether an edge or ingress gateway is in a cluster that the workspaces `here` span."""
    if gateway.clusters is not None:
        return selects(gateway.clusters, cluster)
    return cluster.role == "edge" if gateway.role == "edge" else cluster.role == "workload" and bool(here)


def observed_gateways(fleet: Fleet) -> dict[str, dict[GatewayKey, ObservedGateway]]:
    """Cluster → what its inventory says about gateways."""
    return {
        cluster.name: {
            (gateway.namespace, gateway.name): gateway
            for inventory in [fleet.inventories.get(cluster.name)]
            if inventory is not None
            for gateway in inventory.gateways
        }
        for cluster in fleet.clusters
    }
