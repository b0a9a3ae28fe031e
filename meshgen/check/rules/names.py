"""Names of what is emitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.gateways import gateway_pods
from meshgen.analysis.hosts import covers
from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import notes
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.language.foreign import ForeignObject, ObservedServiceEntry
    from meshgen.language.inventory import ObservedService
    from meshgen.plan.model import Identity


def second_service_entry(context: Context) -> Iterator[Finding]:
    """Find other people's ServiceEntries for an imported host, or beside a Service that is exposed.

    One host has one ServiceEntry in a cluster, and none that asks DNS beside a Service.

    Source: the oldest wins and the endpoints of the others are ignored, pilot/pkg/model/sidecar.go; endpoints get lost
    beside a Service, istio#33567.
    """
    relations = context.relations
    entries = {
        cluster: [(host, entry) for entry in inventory.service_entries for host in entry.hosts]
        for cluster, inventory in relations.fleet.inventories.items()
    }
    by_host: dict[tuple[str, str], list[ObservedServiceEntry]] = {}
    for cluster, found in entries.items():
        for host, entry in found:
            by_host.setdefault((cluster, host), []).append(entry)
    shared = context.calls.multicluster_namespace
    seen: set[tuple[str, int]] = set()
    for item in context.calls.imports:
        for entry in by_host.get((item.consumer, item.host), []):
            if (item.consumer, id(entry)) in seen:
                continue
            if item.local is None and (entry.namespace, entry.name) == (shared, item.host):
                continue  # MG373: it has the very name of ours
            why = _harm_of_entry(item, entry)
            if why is None:
                continue
            seen.add((item.consumer, id(entry)))
            yield Finding(
                message=f"ServiceEntry `{entry.name}` of namespace `{entry.namespace}` in cluster `{item.consumer}` "
                f"is for `{item.host}` too: {why}",
                span=entry.span("hosts"),
                help="Delete it, or leave the cluster out of the service's `consumers`.",
                notes=notes((exposure_at(item.sources[0]), f"cluster `{item.sources[0].cluster}` serves it")),
                object=item.object,
            )
    for exposure in relations.exposures:
        for entry in by_host.get((exposure.cluster, exposure.host), []):
            beside = entry.namespace == exposure.name.namespace and (entry.resolution or "").startswith("DNS")
            if not beside or (exposure.cluster, id(entry)) in seen:
                continue
            seen.add((exposure.cluster, id(entry)))
            yield Finding(
                message=f"ServiceEntry `{entry.name}` of namespace `{entry.namespace}` in cluster `{exposure.cluster}` "
                f"is for `{exposure.host}` too: {_ASKS_DNS}, and gateway `{exposure.gateway.name}` finds none",
                span=entry.span("hosts"),
                help="Delete it, or do not expose the service from this cluster.",
                notes=notes((exposure_at(exposure), "exposed here")),
                object=service_object(exposure.cluster, exposure.service),
            )


_ASKS_DNS = "beside a Service one that asks DNS makes endpoints disappear"


def _harm_of_entry(item: Import, entry: ObservedServiceEntry) -> str | None:
    if item.local is None:
        return "two ServiceEntries for one host take endpoints from each other"
    if (entry.resolution or "").startswith("DNS"):
        return _ASKS_DNS
    return None


def name_taken(context: Context) -> Iterator[Finding]:
    """Find objects of the inventories that have the kind and name of an object that would be emitted.

    Names of emitted objects are fixed, so an object of that kind and name must not be somebody else's (design §3).
    """
    for cluster in context.calls.consumers:
        theirs = _others(context.relations, cluster)
        for ours in context.identities(cluster) if theirs else ():
            other = theirs.get((ours.api_version.rpartition("/")[0], ours.kind, ours.namespace, ours.name))
            if other is None:
                continue
            item = _needing(context, ours)
            source = item.sources[0] if item else None
            yield Finding(
                message=f"{ours.kind} `{ours.name}` of namespace `{ours.namespace}` in cluster `{ours.cluster}` is "
                f"somebody else's, and meshgen needs the name for `{item.host if item else ours.origin.name}`",
                span=other.span("name"),
                help="Rename or delete it; if meshgen wrote it, label it `app.kubernetes.io/managed-by: meshgen` and "
                "import the inventory again.",
                notes=notes((exposure_at(source), f"cluster `{source.cluster}` serves the host")) if source else (),
                object=f"{ours.cluster}/{ours.namespace}/{ours.name}",
            )


def _others(relations: Relations, cluster: str) -> dict[tuple[str, str, str, str], ForeignObject | ObservedService]:
    """What others have in a cluster, by group, kind, namespace and name.

    Of Services only those named like a gateway, with a selector that its pods do not satisfy: a stub is planned only
    where there is none, and an inventory written by hand may list what meshgen wrote.
    """
    inventory = relations.inventory(cluster)
    if inventory is None:
        return {}
    places = relations.gateway_places[cluster]
    services = [
        item
        for item in inventory.services
        if (item.namespace, item.name) in places
        and item.selector
        and not covers(item.selector, gateway_pods(relations.gateways[item.namespace, item.name]))
    ]
    return {
        **{("", "Service", item.namespace, item.name): item for item in services},
        **{(*item.written_as, item.namespace, item.name): item for item in inventory.foreign_objects()},
    }


def _needing(context: Context, ours: Identity) -> Import | None:
    """The import that takes an object, None where no call does."""
    imports = (item for call in context.calls.of(ours.cluster).values() for item in call.imports)
    return next(
        (item for item in imports for taken in item.takes if (taken.namespace, taken.name) == ours[3:5]),
        None,
    )


_LONGEST_SNI = 255
_LONGEST_HOST = 253


def host_too_long(context: Context) -> Iterator[Finding]:
    """Find exposed hosts that are too long, with the longest port and subset that is known of them.

    What a client asks a gateway for has to fit into an SNI of 255 characters, a host into 253.

    Source: SNI `outbound_.<port>_.<subset>_.<host>` (Istio: pilot/pkg/networking/core/gateway.go).
    """
    relations = context.relations
    for host, exposures in relations.by_host.items():
        ports = [port.port for exposure in exposures for port in exposure.service.ports]
        subsets = [
            subset
            for exposure in exposures
            for rule in relations.destination_rules(exposure.cluster, host)
            for subset in rule.subsets
        ]
        sni = f"outbound_.{max(ports)}_.{max(subsets, key=len, default='')}_.{host}"
        if len(sni) <= _LONGEST_SNI and len(host) <= _LONGEST_HOST:
            continue
        yield Finding(
            message=f"`{host}` is too long to be asked for at a gateway: the server name `outbound_.<port>_.<subset>_."
            f"<host>` has {len(sni)} characters, TLS takes {_LONGEST_SNI}",
            span=exposure_at(exposures[0]),
            help="Shorten the name of the Service, its namespace or its subsets.",
            object=host,
        )


RULES = (
    Rule("MG372", "error", "another ServiceEntry for the host", "0.1", second_service_entry),
    Rule("MG373", "error", "the name of an emitted object is taken", "0.1", name_taken),
    Rule("MG385", "error", "a host that is too long for a server name", "0.1", host_too_long),
)
