"""Who a client believes: trust domains, accounts, mutual TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.accounts import needed_accounts
from meshgen.analysis.exposure import passes_sidecars
from meshgen.analysis.facts import own_entries
from meshgen.analysis.gateways import gateway_pods
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.routes import fronted
from meshgen.calls.traffic_policy import breaking_tls, governing, private, rules_beside
from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import listed, notes, short, trust_domain_place
from meshgen.check.policies import place, tls_of
from meshgen.check.rule import Finding, Rule
from meshgen.check.trust import strangers, without_common_root
from meshgen.diagnostics import Cause
from meshgen.diagnostics.several import NAMES, all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.calls import Calls, Import
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.foreign import ObservedDestinationRule, ObservedPolicy
    from meshgen.language.inventory import ObservedService


def foreign_trust_domain_beside_local(context: Context) -> Iterator[Finding]:
    """Find clusters whose own copies would fail over to identities of another trust domain: every handshake fails.

    A service account in an entry always belongs to the local trust domain, and to its aliases (Istio:
    pilot/pkg/model/push_context.go).
    """
    relations = context.relations
    for cluster, domain, found in strangers(context.calls, refusing="caller"):
        own = relations.facts[cluster].trust_domain
        first = next(iter(found.clusters))
        yield Finding(
            message=f"cluster `{cluster}` has trust domain `{own}` and would fail over to {listed(found.clusters)} in "
            f"trust domain `{domain}`, whose identities its clients refuse",
            span=trust_domain_place(relations, cluster),
            help=f"Use one trust domain, or set `failover: {{enabled: false}}` for {listed(found.hosts)}. Or name each "
            "domain in `trustDomainAliases` of the other's mesh config, and import both.",
            notes=notes((trust_domain_place(relations, first), f"cluster `{first}` has it here")),
            object=f"cluster/{cluster}",
        )


def foreign_trust_domain_remote(context: Context) -> Iterator[Finding]:
    """Find services in another trust domain that is not known to let callers of this one in.

    Identities of another trust domain need aliases on the side that is called (Istio: MeshConfig.trustDomainAliases).
    """
    relations = context.relations
    for cluster, domain, found in strangers(context.calls, refusing="called"):
        own = relations.facts[cluster].trust_domain
        first = next(iter(found.clusters))
        yield Finding(
            message=f"cluster `{cluster}` in trust domain `{own}` calls {listed(found.hosts)} in trust domain "
            f"`{domain}`",
            span=trust_domain_place(relations, cluster),
            help=f"Have `{own}` in `trustDomainAliases` of the mesh config of {listed(found.clusters)}, and a common "
            "root; then import the mesh config, or accept this.",
            notes=notes((trust_domain_place(relations, first), f"cluster `{first}` has it here")),
            object=f"cluster/{cluster}",
        )


def foreign_trust_domain_of_ingress(context: Context) -> Iterator[Finding]:
    """Find edge gateways in front of ingress gateways of another trust domain: a common root is nobody's to check.

    The edge expects the identity in the ingress gateway's domain, which its own root has to have signed (Istio:
    security/pkg/pki, `trustDomain` of the mesh config).
    """
    relations = context.relations
    found: dict[tuple[str, str], dict[str, None]] = {}
    for source, _, edges in fronted(relations):
        domain = relations.facts[source].trust_domain
        for edge in edges:
            if relations.facts[edge].trust_domain != domain:
                found.setdefault((edge, domain), {})[source] = None
    for (edge, domain), sources in found.items():
        first = next(iter(sources))
        yield Finding(
            message=f"edge gateways of cluster `{edge}` in trust domain `{relations.facts[edge].trust_domain}` dial "
            f"ingress gateways of {listed(sources)} in trust domain `{domain}`",
            span=trust_domain_place(relations, edge),
            help="Give their meshes a common root, then accept this.",
            notes=notes((trust_domain_place(relations, first), f"cluster `{first}` has it here")),
            object=f"cluster/{edge}",
        )


def no_common_root(context: Context) -> Iterator[Finding]:
    """Find clusters that call each other and trust no root that is the other's, too: every handshake fails.

    Each end has to verify the other's certificate up to a root of its own bundle (Istio: docs, Plug in CA Certificates;
    `caCertificates` of the mesh config adds to it). What nobody observed is no finding.
    """
    relations = context.relations
    for one, other in without_common_root(context.calls):
        verb = "has" if len(one) == 1 else "have"
        spans = {
            cluster: inventory.istio.span("rootCertificates")
            for cluster in (*one, *other)
            if (inventory := relations.inventory(cluster)) is not None and inventory.istio is not None
        }
        yield Finding(
            message=f"{all_of(one)} {verb} no root certificate in common with {all_of(other)}: no call between them "
            "gets through",
            span=spans[one[0]],
            help="Sign the certificates of all clusters by one root, or add the roots of each to the bundle of the "
            "others; then observe them again (`meshgen inventory pull`).",
            notes=notes(*((spans[cluster], f"those of `{cluster}`") for cluster in (*one[1:], *other))),
            object=f"cluster/{one[0]}",
        )


_TAKE_PORTS = (
    "Remove the annotations by which they do (`traffic.sidecar.istio.io/excludeInboundPorts`, `includeInboundPorts`)"
)


Pair = tuple["ObservedService | None", "ObservedService"]


def more_accounts_than_addresses(context: Context) -> Iterator[Finding]:
    """Find sources with more accounts than entries, one finding a Service and source.

    An entry carries one service account, so a source needs as many addresses as accounts that its callers lack.

    Source: design §3; SAN check, pilot/pkg/model/push_context.go.
    """
    relations = context.relations
    seen: set[tuple[str, str]] = set()
    for consumer, source, pairs in _entries(context.calls):
        addresses = len(source.reach.usable(relations.facts[consumer].families))
        needed = needed_accounts(pairs)
        key = (source.cluster, source.host)
        if len(needed) <= addresses or key in seen:
            continue
        seen.add(key)
        yield Finding(
            message=f"`{source.host}` runs with more service accounts in cluster `{source.cluster}` than entries can "
            f"carry: cluster `{consumer}` lacks {listed(needed)}, and the gateway has {addresses} "
            f"{'address' if addresses == 1 else 'addresses'} for one each",
            span=source.service.span("serviceAccounts"),
            help="Run its workloads with fewer accounts, with those of the local copy, or give the gateway more "
            "addresses.",
            notes=notes((source.reach.span(), f"the gateway of `{source.cluster}`")),
            object=service_object(source.cluster, source.service),
        )


def _entries(calls: Calls) -> Iterator[tuple[str, Exposure, Iterable[Pair]]]:
    """Consumer, source, and the local and remote Services that share the source's entries."""
    beside = {(item.consumer, item.service): item for item in calls.imports if item.local is not None}
    for group in calls.all_groups:
        cluster = group.cluster
        names = [ServiceName(service.namespace, service.name) for service in group.services]
        members = [beside[cluster, name] for name in names if (cluster, name) in beside]
        if group.conflict is not None or not members:
            continue
        for index, source in enumerate(members[0].sources):
            yield cluster, source, [(item.local, item.sources[index].service) for item in members]
    for item in calls.imports:
        if item.form == "stub":
            for source in item.sources:
                yield item.consumer, source, [(None, source.service)]


def accounts_unknown(context: Context) -> Iterator[Finding]:
    """Find sources whose accounts the inventory does not know, once each, with what that means for their callers.

    Without service accounts a client accepts any identity, or none that it does not know.

    Source: pilot/pkg/model/push_context.go, an empty list of SANs is no check.
    """
    callers: dict[tuple[str, str], list[Import]] = {}
    sources: dict[tuple[str, str], Exposure] = {}
    for item in context.calls.imports:
        for source in item.sources:
            if not source.service.service_accounts:
                key = (source.host, source.cluster)
                sources[key] = source
                callers.setdefault(key, []).append(item)
    for key, source in sources.items():
        yield Finding(
            message=f"the service accounts of `{source.host}` in cluster `{source.cluster}` are unknown: "
            f"{_effect(callers[key])}",
            span=source.service.span("name"),
            help="Name them in `serviceAccounts`; `meshgen inventory import` finds them in the workloads' manifests.",
            object=service_object(source.cluster, source.service),
            cause=Cause(
                f"the service accounts of {NAMES} are unknown: callers in other clusters would take any workload for "
                "them, or refuse them in a failover",
                f"fleet/{context.relations.fleet.name}",
                short(source.name),
                f"{short(source.name)} in `{source.cluster}`: {_effect(callers[key])}",
            ),
        )


def _effect(items: list[Import]) -> str:
    remote = [item.consumer for item in items if item.local is None]
    local = [item.consumer for item in items if item.local is not None]
    effects = []
    if remote:
        effects.append(f"{listed(remote)} would take any workload of the mesh for it")
    if local:
        effects.append(f"{listed(local)} may refuse it in a failover")
    return ", ".join(effects)


def exposed_without_sidecar(context: Context) -> Iterator[Finding]:
    """Find listed Services with pods without sidecars; where everything is exposed, these are left out (MG341).

    An east-west gateway drops endpoints without mTLS: a workload without sidecar cannot be exposed. Where connections
    go past the sidecar, the application gets the mutual TLS that the gateway passes on.

    Source: pilot/pkg/xds/endpoints/endpoint_builder.go; annotations of traffic.sidecar.istio.io.
    """
    for exposure in context.relations.exposures:
        service = exposure.service
        if service.injected is False:
            why, remedy = "not all of its pods have sidecars", "Inject all its pods"
            place = notes((service.span("injected"), f"`injected: false` in `{exposure.cluster}`"))
        elif passes_sidecars(service):
            why, remedy = "all of its ports go past the sidecars of its pods", _TAKE_PORTS
            place = notes((service.tcp_ports[0].span("intercepted"), "`intercepted: false`"))
        else:
            continue
        yield Finding(
            message=f"`{exposure.host}` is exposed from cluster `{exposure.cluster}`, where {why}",
            span=exposure_at(exposure),
            help=f"{remedy} and import the inventory again, or take it off `exposedServices`.",
            notes=place,
            object=service_object(exposure.cluster, service),
        )


def mtls_disabled(context: Context) -> Iterator[Finding]:
    """Find policies that disable mutual TLS for exposed pods or for entries, one finding a policy and cluster.

    The way through a gateway is mutual TLS from sidecar to sidecar: a PeerAuthentication must not switch it off, in a
    source for the pods' ports, in a consumer for the gateway's port, which is that of the entries.

    Source: pilot/pkg/xds/endpoints/mtls_checker.go for the client's side, endpoint_builder.go for the gateway's.
    """
    relations = context.relations
    seen: set[int] = set()
    for cluster, host, namespace, labels, ports, service, written in _workloads(context.calls):
        found = relations.peer_authentications[cluster].disabling(namespace, labels, ports, service)
        if found is None or id(found.policy) in seen:
            continue
        policy = found.policy
        seen.add(id(policy))
        of_port = f" on port {found.port}" if found.port is not None else ""
        yield Finding(
            message=f"PeerAuthentication `{policy.name}` of namespace `{policy.namespace}` in cluster `{cluster}` "
            f"switches mutual TLS off{of_port}, without which `{host}` is not reached through a gateway",
            span=policy.span("mode") if found.port is None else policy.span("disabledPorts"),
            help="Use PERMISSIVE, or limit the policy to other workloads.",
            notes=notes((written, "exposed here")),
            object=f"{cluster}/{policy.namespace}/{policy.name}",
        )


Workload = tuple[str, str, str, "Mapping[str, str]", "Sequence[int]", str, "Span | None"]


def _workloads(calls: Calls) -> Iterator[Workload]:
    """Pods of exposed Services with their Service's selector, and entries with their labels, where there are policies.

    Each with the ports of its endpoints.
    """
    clusters = calls.relations.peer_authentications
    for exposure in calls.relations.exposures:
        if exposure.cluster in clusters:
            service = exposure.service
            ports = _pod_ports(service)
            at = (exposure.cluster, exposure.host, service.namespace, service.selector, ports, service.name)
            yield *at, exposure_at(exposure)
    for item in calls.imports:
        if item.consumer in clusters:
            labels = {} if item.local is None else item.local.selector
            ports = sorted({endpoint.port for endpoint in item.endpoints})
            yield item.consumer, item.host, item.namespace, labels, ports, "", exposure_at(item.sources[0])


def _pod_ports(service: ObservedService) -> list[int]:
    """The numbers of its pods' ports; those that only a name stands for are left out where nobody knows them."""
    found: set[int] = set()
    for port in service.tcp_ports:
        target = port.target_port or port.port
        found.update([target] if isinstance(target, int) else port.container_ports)
    return sorted(found)


def rule_takes_endpoints(context: Context) -> Iterator[Finding]:
    """Find DestinationRules that take from a gateway the endpoints of what it lets in; one finding a rule.

    A gateway is a client of its own cluster: the rule that governs an exposed Service there decides whether its pods
    count as having mutual TLS, and endpoints without it are dropped. Where our own rule stands beside the Service it
    hides wildcards there and the root namespace's; a team's beside it is for MG360.

    Source: newMtlsChecker, pilot/pkg/xds/endpoints/mtls_checker.go; EndpointsWithMTLSFilter, endpoint_builder.go.
    """
    relations = context.relations
    found: dict[int, tuple[ObservedDestinationRule, list[ObservedPolicy], list[Exposure]]] = {}
    for exposure in relations.exposures:
        if not relations.destination_rules(exposure.cluster, exposure.host):
            continue
        client = exposure.gateway.namespace
        rules = governing(relations, exposure.cluster, exposure.name, client, gateway_pods(exposure.gateway))
        for rule in rules:
            breaking = breaking_tls(rule, exposure.service.ports, auto_mtls=True, through_gateway=False)
            if not breaking or _judged_elsewhere(context, exposure, rule):
                continue
            found.setdefault(id(rule), (rule, breaking, []))[2].append(exposure)
    for rule, breaking, exposures in found.values():
        cluster = exposures[0].cluster
        hosts = listed(dict.fromkeys(exposure.host for exposure in exposures))
        gateway = exposures[0].gateway
        yield Finding(
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{cluster}` takes the "
            f"endpoints of {hosts} from gateway `{gateway.name}` there, so that other clusters do not reach "
            f"{'it' if len(exposures) == 1 else 'them'}: {tls_of(breaking[0])}",
            span=breaking[0].span("tlsMode"),
            help=f"Remove `tls` from {' and '.join(map(place, breaking))}, or set ISTIO_MUTUAL.",
            notes=notes((exposure_at(exposures[0]), "exposed here")),
            object=f"{cluster}/{rule.namespace}/{rule.name}",
        )


def _judged_elsewhere(context: Context, exposure: Exposure, rule: ObservedDestinationRule) -> bool:
    """Whether ours, beside the Service, comes before a rule that would govern it, or MG360 speaks of the rule."""
    relations = context.relations
    imports = context.calls.of(exposure.cluster)[exposure.host].imports
    beside = next((item for item in imports if item.beside_service), None)
    if beside is None or rule.workload_selector or not own_entries(relations.fleet):
        return False
    if rule in rules_beside(relations, exposure.cluster, exposure.name):
        return True
    facts = relations.facts[exposure.cluster]
    nearer = rule.namespace == exposure.gateway.namespace and (
        rule.namespace != facts.root_namespace or private(facts, rule)
    )
    return beside.policy.owner == "ours" and (rule.namespace == exposure.name.namespace or not nearer)


RULES = (
    Rule("MG327", "error", "another trust domain beside a local copy", "0.1", foreign_trust_domain_beside_local),
    Rule("MG328", "warning", "a remote service of another trust domain", "0.1", foreign_trust_domain_remote),
    Rule("MG490", "warning", "an ingress gateway of another trust domain", "0.1", foreign_trust_domain_of_ingress),
    Rule("MG753", "error", "clusters without a common root certificate", "0.1", no_common_root),
    Rule("MG350", "error", "more service accounts than entries", "0.1", more_accounts_than_addresses),
    Rule("MG351", "warning", "service accounts of a source are unknown", "0.1", accounts_unknown),
    Rule("MG352", "error", "an exposed service without sidecars", "0.1", exposed_without_sidecar),
    Rule("MG374", "error", "mutual TLS is switched off", "0.1", mtls_disabled),
    Rule("MG400", "error", "a DestinationRule takes a gateway's endpoints", "0.1", rule_takes_endpoints),
)
