"""Networks: traffic never goes in circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.analysis.gateways import NO_NETWORK_VIEW
from meshgen.check.networks import made_up_networks, unknown_networks
from meshgen.check.places import gateway_object, gateway_place, network_place, notes
from meshgen.check.rule import Finding, Rule
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context


def network_unknown(context: Context) -> Iterator[Finding]:
    """Find clusters with a gateway and an unknown network, on platforms where nobody else knows it.

    Without `ISTIO_META_REQUESTED_NETWORK_VIEW` the gateway balances onto the remote endpoints of its own cluster, and
    traffic goes in circles (Istio: pilot/pkg/model/proxy_view.go, pilot/pkg/xds/endpoints/ep_filters.go).

    A gateway of its own mesh needs the name of the cluster's network (design §2).
    """
    relations = context.relations
    if not platform(relations.fleet.spec.platform).needs_network:
        return
    for cluster in unknown_networks(relations):
        yield Finding(
            message=f"the network of cluster `{cluster.name}` is unknown, so its gateway could send traffic in circles",
            span=cluster.span("name"),
            help='Set `network` to the label `topology.istio.io/network` of its root namespace, or to `""` if there is '
            "none.",
            object=f"cluster/{cluster.name}",
        )


def no_network_view(context: Context) -> Iterator[Finding]:
    """Find clusters with a gateway and an unknown network, on platforms that may know it themselves.

    Only our entries need the view (Istio: pilot/pkg/model/proxy_view.go).

    A gateway without a known network gets no network view (design §2).
    """
    relations = context.relations
    fleet = relations.fleet
    if platform(fleet.spec.platform).needs_network or not own_entries(fleet):
        return
    for cluster in unknown_networks(relations):
        yield Finding(
            message=f"the network of cluster `{cluster.name}` is unknown, so its gateway gets no network view",
            span=cluster.span("name"),
            help='Set `network` to the label `topology.istio.io/network` of `istio-system`, or to `""` if there is '
            "none: without a view traffic can go in circles.",
            object=f"cluster/{cluster.name}",
        )


def network_taken(context: Context) -> Iterator[Finding]:
    """Find clusters whose network has the name that meshgen gives to a remote gateway.

    Their gateways' network view would let remote endpoints in, and istiod could replace addresses.

    Made-up networks differ from all real ones (Istio: pilot/pkg/model/network.go).
    """
    relations = context.relations
    made_up = made_up_networks(relations)
    for cluster in relations.fleet.clusters:
        network = relations.facts[cluster.name].network
        if not network or network not in made_up:
            continue
        source, key = made_up[network]
        yield Finding(
            message=f"network `{network}` of cluster `{cluster.name}` is also meshgen's name for the gateway "
            f"`{key[1]}` of cluster `{source}`",
            span=network_place(relations, cluster.name),
            help="Give the cluster's network a name that does not start with `meshgen-`.",
            notes=notes((gateway_place(relations, source, key), "the gateway is here")),
            object=f"cluster/{cluster.name}",
        )


def foreign_gateway_without_network_view(context: Context) -> Iterator[Finding]:
    """Find gateways with `managed: false` that would send traffic on to the remote endpoints of their own cluster.

    In a mesh without network names any view does that is nobody's network: local endpoints always pass.

    A gateway that somebody else runs needs the network view too (Istio: pilot/pkg/model/proxy_view.go).
    """
    relations = context.relations
    made_up = made_up_networks(relations)
    for cluster, gateways in relations.gateway_places.items():
        network = relations.facts[cluster].network
        for key in gateways:
            if relations.gateways[key].managed or not relations.gateway_setups[cluster][key].local:
                continue
            if relations.gateways[key].role == "eastWest" and not own_entries(relations.fleet):
                continue
            observed = relations.observed_gateways[cluster].get(key)
            view = observed.network_view if observed else None
            if view and (view == network or (not network and view not in made_up)):
                continue
            shown = "not known" if view is None else f"`{view}`" if view else "empty"
            wanted = f"`{network}`" if network else "the cluster's network" if network is None else "any unused name"
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` is not managed, and its network view is "
                f"{shown}, so traffic could go in circles",
                span=gateway_place(relations, cluster, key),
                help=f"Set ISTIO_META_REQUESTED_NETWORK_VIEW of its pods to {wanted}, and `networkView` in the "
                "inventory.",
                notes=notes((network_place(relations, cluster), f"the network is `{network}`")) if network else (),
                object=gateway_object(cluster, key),
            )


def foreign_gateway_with_network_view(context: Context) -> Iterator[Finding]:
    """Find gateways with `managed: false` to which users come and that see their own network only.

    Nobody sends on from there: where the cluster's own copies die, users lose what other clusters have (tried in the
    lab; pilot/pkg/model/proxy_view.go).
    """
    relations = context.relations
    for cluster, gateways in relations.gateway_places.items():
        for key in gateways:
            observed = relations.observed_gateways[cluster].get(key)
            if relations.gateways[key].managed or "users" not in relations.comers(key):
                continue
            if observed is None or not observed.network_view:
                continue
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` is not managed and sees network "
                f"`{observed.network_view}` only, so it sends its users to no other cluster",
                span=observed.span("networkView"),
                help="Remove ISTIO_META_REQUESTED_NETWORK_VIEW from its pods, and `networkView` from the inventory.",
                notes=notes((relations.gateways[key].span("managed"), "somebody else runs it")),
                object=gateway_object(cluster, key),
            )


def network_view_not_synced(context: Context) -> Iterator[Finding]:
    """Find gateways whose pods were seen with another network view than the one that is emitted for them.

    A managed gateway runs with the network view that meshgen emits, one to which users come without any (Istio:
    pilot/pkg/model/proxy_view.go).
    """
    relations = context.relations
    for cluster, gateways in relations.gateway_places.items():
        network = relations.facts[cluster].network
        for key in gateways:
            observed = relations.observed_gateways[cluster].get(key)
            local = relations.gateway_setups[cluster][key].local
            east_west = relations.gateways[key].role == "eastWest"
            if (east_west and not own_entries(relations.fleet)) or not relations.gateways[key].managed:
                continue
            if observed is None or observed.network_view is None or (local and network is None):
                continue
            wanted = (network or NO_NETWORK_VIEW) if local else ""
            if observed.network_view == wanted:
                continue
            shown = observed.network_view or '""'
            gets = f"`{wanted}`" if wanted else "none"
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` ran with the network view `{shown}`, but gets "
                f"{gets}",
                span=observed.span("networkView"),
                help="Check the cluster's `network`; if it is right, sync the gateway before others get entries."
                if local
                else "Sync the gateway, and import the inventory again: until then it sends nobody to other clusters.",
                notes=notes((network_place(relations, cluster), "the network is here")) if local else (),
                object=gateway_object(cluster, key),
            )


RULES = (
    Rule("MG302", "error", "network unknown", "0.1", network_unknown),
    Rule("MG303", "warning", "no network view", "0.1", no_network_view),
    Rule("MG304", "error", "a network with a made-up name", "0.1", network_taken),
    Rule("MG308", "error", "a foreign gateway without a network view", "0.1", foreign_gateway_without_network_view),
    Rule("MG488", "warning", "a foreign gateway with a network view", "0.1", foreign_gateway_with_network_view),
    Rule("MG309", "warning", "a network view that is not synced", "0.1", network_view_not_synced),
)
