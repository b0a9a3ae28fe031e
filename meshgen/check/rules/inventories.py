"""Inventories: each cluster has one, and it agrees with itself and with the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import parse_version
from meshgen.check.places import notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.cluster import Cluster
    from meshgen.language.inventory import Inventory, ObservedService


def cluster_without_inventory(context: Context) -> Iterator[Finding]:
    """Find clusters of which nothing was observed: whether they have a service decides what they get.

    A declared cluster needs an Inventory, an empty one is fine (design §3).
    """
    relations = context.relations
    renamed = _renamed(relations)
    for cluster in relations.fleet.clusters:
        if relations.inventory(cluster.name) is None:
            yield Finding(
                message=f"cluster `{cluster.name}` has no inventory",
                span=cluster.span("name"),
                notes=notes((renamed.span("name"), "no cluster has this one")) if renamed else (),
                help=f"Give both one name if the inventory of `{renamed.name}` is meant; else write one with `meshgen "
                f"inventory import --cluster {cluster.name}`."
                if renamed
                else f"Write one with `meshgen inventory import --cluster {cluster.name}` from its manifests, or an "
                f"Inventory named `{cluster.name}` with `spec: {{}}` if it has nothing yet.",
                object=f"cluster/{cluster.name}",
            )


def inventory_of_unknown_cluster(context: Context) -> Iterator[Finding]:
    """Find inventories that nothing reads because no cluster has their name.

    An Inventory belongs to a declared cluster (design §2). Silent where one cluster lacks one, which MG201 tells.
    """
    relations = context.relations
    if _renamed(relations) is not None:
        return
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    for name, inventory in relations.fleet.inventories.items():
        if name not in clusters:
            advice = did_you_mean(near(name, clusters)) or "Declare the cluster, or delete its inventory."
            yield Finding(
                message=f"the inventory of cluster `{name}` is not used, since the fleet has no such cluster",
                span=inventory.span("name"),
                help=advice,
                object=f"cluster/{name}",
            )


def _renamed(relations: Relations) -> Inventory | None:
    """The inventory that no cluster has, where one cluster has none: the same cluster, renamed in one place only."""
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    inventories = relations.fleet.inventories
    left = [inventory for name, inventory in inventories.items() if name not in clusters]
    return left[0] if len(left) == 1 and len(clusters - set(inventories)) == 1 else None


def namespace_not_in_inventory(context: Context) -> Iterator[Finding]:
    """Find Services of namespaces that their inventory does not list: no workspace would have them.

    Workspaces span the namespaces that an inventory lists, not those that its Services name (design §3).
    """
    relations = context.relations
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        if inventory is None:
            continue
        listed = {item.name for item in inventory.namespaces}
        first: dict[str, ObservedService] = {}
        for service in inventory.services:
            if service.namespace not in listed:
                first.setdefault(service.namespace, service)
        for namespace, service in first.items():
            yield Finding(
                message=f"the inventory of cluster `{cluster.name}` has Services of namespace `{namespace}`, "
                "but does not list the namespace",
                span=service.span("namespace"),
                help=f"Add `{{name: {namespace}}}` to its `namespaces`.",
                object=f"{cluster.name}/{namespace}",
            )


_KINDS = {
    "services": "Service",
    "gateways": "gateway",
    "destination_rules": "DestinationRule",
    "virtual_services": "VirtualService",
    "service_entries": "ServiceEntry",
    "sidecars": "Sidecar",
    "peer_authentications": "PeerAuthentication",
    "istio_gateways": "Gateway",
}


def inventory_item_twice(context: Context) -> Iterator[Finding]:
    """Find what stands twice in an inventory: only one of the two would be used.

    Kubernetes has one object of a kind, namespace and name, and one port of a name and of a number in a Service.

    Source: Kubernetes' ValidateService (names of ports, and port with protocol, are unique); design §2.
    """
    for cluster, inventory in context.relations.fleet.inventories.items():
        seen: dict[str, Span | None] = {}
        for text, span, named in (*_objects(cluster, inventory), *_ports(cluster, inventory)):
            if text not in seen:
                seen[text] = span
                continue
            yield Finding(
                message=f"{text} stands twice in the inventory of cluster `{cluster}`",
                span=span,
                help="Keep the one that the cluster has.",
                notes=notes((seen[text], "the first one is here")),
                object=named,
            )


def _objects(cluster: str, inventory: Inventory) -> Iterator[tuple[str, Span | None, str]]:
    """Every namespace and object: how a finding calls it, where it stands, its logical name."""
    for namespace in inventory.namespaces:
        yield f"namespace `{namespace.name}`", namespace.span("name"), f"{cluster}/{namespace.name}"
    for field, kind in _KINDS.items():
        for item in getattr(inventory, field):
            called = getattr(item, "kind", kind)
            named = f"{cluster}/{item.namespace}/{item.name}"
            yield f"{called} `{item.name}` of namespace `{item.namespace}`", item.span("name"), named


def _ports(cluster: str, inventory: Inventory) -> Iterator[tuple[str, Span | None, str]]:
    """Every name of a port, and every number with its protocol."""
    for service in inventory.services:
        of = f"of Service `{service.name}` in namespace `{service.namespace}`"
        named = f"{cluster}/{service.namespace}/{service.name}"
        for port in service.ports:
            if port.name is not None:
                yield f"port name `{port.name}` {of}", port.span("name"), named
            yield f"port {port.port} ({port.protocol}) {of}", port.span("port"), named


_STATED = {
    "version": "version",
    "revision": "revision",
    "network": "network",
    "trust_domain": "trustDomain",
    "dns_capture": "dnsCapture",
}


def declared_is_not_observed(context: Context) -> Iterator[Finding]:
    """Find facts that the fleet and an inventory state differently; a version may be given in fewer numbers.

    What the fleet declares of a cluster and what its inventory observed agree (design §2).
    """
    relations = context.relations
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        if inventory is None or inventory.istio is None:
            continue
        for name, key in _STATED.items():
            observed = getattr(inventory.istio, name)
            declared, span = _declared(relations, cluster, name, key)
            if observed is None or declared is None or _agree(name, declared, observed):
                continue
            yield Finding(
                message=f"`{key}` of cluster `{cluster.name}` is declared as {_shown(declared)}, but its inventory has "
                f"{_shown(observed)}",
                span=span,
                help="Correct the one that is wrong; the declaration can also be left out.",
                notes=notes((inventory.istio.span(key), "the inventory says it here")),
                object=f"cluster/{cluster.name}",
            )


def _declared(relations: Relations, cluster: Cluster, name: str, key: str) -> tuple[object, Span | None]:
    spec = relations.fleet.spec
    if name == "network":
        return cluster.network, cluster.span(key)
    if name == "trust_domain":
        if cluster.trust_domain is not None:
            return cluster.trust_domain, cluster.span(key)
        return (spec.trust_domain, spec.span(key)) if name in spec.model_fields_set else (None, None)
    for istio in (cluster.istio, spec.istio):
        if istio is not None and getattr(istio, name) is not None:
            return getattr(istio, name), istio.span(key)
    return None, None


def _agree(name: str, declared: object, observed: object) -> bool:
    if name == "version":
        return all(a == b for a, b in zip(parse_version(str(declared)), parse_version(str(observed)), strict=False))
    return declared == observed


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value else '`""`'


RULES = (
    Rule("MG201", "error", "a cluster without an inventory", "0.1", cluster_without_inventory),
    Rule("MG202", "warning", "an inventory of an unknown cluster", "0.1", inventory_of_unknown_cluster),
    Rule("MG226", "error", "a namespace that the inventory does not list", "0.1", namespace_not_in_inventory),
    Rule("MG227", "error", "an item that stands twice in an inventory", "0.1", inventory_item_twice),
    Rule("MG305", "error", "declared is not observed", "0.1", declared_is_not_observed),
)
