"""Names of emitted objects are fixed, so an object of that kind and name must not be somebody else's (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.names import local_policy
from meshgen.check import policies
from meshgen.check.consumers import is_stub, retries
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.policies import RetryDecision
    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.language.base import Item

Key = tuple[str, str, str]
"""Kind, namespace, name."""


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find objects of the inventories that have the kind and name of an object that would be emitted."""
    theirs = {cluster: _objects(relations, cluster) for cluster in relations.fleet.inventories}
    for link, decision in retries(relations):
        for key in _emitted(relations, link, decision):
            other = theirs.get(link.cluster, {}).get(key)
            if other is None:
                continue
            kind, namespace, name = key
            yield Diagnostic(
                code="MG373",
                severity="error",
                message=f"{kind} `{name}` of namespace `{namespace}` in cluster `{link.cluster}` is somebody else's, "
                f"and meshgen needs the name for `{link.host}`",
                span=other.span("name"),
                help="Rename or delete it; if meshgen wrote it, label it `app.kubernetes.io/managed-by: meshgen` and "
                "import the inventory again.",
                notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves the host")),
                object=f"{link.cluster}/{namespace}/{name}",
            )


def _objects(relations: Relations, cluster: str) -> dict[Key, Item]:
    inventory = relations.inventory(cluster)
    if inventory is None:
        return {}
    found: dict[Key, Item] = {}
    found |= {("ServiceEntry", item.namespace, item.name): item for item in inventory.service_entries}
    found |= {("DestinationRule", item.namespace, item.name): item for item in inventory.destination_rules}
    found |= {(item.kind, item.namespace, item.name): item for item in inventory.virtual_services}
    return found


def _emitted(relations: Relations, link: Link, decision: RetryDecision) -> Iterator[Key]:
    """The objects with fixed names of one host; names of WorkloadEntries hold a hash and are nobody else's."""
    if link.kind == "remote" and not is_stub(relations, link):
        namespace, name, ours = multicluster_namespace(relations.fleet), link.host, True
        yield "ServiceEntry", namespace, name
    else:
        namespace, name = link.service.namespace, local_policy(link.service.name)
        ours = policies.decision(relations, link).owner == "ours"
    if ours:
        yield "DestinationRule", namespace, name
    if decision.carrier == "virtualService":
        yield "VirtualService", namespace, name
