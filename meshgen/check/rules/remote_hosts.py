"""Hosts without a local copy: their names, virtual addresses, and who sees them."""

from __future__ import annotations

import ipaddress
import math
from typing import TYPE_CHECKING

from meshgen.analysis.addresses import overlap
from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.hosts import host_matches
from meshgen.analysis.names import virtual_address
from meshgen.check.origins import exposure_at
from meshgen.check.places import istio_place, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.language.foreign import ObservedSidecar
    from meshgen.language.workspace import ExposedService


def dns_capture_unknown(context: Context) -> Iterator[Finding]:
    """Find clusters that get ServiceEntries, and nobody says whether their sidecars answer DNS.

    Tetrate's control planes switch it on; on plain Istio it is a setting of the mesh.

    A host that exists only as a ServiceEntry has a name only where sidecars answer DNS, which is off by default.
    """
    relations = context.relations
    if platform(relations.fleet.spec.platform).management != "none":
        return
    hosts: dict[str, str] = {}
    for item in context.calls.imports:
        if item.local is None and not _said(relations, item.consumer):
            hosts.setdefault(item.consumer, item.host)
    if not hosts:
        return
    names = sorted(hosts)
    yield Finding(
        message=f"{listed(names)} would reach hosts such as `{hosts[names[0]]}` only if sidecars answer DNS, and "
        "neither fleet nor inventory says so",
        span=relations.cluster(names[0]).span("name"),
        help='Set `istio: {dnsCapture: true}` if the mesh has ISTIO_META_DNS_CAPTURE "true", else `false`.',
        object=f"fleet/{relations.fleet.name}",
    )


def _said(relations: Relations, cluster: str) -> bool:
    inventory = relations.inventory(cluster)
    places = (relations.cluster(cluster).istio, relations.fleet.spec.istio, inventory.istio if inventory else None)
    return any(place is not None and place.dns_capture is not None for place in places)


def sidecar_hides_entries(context: Context) -> Iterator[Finding]:
    """Find Sidecars that see none of the remote-only hosts meant for their namespaces.

    A Sidecar that limits egress hides ServiceEntries of namespaces that it does not name, or that it excludes (`~`).
    That of the root namespace without selector is for every namespace without one of its own.

    Source: selectServices and convertIstioListenerToWrapper, pilot/pkg/model/sidecar.go; initSidecarScopes,
    push_context.go.
    """
    relations = context.relations
    shared = context.calls.multicluster_namespace
    remote: dict[str, list[Import]] = {}
    for item in context.calls.imports:
        if item.form == "serviceEntry":
            remote.setdefault(item.consumer, []).append(item)
    for cluster, items in remote.items():
        inventory = relations.inventory(cluster)
        sidecars = list(relations.read(cluster, inventory.sidecars)) if inventory else []
        root = relations.facts[cluster].root_namespace
        for sidecar in sidecars:
            blind = _blind(sidecar, _namespaces_of(relations, cluster, sidecar, sidecars), shared, items)
            if not blind:
                continue
            namespace, hosts = next(iter(blind.items()))
            excluding = [each for each in sidecar.egress_hosts or [] if _excludes(each, namespace, shared, hosts[0])]
            remedy = f"Take {listed(excluding)} out of" if excluding else f"Add `{shared}/*` to"
            where = "the `hosts` of an `egress` without `port`" if sidecar.egress_ports else "its `egress[].hosts`"
            whose = f" of root namespace `{root}`" if list(blind) != [sidecar.namespace] else ""
            yield Finding(
                message=f"Sidecar `{sidecar.name}`{whose} hides {listed(hosts)} from namespace"
                f"{'s' if len(blind) > 1 else ''} {listed(blind)} in cluster `{cluster}`",
                span=sidecar.span("egressHosts"),
                help=f"{remedy} {where}, or accept this if nothing there calls other clusters.",
                object=f"{cluster}/{sidecar.namespace}/{sidecar.name}",
            )


def _namespaces_of(
    relations: Relations, cluster: str, sidecar: ObservedSidecar, all_of_them: list[ObservedSidecar]
) -> list[str]:
    """The namespaces whose proxies a Sidecar is for."""
    root = relations.facts[cluster].root_namespace
    inventory = relations.inventory(cluster)
    if sidecar.namespace != root or sidecar.workload_selector or inventory is None:
        return [sidecar.namespace]
    own = {other.namespace for other in all_of_them if not other.workload_selector}
    skipped = {multicluster_namespace(relations.fleet), root, *own}
    return sorted({namespace.name for namespace in inventory.namespaces} - skipped)


def _blind(
    sidecar: ObservedSidecar, namespaces: list[str], shared: str, items: Sequence[Import]
) -> dict[str, list[str]]:
    """The namespaces whose proxies see none of the hosts that are meant for them, and these hosts.

    Elsewhere than in the shared namespace all proxies of a Sidecar see the same of it, so each host is looked at once.
    """
    if not namespaces:
        return {}
    for_all: list[str] = []
    for_some: dict[str, list[str]] = {}
    seen: set[str] = set()
    for item in items:
        setting = item.sources[0].setting
        meant = setting.consumer_namespaces if setting is not None else None
        if _sees(sidecar, namespaces[0], shared, item):
            if meant is None:
                return {}
            seen.update(meant)
        elif meant is None:
            for_all.append(item.host)
        else:
            for namespace in meant:
                for_some.setdefault(namespace, []).append(item.host)
    hosts = {name: [*for_all, *for_some.get(name, [])] for name in namespaces if name not in seen}
    return {name: missed for name, missed in hosts.items() if missed}


def _sees(sidecar: ObservedSidecar, namespace: str, shared: str, item: Import) -> bool:
    """Whether proxies of `namespace` see any port of a host of namespace `shared`."""
    host = item.host
    if sidecar.egress_hosts is None:
        return True
    if any(_excludes(each, namespace, shared, host) for each in sidecar.egress_hosts):
        return False
    ports = {port.port for port in item.ports}
    of_ports = [each for egress in sidecar.egress_ports if egress.port in ports for each in egress.hosts]
    return any(_covers(each, namespace, shared, host) for each in (*sidecar.egress_hosts, *of_ports))


def _excludes(item: str, namespace: str, shared: str, host: str) -> bool:
    return item.startswith("~") and _covers(item[1:], namespace, shared, host)


def _covers(item: str, namespace: str, shared: str, host: str) -> bool:
    where, _, pattern = item.rpartition("/")
    here = namespace if where == "." else where or "*"
    return here in ("*", shared) and host_matches(pattern, host)


_SMALLEST_PREFIX = 8
"""A range beyond 240.0.0.0/4, or all of it, is nobody's to give."""


def virtual_addresses_collide(context: Context) -> Iterator[Finding]:
    """Find hosts of one cluster whose addresses are the same; pairs that several clusters share once.

    Two hosts with one virtual address are one host for TCP; addresses never move to make room (design §4).

    Source: listeners are per address and port (Istio: pilot/pkg/networking/core/listener.go).
    """
    relations = context.relations
    hosts: dict[str, list[Import]] = {}
    for item in context.calls.imports:
        facts = relations.facts[item.consumer]
        if item.form == "serviceEntry" and not facts.allocates_addresses:
            hosts.setdefault(item.consumer, []).append(item)
    seen: set[tuple[str, str, str]] = set()
    for cluster, items in hosts.items():
        cidr = relations.facts[cluster].vip_range
        if not _is_range(cidr):
            continue
        first: dict[str, Import] = {}
        for item in items:
            address = virtual_address(item.host, cidr)
            other = first.setdefault(address, item)
            if other is item or (cidr, other.host, item.host) in seen:
                continue
            seen.add((cidr, other.host, item.host))
            yield Finding(
                message=f"`{other.host}` and `{item.host}` have the same virtual address {address} in cluster "
                f"`{cluster}`",
                span=exposure_at(item.sources[0]),
                help=_help(len(items), cidr),
                notes=notes((exposure_at(other.sources[0]), "the other host")),
                object=item.host,
            )


def _is_range(cidr: str) -> bool:
    try:
        ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return True


def _help(hosts: int, cidr: str) -> str:
    """A range of 2^bits addresses collides with a chance of about hosts² / 2^(bits + 1)."""
    network = ipaddress.ip_network(cidr, strict=False)
    prefix = min(network.max_prefixlen - math.ceil(math.log2(hosts**2 / 0.002)), network.prefixlen - 1)
    if network.version == 4 and prefix < _SMALLEST_PREFIX:  # noqa: PLR2004 - the version of the address
        return "Name an `istio.version` of 1.25 or newer, whose istiod gives addresses, if the cluster runs one."
    return (
        f"Set `istio.vipRange` to a range of prefix length {prefix} or less: at {hosts} hosts the chance of a "
        f"collision is then below 1 in 1000."
    )


def virtual_addresses_of_pods(context: Context) -> Iterator[Finding]:
    """Find clusters whose range of virtual addresses overlaps their own pods' ranges and is used.

    A virtual address that is a pod's takes that pod's traffic.
    """
    relations = context.relations
    users = sorted({item.consumer for item in context.calls.imports if item.form == "serviceEntry"})
    for name in users:
        facts = relations.facts[name]
        if facts.allocates_addresses:
            continue
        cluster = relations.cluster(name)
        for index, pods in enumerate(cluster.pod_cidrs):
            if not overlap(facts.vip_range, pods):
                continue
            yield Finding(
                message=f"the range {facts.vip_range} of virtual addresses overlaps the pods {pods} of cluster "
                f"`{name}`",
                span=cluster.span("podCIDRs", index),
                help="Set `istio.vipRange` to a range that the cluster does not use.",
                notes=notes((istio_place(relations, name, "vipRange"), "the range of virtual addresses")),
                object=f"cluster/{name}",
            )


def stub_services(context: Context) -> Iterator[Finding]:
    """Count the Services without pods that each cluster gets, and name the namespaces that are created for them.

    Without DNS capture a remote-only host gets its name from such a Service.
    """
    relations = context.relations
    stubs: dict[str, list[Import]] = {}
    for item in context.calls.imports:
        if item.form == "stub":
            stubs.setdefault(item.consumer, []).append(item)
    for cluster, items in stubs.items():
        inventory = relations.inventory(cluster)
        known = {namespace.name for namespace in inventory.namespaces} if inventory else set()
        created = sorted({item.service.namespace for item in items} - known)
        tail = f", in new namespace{'s' if len(created) > 1 else ''} {listed(created)}" if created else ""
        yield Finding(
            message=f"cluster `{cluster}` gets {len(items)} Service{'s' if len(items) > 1 else ''} without pods for "
            f"remote-only hosts, since its sidecars do not answer DNS{tail}",
            span=istio_place(relations, cluster, "dnsCapture"),
            help="Switch ISTIO_META_DNS_CAPTURE on in the mesh config and set `dnsCapture: true` to do without them.",
            object=f"cluster/{cluster}",
        )


def no_consumer_namespace(context: Context) -> Iterator[Finding]:
    """Find exposed services with `consumerNamespaces: []`.

    An empty list of namespaces would export a host to nobody, or in Istio's reading to everybody (design §2).
    """
    for workspace in context.relations.fleet.workspaces:
        for setting in workspace.exposed_services or []:
            if setting.consumer_namespaces is not None and not setting.consumer_namespaces:
                yield Finding(
                    message=f"`consumerNamespaces` of `{setting.host}` names no namespace",
                    span=setting.span("consumerNamespaces"),
                    help="Name the namespaces that may see the host, or leave the field out for all of them.",
                    object=setting.host,
                )


def consumer_namespace_nowhere(context: Context) -> Iterator[Finding]:
    """Find namespaces of `consumerNamespaces` that no consumer has, one finding an exposed service and namespace.

    Such a namespace is most likely a slip (design §2).
    """
    relations = context.relations
    by_setting: dict[int, tuple[ExposedService, list[Exposure]]] = {}
    for exposure in relations.exposures:
        setting = exposure.setting
        if setting is not None and setting.consumer_namespaces:
            by_setting.setdefault(id(setting), (setting, []))[1].append(exposure)
    for setting, exposures in by_setting.values():
        known: set[str] = set()
        for cluster in relations.fleet.clusters:
            if any(e.cluster != cluster.name and relations.consumes(cluster, e) for e in exposures):
                inventory = relations.inventory(cluster.name)
                known.update(namespace.name for namespace in (inventory.namespaces if inventory else []))
        for index, namespace in enumerate(setting.consumer_namespaces or []):
            if namespace in known:
                continue
            yield Finding(
                message=f"no cluster that may call `{setting.host}` has namespace `{namespace}`",
                span=setting.span("consumerNamespaces", index),
                help="Correct the name, or add the namespace to the inventory of a consumer.",
                object=setting.host,
            )


def consumers_beside_copies(context: Context) -> Iterator[Finding]:
    """Find hosts with `consumerNamespaces` that fail over beside local copies, once each.

    The field limits ServiceEntries; entries of a local Service serve all its callers (design §2).
    """
    relations = context.relations
    clusters: dict[str, list[str]] = {}
    for item in context.calls.imports:
        setting = item.sources[0].setting
        if item.form == "workloadEntries" and setting is not None and setting.consumer_namespaces:
            clusters.setdefault(item.host, []).append(item.consumer)
    for host, names in clusters.items():
        setting = relations.by_host[host][0].setting
        yield Finding(
            message=f"`consumerNamespaces` of `{host}` does not hold in {listed(names)}: whoever calls a local copy "
            f"there also fails over",
            span=setting.span("consumerNamespaces") if setting is not None else None,
            help="Use an AuthorizationPolicy of the service to limit who calls it.",
            object=host,
        )


RULES = (
    Rule("MG338", "warning", "nobody says that sidecars answer DNS", "0.1", dns_capture_unknown),
    Rule("MG375", "warning", "a Sidecar hides remote hosts", "0.1", sidecar_hides_entries),
    Rule("MG376", "error", "two hosts with one virtual address", "0.1", virtual_addresses_collide),
    Rule("MG377", "warning", "virtual addresses among the pods", "0.1", virtual_addresses_of_pods),
    Rule("MG378", "hint", "Services without pods give names", "0.1", stub_services),
    Rule("MG379", "error", "no namespace may see a host", "0.1", no_consumer_namespace),
    Rule("MG380", "warning", "a namespace of consumers that is nowhere", "0.1", consumer_namespace_nowhere),
    Rule("MG381", "hint", "consumerNamespaces does not hold beside local copies", "0.1", consumers_beside_copies),
)
