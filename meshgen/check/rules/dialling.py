"""Whether what a gateway is known by can be dialled from the clusters that call through it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from meshgen.analysis.addresses import FAMILIES, parse
from meshgen.analysis.routes import dialled
from meshgen.check.places import gateway_object, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.several import NAMES
from meshgen.language.inventory import ObservedGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey, GatewayReach
    from meshgen.check.context import Context


def family_lacking(context: Context) -> Iterator[Finding]:
    """Find gateways with no address of a family that a consumer can dial: it would get no endpoint of them.

    One finding for each gateway. An IPv4-only cluster cannot open a connection to an IPv6 address, nor the other way.
    """
    relations = context.relations
    lost: dict[tuple[str, GatewayKey], dict[str, None]] = {}
    for source, key, clusters in dialled(relations):
        reach = relations.reaches[source][key]
        for consumer in clusters if reach.known else ():
            if not reach.usable(relations.facts[consumer].families):
                lost.setdefault((source, key), {})[consumer] = None
    for (source, key), names in lost.items():
        consumers = list(names)
        reach = relations.reaches[source][key]
        families = relations.facts[consumers[0]].families or ()
        yield Finding(
            message=f"gateway `{key[1]}` of cluster `{source}` has no address that {listed(consumers)} can dial: "
            f"{'it has' if len(consumers) == 1 else 'they have'} "
            f"{' and '.join(name for name, version in FAMILIES.items() if version in families)} only",
            span=reach.span("addresses"),
            help="Give its load balancer addresses of that family, or correct `ipFamilies` of the cluster that calls.",
            notes=notes((relations.cluster(consumers[0]).span("ipFamilies"), f"cluster `{consumers[0]}` is here")),
            object=gateway_object(source, key),
        )


def family_unknown(context: Context) -> Iterator[Finding]:
    """Find clusters of which nothing says which of a gateway's addresses of both families they can dial.

    They get all; those of the other family never answer, and each costs its callers a connect timeout.
    """
    relations = context.relations
    found: dict[str, tuple[str, GatewayKey]] = {}
    for source, key, clusters in dialled(relations):
        reach = relations.reaches[source][key]
        if len({address.version for text in reach.addresses if (address := parse(text))}) > 1:
            for consumer in clusters:
                if relations.facts[consumer].families is None:
                    found.setdefault(consumer, (source, key))
    for consumer, (source, key) in found.items():
        place = relations.reaches[source][key].span("addresses")
        yield Finding(
            message=f"gateway `{key[1]}` of cluster `{source}` has IPv4 and IPv6 addresses, and nothing says which of "
            f"them cluster `{consumer}` can dial: it gets both",
            span=relations.cluster(consumer).span("name"),
            help="Import its Nodes or Services, which say it, or state `ipFamilies` of the cluster.",
            notes=notes((place, "addresses of both families")),
            object=f"cluster/{consumer}",
            cause=Cause(
                f"gateways have IPv4 and IPv6 addresses, and nothing says which of them clusters {NAMES} can dial: "
                "they get both",
                f"fleet/{relations.fleet.name}",
                f"`{consumer}`",
                "its families are unknown",
            ),
        )


_PRIVATE = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""RFC 1918, RFC 6598 and RFC 4193; not `is_private`, which holds documentation's ranges too."""


def private_among_public(context: Context) -> Iterator[Finding]:
    """Find gateways that show private addresses only, where gateways of other clusters show public ones.

    A load balancer behind NAT shows the address on its own side, which nobody else can dial.
    """
    relations = context.relations
    private: dict[tuple[str, GatewayKey], GatewayReach] = {}
    public: dict[str, GatewayReach] = {}
    for source, key, _ in dialled(relations):
        reach = relations.reaches[source][key]
        if not reach.addresses:
            continue
        if not all(_is_private(text) for text in reach.addresses):
            public.setdefault(source, reach)
        elif isinstance(reach.shown_by, ObservedGateway):
            private[source, key] = reach
    for (source, key), reach in private.items():
        other = next((name for name in public if name != source), None)
        if other is None:
            continue
        yield Finding(
            message=f"gateway `{key[1]}` of cluster `{source}` shows private addresses, as `{reach.addresses[0]}`, "
            f"and one of `{other}` shows public ones: behind NAT nobody reaches it there",
            span=reach.span("addresses", 0),
            help="Write what others dial as `advertised` into the gateway's `overrides`, or accept this where the "
            "clusters' networks are joined.",
            notes=notes((public[other].span("addresses", 0), f"cluster `{other}` is reached here")),
            object=gateway_object(source, key),
            cause=Cause(
                f"gateways {NAMES} show private addresses, and one of `{other}` shows public ones: behind NAT nobody "
                "reaches them there",
                f"fleet/{relations.fleet.name}",
                f"`{key[1]}` of cluster `{source}`",
                "private addresses",
            ),
        )


def nodes_without_pods(context: Context) -> Iterator[Finding]:
    """Find gateways whose addresses are nodes', of which only those answer that run one of its pods.

    Nobody knows from a fleet which these are, and a pod that moves takes the answer with it.

    Source: `externalTrafficPolicy: Local` of a Service of type NodePort (kube-proxy drops what reaches other nodes).
    """
    relations = context.relations
    seen: set[tuple[str, GatewayKey]] = set()
    for source, key, _ in dialled(relations):
        shown = relations.reaches[source][key].shown_by
        if (source, key) in seen or not isinstance(shown, ObservedGateway) or not shown.addresses:
            continue
        seen.add((source, key))
        if shown.external_traffic_policy != "Local":
            continue
        yield Finding(
            message=f"gateway `{key[1]}` of cluster `{source}` is reached at its nodes, of which only those answer "
            "that run one of its pods (`externalTrafficPolicy: Local`)",
            span=shown.span("externalTrafficPolicy"),
            help="Set `externalTrafficPolicy: Cluster` on its Service and import it again, or choose the nodes that "
            "always run one by the annotation `traffic.istio.io/nodeSelector`, then accept this.",
            object=gateway_object(source, key),
        )


def _is_private(text: str) -> bool:
    address = parse(text)
    return address is not None and any(address in each for each in _PRIVATE)


RULES = (
    Rule("MG422", "error", "no address of a family that a consumer has", "0.1", family_lacking),
    Rule("MG426", "warning", "which family a consumer dials is unknown", "0.1", family_unknown),
    Rule("MG449", "warning", "nodes that do not answer for a gateway", "0.1", nodes_without_pods),
    Rule("MG427", "hint", "private addresses beside public ones", "0.1", private_among_public),
)
