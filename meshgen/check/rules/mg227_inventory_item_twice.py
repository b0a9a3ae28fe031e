"""Kubernetes has one object of a kind, namespace and name, and one port of a name and of a number in a Service.

Source: Kubernetes' ValidateService (names of ports, and port with protocol, are unique); design §2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.inventory import Inventory

_KINDS = {
    "services": "Service",
    "gateways": "gateway",
    "destination_rules": "DestinationRule",
    "virtual_services": "VirtualService",
    "service_entries": "ServiceEntry",
    "sidecars": "Sidecar",
    "peer_authentications": "PeerAuthentication",
}


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find what stands twice in an inventory: only one of the two would be used."""
    for cluster, inventory in relations.fleet.inventories.items():
        seen: dict[str, Span | None] = {}
        for text, span, named in (*_objects(cluster, inventory), *_ports(cluster, inventory)):
            if text not in seen:
                seen[text] = span
                continue
            yield Diagnostic(
                code="MG227",
                severity="error",
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
