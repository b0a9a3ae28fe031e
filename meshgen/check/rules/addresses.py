"""Addresses at which gateways are reached, and ranges of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import normal, parse, parse_range
from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.routes import dialled, routes
from meshgen.check.places import declared_gateways, gateway_object, listed, network_place, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.near import near
from meshgen.diagnostics.several import NAMES
from meshgen.language.gateway import Advertised
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey, GatewayReach
    from meshgen.analysis.relations import Relations
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.gateway import GatewayOverride, GatewaySettings
    from meshgen.language.inventory import ObservedGateway


def gateway_address_unknown(context: Context) -> Iterator[Finding]:
    """Find gateways without an address that somebody would be sent to, which is normal before the first sync.

    Consumers and edge gateways get endpoints, and DNS gets records, once the gateway's address is known (design §3).
    """
    relations = context.relations
    for cluster, gateways in relations.gateway_places.items():
        inventory = relations.inventory(cluster)
        if inventory is None:
            continue
        for key, workspaces in gateways.items():
            observed = relations.observed_gateways[cluster].get(key)
            lost = _without_address(relations, key)
            drains = relations.gateway_setups[cluster][key].drain is not None
            if lost is None or drains or relations.reaches[cluster][key].known:
                continue
            name, settings = key[1], relations.gateways[key]
            others = [other for other in relations.observed_gateways[cluster] if other not in gateways]
            alike = near(name, {other[1] for other in others})
            meant = [other for other in others if other[1] == name] or [
                other for other in others if other[0] == key[0] and other[1] in alike
            ]
            inline = (w.east_west_gateway for w in workspaces if settings.role == "eastWest")
            yield Finding(
                message=f"the address of gateway `{name}` in cluster `{cluster}` is not known yet, so {lost}",
                span=next(filter(None, inline), settings).span("name"),
                help=f"The inventory has `{meant[0][0]}/{meant[0][1]}`: name that, if this gateway is meant."
                if observed is None and meant
                else _how_to_learn(relations, cluster, key),
                notes=notes(
                    (observed.span(), "the inventory has no address here")
                    if observed
                    else (inventory.span("name"), "the inventory that will have it")
                ),
                object=gateway_object(cluster, key),
            )


def _without_address(relations: Relations, key: GatewayKey) -> str | None:
    """What is lost while nobody knows where a gateway is; None: nothing of ours."""
    comers = relations.comers(key)
    if "clusters" in comers:
        return "other clusters get no entries for its services" if own_entries(relations.fleet) else None
    if "users" in comers:
        return "DNS cannot lead to it"
    if "edges" in comers and platform(relations.fleet.spec.platform).management == "none":
        return "edge gateways send nobody to it"
    return None


def _how_to_learn(relations: Relations, cluster: str, key: GatewayKey) -> str:
    namespace, name = key
    observed = relations.observed_gateways[cluster].get(key)
    service = relations.services[cluster].get(ServiceName(namespace, name))
    if not relations.gateways[key].managed and service is not None and service.type == "ClusterIP":
        return (
            "Its Service is of type ClusterIP, which has no address outside: write `advertised` into its `overrides`, "
            "with what leads to its pods."
        )
    if observed is not None and any(port.node_port for port in observed.ports):
        return (
            f"It is reached at the nodes: run `(kubectl get service {name} -n {namespace} -o yaml; echo ---; "
            f"kubectl get nodes -o yaml) | meshgen inventory import --cluster {cluster} -`, or write `advertised` into "
            "its `overrides` where nodes have no external address."
        )
    return (
        f"Once its load balancer has one, run `kubectl get service {name} -n {namespace} -o yaml | "
        f"meshgen inventory import --cluster {cluster} -`."
    )


def address_of_two_gateways(context: Context) -> Iterator[Finding]:
    """Find two gateways with the same address or hostname and port: traffic for one would arrive at the other.

    One finding for each pair of gateways, at the first address that they share.

    Envoy keeps one endpoint for an address and port (istio#56355).
    """
    relations = context.relations
    seen: dict[tuple[str, int], tuple[str, GatewayKey, Span | None]] = {}
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            if relations.gateways[key].role == "eastWest" and not own_entries(relations.fleet):
                continue
            reach = relations.reaches[cluster][key]
            others = {(cluster, key)}
            for address, span, port in _dialled(reach):
                target = (normal(address), port)
                other_cluster, other, place = seen.setdefault(target, (cluster, key, span))
                if (other_cluster, other) in others:
                    continue
                others.add((other_cluster, other))
                yield Finding(
                    message=f"gateways `{other[1]}` of cluster `{other_cluster}` and `{key[1]}` of cluster `{cluster}` "
                    f"have the same {'address' if reach.addresses else 'hostname'} `{address}`",
                    span=span,
                    help="Correct the one that is wrong: an address and port belongs to one gateway.",
                    notes=notes((place, f"cluster `{other_cluster}` has it here")),
                    object=gateway_object(cluster, key),
                )


def _dialled(reach: GatewayReach) -> Iterator[tuple[str, Span | None, int]]:
    """The addresses of a gateway, else its hostname, where they stand, and its ports."""
    for port in sorted({port.dialled for port in reach.ports.values()}):
        for index, address in enumerate(reach.addresses):
            yield address, reach.span("addresses", index), port
        if reach.by_name is not None:
            yield reach.by_name, reach.span("hostname"), port


def _written(relations: Relations) -> Iterator[tuple[str, GatewayKey, ObservedGateway | Advertised]]:
    """Whatever has a list of addresses: gateways of inventories, of any role, and what the fleet advertises."""
    for cluster, gateways in relations.observed_gateways.items():
        for key, observed in gateways.items():
            yield cluster, key, observed
    for cluster, reaches in relations.reaches.items():
        for key, reach in reaches.items():
            if isinstance(reach.shown_by, Advertised):
                yield cluster, key, reach.shown_by


def address_twice(context: Context) -> Iterator[Finding]:
    """Find addresses that stand twice in the list of one gateway, in whatever spelling.

    Envoy keeps one endpoint for an address and port (istio#56355).
    """
    for cluster, key, written in _written(context.relations):
        seen: dict[str, int] = {}
        for index, address in enumerate(written.addresses):
            first = seen.setdefault(normal(address), index)
            if first == index:
                continue
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` has the address `{address}` twice",
                span=written.span("addresses", index),
                help="Remove the second one; the places of the others name WorkloadEntries.",
                notes=notes((written.span("addresses", first), "the first one is here")),
                object=gateway_object(cluster, key),
            )


def no_usable_address(context: Context) -> Iterator[Finding]:
    """Find gateway addresses that are DNS names, which istiod drops for Services, or that no cluster can reach.

    Endpoints have IP addresses that other clusters can reach (Istio: serviceregistry/serviceentry/conversion.go).
    """
    for cluster, key, written in _written(context.relations):
        for index, text in enumerate(written.addresses):
            problem, advice = _unusable(text)
            if problem:
                yield Finding(
                    message=f"address `{text}` of gateway `{key[1]}` in cluster `{cluster}` is {problem}",
                    span=written.span("addresses", index),
                    help=advice,
                    object=gateway_object(cluster, key),
                )


def _unusable(text: str) -> tuple[str, str]:
    address = parse(text)
    if address is None:
        return "no IP address", "A DNS name belongs into `hostname`; `addresses` has IP addresses only."
    kinds = {
        "unspecified": address.is_unspecified,
        "a loopback address": address.is_loopback,
        "link-local": address.is_link_local,
        "a multicast address": address.is_multicast,
    }
    problem = next((kind for kind, applies in kinds.items() if applies), "")
    return problem, "Write the address at which other clusters reach its load balancer."


def address_among_pods(context: Context) -> Iterator[Finding]:
    """Find gateway addresses inside the pod and node ranges of clusters whose pods dial them.

    One finding for each address, at the first range that it lies in.

    A proxy whose own address is that of an entry is taken for it (Istio: serviceregistry/util/workloadinstances).
    """
    relations = context.relations
    ranges = {
        cluster.name: [(i, parsed) for i, text in enumerate(cluster.pod_cidrs) if (parsed := parse_range(text))]
        for cluster in relations.fleet.clusters
    }
    inside: dict[tuple[str, GatewayKey, int], dict[str, int]] = {}
    for source, key, clusters in dialled(relations):
        addresses = relations.reaches[source][key].addresses
        ranged = [consumer for consumer in clusters if ranges[consumer]]
        for index, text in enumerate(addresses if ranged else ()):
            address = parse(text)
            for consumer in ranged:
                place = next((i for i, pods in ranges[consumer] if address is not None and address in pods), None)
                if place is not None:
                    inside.setdefault((source, key, index), {})[consumer] = place
    for (source, key, index), consumers in inside.items():
        reach = relations.reaches[source][key]
        first, place = next(iter(consumers.items()))
        calling = relations.cluster(first)
        yield Finding(
            message=f"address `{reach.addresses[index]}` of gateway `{key[1]}` in cluster `{source}` lies in "
            f"`{calling.pod_cidrs[place]}`, where {listed(consumers)} {'has' if len(consumers) == 1 else 'have'} pods",
            span=reach.span("addresses", index),
            help="Give the gateway an address outside of that range, or correct the range: a pod with that address "
            "would lose its Services.",
            notes=notes((calling.span("podCIDRs", place), f"`{first}` has its pods here")),
            object=gateway_object(source, key),
        )


def single_address(context: Context) -> Iterator[Finding]:
    """Find gateways that others know by one address only.

    With one address of a gateway there is nothing to move to when it fails (design §3).
    """
    relations = context.relations
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            reach = relations.reaches[cluster][key]
            if len(reach.addresses) != 1 or not relations.comers(key):
                continue
            users = "users" in relations.comers(key)
            lost = "users do not get in there" if users else "the cluster is out of reach"
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` has one address only: if it fails, {lost}",
                span=reach.span("addresses", 0),
                help="Give its load balancer an address in each zone, or accept this where it moves its address.",
                object=gateway_object(cluster, key),
                cause=Cause(
                    f"gateways {NAMES} have one address each: if it fails, "
                    f"{lost if users else 'their cluster is out of reach'}",
                    f"fleet/{relations.fleet.name}",
                    f"`{key[1]}` of cluster `{cluster}`",
                    "the only address",
                ),
            )


def hostname_only(context: Context) -> Iterator[Finding]:
    """Find gateways that are known by hostname only where meshgen's entries need an address.

    Tetrate's gateways are reached by address: entries with a DNS name do not work there (Tetrate's TSE guide).
    """
    relations = context.relations
    spec = relations.fleet.spec
    if platform(spec.platform).hostname_gateways or not own_entries(relations.fleet):
        return
    for cluster, gateways in relations.east_west_places.items():
        for key in gateways:
            reach = relations.reaches[cluster][key]
            if reach.by_name is None:
                continue
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` is known by hostname only, which platform "
                f"`{spec.platform}` cannot use",
                span=reach.span("hostname"),
                help="Give its load balancer fixed addresses and list them in `addresses`.",
                object=gateway_object(cluster, key),
            )


_VIA_GATEWAY = (1, 30)


def hostname_needs_network(context: Context) -> Iterator[Finding]:
    """Find gateways known by hostname only whose consumers have no network name of their own.

    istiod replaces entries without an address by the gateway of their network, for proxies of another network.

    A proxy without a network uses gateways of other networks only since 1.30 (Istio: xds/endpoints/ep_filters.go).
    """
    relations = context.relations
    if not platform(relations.fleet.spec.platform).hostname_gateways or not own_entries(relations.fleet):
        return
    lost: dict[tuple[str, GatewayKey], dict[str, None]] = {}
    for route in routes(relations):
        if route.exposures[0].reach.by_name is None:
            continue
        for consumer in route.consumers:
            facts = relations.facts[consumer]
            if not facts.network and facts.version < _VIA_GATEWAY:
                lost.setdefault((route.source, route.gateway), {})[consumer] = None
    for (cluster, key), names in lost.items():
        consumers = list(names)
        yield Finding(
            message=f"gateway `{key[1]}` of cluster `{cluster}` is known by hostname only, and of its consumers "
            f"{listed(consumers)} {'has' if len(consumers) == 1 else 'have'} no network name",
            span=relations.reaches[cluster][key].span("hostname"),
            help="List addresses of the gateway, or give the consumers a network name; from Istio 1.30 on none is "
            "needed.",
            notes=notes((network_place(relations, consumers[0]), f"cluster `{consumers[0]}` is here")),
            object=gateway_object(cluster, key),
        )


def no_gateway_api(context: Context) -> Iterator[Finding]:
    """Find consumers without the Gateway API that would reach gateways by hostname, one finding for each.

    The hostname stands in a Gateway of class `istio-remote`, whose kind nobody installs with Istio
    (pilot/pkg/serviceregistry/kube/controller/network.go).
    """
    relations = context.relations
    if not platform(relations.fleet.spec.platform).hostname_gateways or not own_entries(relations.fleet):
        return
    named: dict[str, dict[str, None]] = {}
    for route in routes(relations):
        if route.exposures[0].reach.by_name is None:
            continue
        for consumer in route.consumers:
            inventory = relations.inventory(consumer)
            if inventory is not None and inventory.istio is not None and inventory.istio.gateway_api is False:
                named.setdefault(consumer, {})[route.source] = None
    for consumer, sources in sorted(named.items()):
        istio = relations.fleet.inventories[consumer].istio
        yield Finding(
            message=f"cluster `{consumer}` lacks the Gateway API, by whose Gateways it would know the hostnames of the "
            f"gateways of {listed(sources)}",
            span=istio.span("gatewayAPI") if istio is not None else None,
            help="Install its CustomResourceDefinitions (gateway.networking.k8s.io) and import them, or give those "
            "gateways addresses.",
            object=f"cluster/{consumer}",
        )


_FEWEST_ADDRESSES = 4
"""Two addresses of a range are not for hosts."""


def no_range(context: Context) -> Iterator[Finding]:
    """Find `podCIDRs`, `vipRange` and source ranges that are no ranges, or too small a range for two hosts.

    Ranges are CIDRs, and a range of virtual addresses has room for hosts (design §2).
    """
    relations = context.relations
    for cluster in relations.fleet.clusters:
        for index, text in enumerate(cluster.pod_cidrs):
            if parse_range(text) is None:
                yield _no_range(
                    text, "no range of addresses", cluster.span("podCIDRs", index), f"cluster/{cluster.name}"
                )
    for gateway, named in declared_gateways(relations.fleet):
        levels: tuple[GatewaySettings | GatewayOverride, ...] = (gateway, *gateway.overrides)
        for item in levels:
            for index, text in enumerate(item.load_balancer_source_ranges or ()):
                if parse_range(text) is None:
                    yield _no_range(text, "no range of addresses", item.span("loadBalancerSourceRanges", index), named)
    owners = [(relations.fleet.spec.istio, f"fleet/{relations.fleet.name}")]
    owners += [(cluster.istio, f"cluster/{cluster.name}") for cluster in relations.fleet.clusters]
    for istio, named in owners:
        if istio is None or istio.vip_range is None:
            continue
        parsed = parse_range(istio.vip_range)
        problem = "no range of addresses" if parsed is None else "too small a range for virtual addresses"
        if parsed is None or parsed.num_addresses < _FEWEST_ADDRESSES:
            yield _no_range(istio.vip_range, problem, istio.span("vipRange"), named)


def _no_range(text: str, problem: str, span: Span | None, named: str) -> Finding:
    return Finding(
        message=f"`{text}` is {problem}",
        span=span,
        help="Write a CIDR such as `10.1.0.0/16`.",
        object=named,
    )


RULES = (
    Rule("MG311", "warning", "gateway address not known yet", "0.1", gateway_address_unknown),
    Rule("MG312", "error", "one address for two gateways", "0.1", address_of_two_gateways),
    Rule("MG313", "error", "the same address twice", "0.1", address_twice),
    Rule("MG314", "error", "no usable address", "0.1", no_usable_address),
    Rule("MG315", "error", "a gateway address among pods", "0.1", address_among_pods),
    Rule("MG316", "warning", "a single gateway address", "0.1", single_address),
    Rule("MG317", "error", "a gateway known by hostname only", "0.1", hostname_only),
    Rule("MG318", "error", "a hostname needs a network", "0.1", hostname_needs_network),
    Rule("MG425", "error", "no Gateway API for a hostname", "0.1", no_gateway_api),
    Rule("MG319", "error", "not a range of addresses", "0.1", no_range),
)
