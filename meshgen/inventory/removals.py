"""What an import would take away from the fleet: services, gateway addresses and namespaces that it uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshgen.analysis.relations import Relations
from meshgen.diagnostics import Diagnostic, Note, Span, diagnose
from meshgen.diagnostics.several import begun
from meshgen.language.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.language.fleet import Fleet
    from meshgen.load.nodes import Node


def removals(
    fleet: Fleet, cluster: str, old: Mapping[str, Any], new: Mapping[str, Any], root: Node
) -> list[Diagnostic]:
    """MG061 where `new` lacks what the fleet uses of `old`, the `spec` of the inventory of `cluster`; else nothing.

    Used is a Service that the cluster exposes while it, its workspace and the cluster are active, the address of a
    gateway behind such a Service or before a published host, and a namespace that a workspace spans. A Service that was
    announced as leaving, or is drained, may go. `root` is the document of the old inventory, for places.
    """
    before, after = (_relations(fleet, cluster, spec) for spec in (old, new))
    if before is None or after is None:
        return []
    spec = root.find(["spec"])
    lost = [*_namespaces(cluster, before, after), *_services(cluster, before, after)]
    lost += _gateways(cluster, before, after)
    if not lost:
        return []
    names = [f"{what} `{namespace + '/' if namespace else ''}{name}`" for _, what, namespace, name in lost]
    places = [_place(spec, section, namespace, name) for section, _, namespace, name in lost]
    return [
        diagnose(
            "MG061",
            f"the import would take from `{cluster}` what the fleet uses: {begun(names)}",
            places[0],
            "Import the whole of these namespaces; or announce what goes (`meshgen inventory announce HOST --cluster "
            f"{cluster} --state leaving`), build and sync first; `--allow-removal` takes it away now.",
            tuple(Note(place, name) for place, name in zip(places[1:], names[1:], strict=True)),
            f"inventory/{cluster}",
        )
    ]


_Lost = tuple[str, str, str, str]
"""Section, word, namespace and name."""


def _namespaces(cluster: str, before: Relations, after: Relations) -> Iterator[_Lost]:
    spanned = {name for clusters in before.spanned.values() for name in clusters.get(cluster, [])}
    kept = {name for clusters in after.spanned.values() for name in clusters.get(cluster, [])}
    for name in sorted(spanned - kept):
        yield "namespaces", "namespace", "", name


def _services(cluster: str, before: Relations, after: Relations) -> Iterator[_Lost]:
    kept = {exposure.name for exposure in after.exposures if exposure.cluster == cluster}
    for exposure in before.exposures:
        if exposure.cluster == cluster and exposure.active and exposure.name not in kept:
            yield "services", "Service", exposure.name.namespace, exposure.name.name


def _gateways(cluster: str, before: Relations, after: Relations) -> Iterator[_Lost]:
    known = {
        (exposure.gateway.namespace, exposure.gateway.name)
        for exposure in before.exposures
        if exposure.cluster == cluster and exposure.serves
    }
    known |= {
        key
        for key, setup in before.gateway_setups[cluster].items()
        if setup.drain is None and before.comers(key) & {"edges", "users"} and _shown(before, cluster, key)
    }
    for namespace, name in sorted(known):
        if not _shown(after, cluster, (namespace, name)):
            yield "gateways", "all addresses of gateway", namespace, name


def _shown(relations: Relations, cluster: str, key: GatewayKey) -> bool:
    """Whether the inventory has an address of a gateway."""
    observed = relations.observed_gateways[cluster].get(key)
    return observed is not None and bool(observed.addresses or observed.hostname)


def _relations(fleet: Fleet, cluster: str, spec: Mapping[str, Any]) -> Relations | None:
    """The relations of this cluster alone, with `spec` as its inventory."""
    here = tuple(known for known in fleet.clusters if known.name == cluster)
    inventory = Inventory.model_validate({"name": cluster, **spec})
    return Relations(replace(fleet, clusters=here, inventories={cluster: inventory})) if here else None


def _place(spec: Node, section: str, namespace: str, name: str) -> Span:
    items: Sequence[Node] = spec.find([section]).items or ()
    for item in items:
        found = item.find(["name"]), item.find(["namespace"])
        if found[0].value == name and (not namespace or found[1].value == namespace):
            return found[0].span
    return spec.span._replace(end_line=spec.span.line, end_column=spec.span.column + 1)
