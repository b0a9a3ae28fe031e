"""Edge and ingress gateways: where they are, whom they serve, and what falls with one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.gateway_places import taken_ports
from meshgen.analysis.gateways import gateway_pods
from meshgen.analysis.hosts import covers
from meshgen.check.places import gateway_object, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.several import NAMES
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.analysis.relations import Relations
    from meshgen.check.context import Context
    from meshgen.language.foreign import ObservedServer
    from meshgen.language.published_host import PublishedHost


def edge_gateway_nowhere(context: Context) -> Iterator[Finding]:
    """Find edge gateways without `clusters` in fleets without a cluster of role `edge`: they would be nowhere.

    Which cluster takes the traffic of users is for people to say (design §3).
    """
    relations = context.relations
    if any(cluster.role == "edge" for cluster in relations.fleet.clusters):
        return
    for gateway in relations.fleet.gateways:
        if gateway.role == "edge" and gateway.clusters is None:
            yield Finding(
                message=f"edge gateway `{gateway.name}` of namespace `{gateway.namespace}` is in no cluster: none has "
                "role `edge`",
                span=gateway.span("name"),
                help="Choose its clusters with `clusters`; they may be workload clusters, too.",
                object=f"gateway/{gateway.name}",
            )


def published_nowhere(context: Context) -> Iterator[Finding]:
    """Find published hosts behind gateways whose `clusters` choose no cluster: nobody would get in, or on.

    An edge gateway without `clusters` is MG480.
    """
    for published in context.published:
        host = published.setting
        for field, reference, found in (
            ("edgeGateway", host.edge_gateway, published.edge_gateways),
            ("ingressGateway", host.ingress_gateway, published.ingress_gateways),
        ):
            if reference is None or found:
                continue
            gateway = context.relations.gateways.get((reference.namespace, reference.name))
            if gateway is None or gateway.role != field.removesuffix("Gateway") or gateway.clusters is None:
                continue  # MG210, MG211
            yield Finding(
                message=f"published host `{host.name}` is behind {gateway.role} gateway `{gateway.name}`, which is in "
                "no cluster",
                span=host.span(field),
                help="Correct `clusters` of the gateway.",
                notes=notes((gateway.span("clusters"), "these choose none")),
                object=published.object,
            )


def ingress_gateway_of_both_sorts(context: Context) -> Iterator[Finding]:
    """Find ingress gateways with hosts behind an edge gateway and hosts without one.

    Behind an edge it serves from its own cluster only, else requests go in circles; without one it has to send on to
    others. The network view that decides it is its pods', and the same for all hosts (pilot/pkg/model/proxy_view.go).
    """
    relations = context.relations
    for key, hosts in relations.published_behind.items():
        gateway = relations.gateways.get(key)
        if gateway is None or gateway.role != "ingress":
            continue
        behind = [host for host in hosts if host.edge_gateway is not None]
        alone = [host for host in hosts if host.edge_gateway is None]
        if not behind or not alone:
            continue
        yield Finding(
            message=f"ingress gateway `{gateway.name}` publishes {listed(host.hostname for host in behind)} behind an "
            f"edge gateway, and {listed(host.hostname for host in alone)} without one",
            span=alone[0].span("ingressGateway"),
            help="Declare a second ingress gateway for those without an edge gateway, or give them one.",
            notes=notes((behind[0].span("edgeGateway"), f"`{behind[0].hostname}` is behind an edge gateway")),
            object=f"gateway/{gateway.name}",
        )


def edge_without_workloads(context: Context) -> Iterator[Finding]:
    """Find edge gateways in a region without a workload cluster.

    An entry point's health check covers the clusters of its own region and none beyond, so that one that lost all of
    its own is taken out of DNS; there it would cover nothing (design §3).
    """
    relations = context.relations
    regions = {cluster.region for cluster in relations.fleet.clusters if cluster.role == "workload"}
    for cluster, gateways in relations.gateway_places.items():
        item = relations.cluster(cluster)
        if item.region in regions:
            continue
        for key in gateways:
            if relations.gateways[key].role == "edge":
                yield Finding(
                    message=f"edge gateway `{key[1]}` is in cluster `{cluster}`, in whose region "
                    f"{f'`{item.region}`' if item.region else '(unknown)'} there is no workload cluster",
                    span=item.span("region") if item.region else item.span("name"),
                    help="Put it into a region of workload clusters: its health check covers these, and would cover "
                    "none.",
                    notes=notes((relations.gateways[key].span("name"), "the gateway is here")),
                    object=gateway_object(cluster, key),
                )


def single_place(context: Context) -> Iterator[Finding]:
    """Find edge and ingress gateways in one cluster or one zone only, with what falls with it.

    Nothing takes over where the only place of a gateway fails (design §3).
    """
    relations = context.relations
    for key, hosts in relations.published_behind.items():
        gateway = relations.gateways.get(key)
        places = [] if gateway is None or gateway.role == "eastWest" else _places(relations, key)
        if gateway is None or not places:
            continue
        clusters = [relations.cluster(name) for name in places]
        zones = {zone for cluster in clusters for zone in cluster.zones}
        if len(places) == 1:
            where, span = f"cluster `{places[0]}`", clusters[0].span("name")
            several, named = f"gateways {NAMES} are in one cluster each", f"`{key[1]}` in `{places[0]}`"
        elif len(zones) == 1 and all(cluster.zones for cluster in clusters):
            where, span = f"zone `{next(iter(zones))}`", clusters[0].span("zones")
            several, named = f"gateways {NAMES} are in one zone each", f"`{key[1]}` in `{next(iter(zones))}`"
        else:
            continue
        yield Finding(
            message=f"gateway `{key[1]}` of role `{gateway.role}` is in {where} only: if it fails, nobody reaches "
            f"{_falls(hosts)}",
            span=gateway.span("name"),
            help="Let its `clusters` choose another one, or accept this.",
            notes=notes((span, "its only place")),
            object=f"gateway/{gateway.name}",
            cause=Cause(
                f"{several}: if it fails, nobody reaches what is published there",
                f"fleet/{relations.fleet.name}",
                named,
                "its only place",
            ),
        )


def single_pod(context: Context) -> Iterator[Finding]:
    """Find edge and ingress gateways that run as a single pod, with what falls with it.

    A pod ends with its node, with every drain of it and every roll-out of another version (design §3).
    """
    relations = context.relations
    for cluster, setups in relations.gateway_setups.items():
        for key, setup in setups.items():
            gateway, hosts = relations.gateways[key], relations.published_behind.get(key, [])
            if gateway.role == "eastWest" or not gateway.managed or not hosts or setup.drain is not None:
                continue
            if (setup.autoscaling.min_replicas if setup.autoscaling is not None else setup.replicas) != 1:
                continue
            yield Finding(
                message=f"gateway `{key[1]}` of role `{gateway.role}` runs as one pod in cluster `{cluster}`: if its "
                f"node fails, nobody reaches {_falls(hosts)} there",
                span=gateway.span("name"),
                help="Raise `replicas`, or `minReplicas` of its autoscaler, to 2 or more.",
                object=gateway_object(cluster, key),
                cause=Cause(
                    f"gateways {NAMES} run as one pod: if its node fails, nobody reaches what is published there",
                    f"fleet/{relations.fleet.name}",
                    f"`{key[1]}` of cluster `{cluster}`",
                    "a single pod",
                ),
            )


def _places(relations: Relations, key: GatewayKey) -> list[str]:
    """The clusters in which a gateway is and does not drain."""
    return [
        cluster
        for cluster, setups in relations.gateway_setups.items()
        if (setup := setups.get(key)) is not None and setup.drain is None
    ]


def _falls(hosts: list[PublishedHost]) -> str:
    return listed(dict.fromkeys(host.hostname for host in hosts))


def published_by_others(context: Context) -> Iterator[Finding]:
    """Find Gateways of others that have a published host on a port of the pods that publish it.

    Of two servers for one host on a port the older Gateway's counts; a wildcard of theirs comes after the host itself
    (Istio: pilot/pkg/model/gateway.go, checkDuplicates).
    """
    relations = context.relations
    if platform(relations.fleet.spec.platform).lists_exposure == "declared":
        return  # the control plane writes its own Gateways
    for cluster, setups in relations.gateway_setups.items():
        inventory = relations.inventory(cluster)
        scoped = inventory is not None and inventory.istio is not None and bool(inventory.istio.gateways_of_namespace)
        for theirs in inventory.istio_gateways if inventory else ():
            for key in setups:
                gateway = relations.gateways[key]
                if (scoped and theirs.namespace != key[0]) or not covers(theirs.selector, gateway_pods(gateway)):
                    continue
                for index, server in enumerate(theirs.servers):
                    taken = _taken(relations, cluster, key, server)
                    if taken:
                        yield Finding(
                            message=f"Gateway `{theirs.name}` of namespace `{theirs.namespace}` is for the pods and "
                            f"port {server.port} of gateway `{key[1]}` in cluster `{cluster}`, and takes "
                            f"{_falls(taken)}",
                            span=theirs.span("servers", index, "hosts"),
                            help=f"Delete the server, or give `{theirs.name}` a selector that only its own pods have.",
                            notes=notes((taken[0].span("name"), "published here")),
                            object=gateway_object(cluster, key),
                        )


def _taken(relations: Relations, cluster: str, key: GatewayKey, server: ObservedServer) -> list[PublishedHost]:
    """The hosts behind a gateway that a server of others would take from it."""
    if server.bind:
        return []
    names = {pattern.rpartition("/")[2] for pattern in server.hosts}
    gateway, ports = relations.gateways[key], relations.reaches[cluster][key].ports
    return [
        host
        for host in relations.published_behind.get(key, ())
        if host.hostname in names and any(ports[name].service == server.port for name in taken_ports(gateway, [host]))
    ]


RULES = (
    Rule("MG480", "error", "an edge gateway in no cluster", "0.1", edge_gateway_nowhere),
    Rule("MG818", "error", "a published host behind a gateway of no cluster", "0.1", published_nowhere),
    Rule("MG484", "error", "an ingress gateway for two sorts of hosts", "0.1", ingress_gateway_of_both_sorts),
    Rule("MG485", "error", "an edge gateway far from all workloads", "0.1", edge_without_workloads),
    Rule("MG482", "warning", "a gateway in a single place", "0.1", single_place),
    Rule("MG486", "warning", "a gateway of a single pod", "0.1", single_pod),
    Rule("MG487", "error", "a Gateway of others on a published host", "0.1", published_by_others),
)
