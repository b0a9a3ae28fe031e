"""Whose DestinationRule governs a host in a cluster, and what is asked of a team's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.hosts import covers, qualify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meshgen.analysis.facts import ClusterFacts
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.relations import Relations
    from meshgen.language.foreign import ObservedDestinationRule, ObservedPolicy
    from meshgen.language.inventory import ServicePort

REGION = "topology.kubernetes.io/region"
NETWORK = "topology.istio.io/network"
ZONE = "topology.kubernetes.io/zone"
_LOCAL_FIRST = frozenset({REGION, NETWORK, ZONE, "topology.istio.io/subzone", "kubernetes.io/hostname"})


@dataclass(frozen=True, slots=True)
class TrafficPolicyDecision:
    """Whose DestinationRule governs a host in a cluster.

    `ours`: meshgen emits one, beside a team's that only has subsets, or beside `rule`, which governs the host for the
    namespaces that it is exported to; `theirs`: the team's does so for everybody; `refused`: the team's would leave
    callers without failover. `export_to`: that of ours, so that Istio merges it with the team's.
    """

    owner: Literal["ours", "theirs", "refused"]
    rule: ObservedDestinationRule | None = None
    export_to: tuple[str, ...] = ()


def traffic_policy(
    relations: Relations,
    cluster: str,
    service: ServiceName,
    ports: Sequence[ServicePort],
    *,
    local: bool,
    priorities: Sequence[str] | None = None,
) -> TrafficPolicyDecision:
    """Decide for a host that `cluster` has with these ports, from the teams' rules for exactly it in its namespace.

    Only a `local` copy has to come first: without one, any rule of the team will do that keeps mesh TLS. Where the
    fleet gives an order that only these `priorities` say, the team's rule has to say them.

    Rules elsewhere or with wildcards lose against an exact one there (Istio: pilot/pkg/model/push_context.go) or
    concern some clients only: those are warnings, not decisions. With several rules for one host the oldest policy
    wins, so the worst one decides. Rules that are exported differently are not merged: clients that see several take
    the newest, clients that see none of the team's need ours (pilot/pkg/model/destination_rule.go; in the lab they
    shared the traffic of all clusters without it). An explicit `*` is another export than none there: in the lab ours
    without it hid the team's subsets, and every request that was routed to one failed. Where the mesh exports rules to
    their own namespace by default, ours says `*`, too.
    """
    facts = relations.facts[cluster]
    theirs: ObservedDestinationRule | None = None
    rules = rules_beside(relations, cluster, service)
    for rule in rules:
        if not has_policy(rule):
            continue
        missing = without_failover(rule, ports, priorities) if local or priorities is not None else []
        if missing or breaking_tls(rule, ports, auto_mtls=facts.auto_mtls):
            return TrafficPolicyDecision("refused", rule)
        if theirs is None or exported_to_all(facts, rule):
            theirs = rule
    if theirs is not None and exported_to_all(facts, theirs):
        return TrafficPolicyDecision("theirs", theirs)
    by_name = bool(rules) and all(rule.export_to == ["*"] for rule in rules)
    return TrafficPolicyDecision("ours", theirs, ("*",) if by_name or not facts.exports_rules else ())


def rules_beside(relations: Relations, cluster: str, service: ServiceName) -> list[ObservedDestinationRule]:
    """The teams' rules for exactly a host, in its namespace, for all clients: ours would stand beside them."""
    host = service.host(relations.fleet.spec.cluster_domain)
    return [
        rule
        for rule in relations.destination_rules(cluster, host)
        if rule.namespace == service.namespace and is_exact(relations, rule, host)
    ]


def is_exact(relations: Relations, rule: ObservedDestinationRule, host: str) -> bool:
    """Whether a rule is for exactly `host`, for all clients."""
    return (
        qualify(rule.host, rule.namespace, relations.fleet.spec.cluster_domain) == host and not rule.workload_selector
    )


def exported_to_all(facts: ClusterFacts, rule: ObservedDestinationRule) -> bool:
    """Whether clients of every namespace of a cluster see a team's rule."""
    return "*" in rule.export_to if rule.export_to else facts.exports_rules


def comes_last(facts: ClusterFacts, rule: ObservedDestinationRule) -> bool:
    """Whether a rule is one of the root namespace for everybody: it counts where no nearer one matches, there, too."""
    return rule.namespace == facts.root_namespace and exported_to_all(facts, rule) and not rule.workload_selector


def governing(
    relations: Relations, cluster: str, service: ServiceName, client: str, labels: Mapping[str, str]
) -> list[ObservedDestinationRule]:
    """The teams' rules that govern a Service for a proxy of namespace `client` with these labels.

    Several are for one host in one namespace; nobody knows which is the oldest.

    Source: destinationRule and setDestinationRules, pilot/pkg/model/push_context.go: the client's namespace, then the
    Service's, then the root's; the first with a match decides, with its most specific host. In the root namespace its
    own clients have only its private rules first. DestinationRule in sidecar.go: selectors choose clients beside them.
    """
    facts = relations.facts[cluster]
    root = facts.root_namespace
    rules = relations.destination_rules(cluster, service.host(relations.fleet.spec.cluster_domain))
    near = [rule for rule in rules if rule.namespace == client and _seen_from(facts, rule, client)]
    if client == root:
        near = [rule for rule in near if private(facts, rule)]
    if near:
        near = _most_specific(relations, near)
        chosen = [rule for rule in near if rule.workload_selector and covers(rule.workload_selector, labels)]
        return chosen or [rule for rule in near if not rule.workload_selector]
    for namespace in (service.namespace, root):
        there = [rule for rule in rules if rule.namespace == namespace and not private(facts, rule)]
        visible = [rule for rule in _most_specific(relations, there) if _seen_from(facts, rule, client)]
        if visible:
            return visible
    return []


def private(facts: ClusterFacts, rule: ObservedDestinationRule) -> bool:
    """Whether clients of other namespaces do not see a rule; one with a selector is for its own namespace."""
    if rule.workload_selector:
        return True
    if not rule.export_to:
        return not facts.exports_rules
    return set(rule.export_to) in ({"."}, {rule.namespace})


def _seen_from(facts: ClusterFacts, rule: ObservedDestinationRule, namespace: str) -> bool:
    """Whether clients in `namespace` see a rule."""
    if rule.namespace == namespace and (rule.workload_selector or not rule.export_to or "." in rule.export_to):
        return True
    if private(facts, rule):
        return rule.namespace == namespace
    return not rule.export_to or bool({"*", namespace} & {*rule.export_to})


def _most_specific(relations: Relations, rules: Sequence[ObservedDestinationRule]) -> list[ObservedDestinationRule]:
    """Those for the most specific host: an exact one, else the longest."""
    domain = relations.fleet.spec.cluster_domain

    def rank(rule: ObservedDestinationRule) -> tuple[bool, int]:
        host = qualify(rule.host, rule.namespace, domain)
        return not host.startswith("*"), len(host)

    best = max(map(rank, rules), default=None)
    return [rule for rule in rules if rank(rule) == best]


def has_policy(rule: ObservedDestinationRule) -> bool:
    """Whether a team's rule says more than its subsets."""
    return rule.traffic_policy or bool(
        rule.outlier_detection or rule.failover_priority or rule.tls_mode or rule.port_level_settings
    )


def without_failover(
    rule: ObservedDestinationRule, ports: Iterable[ServicePort], priorities: Sequence[str] | None = None
) -> list[ObservedPolicy]:
    """The policies of a host's ports without outlier detection, which priorities need, or in another order.

    `priorities`: the only order that will do; None: any with local endpoints first.
    """
    return [
        policy
        for policy in _policies(rule, ports)
        if policy.outlier_detection is None or not in_order(policy, priorities)
    ]


def in_order(policy: ObservedPolicy, priorities: Sequence[str] | None) -> bool:
    """Whether a team's policy has these priorities; None: whether it keeps local endpoints first.

    `distribute` comes before them (ApplyLocalityLoadBalancer, pilot/pkg/networking/core/loadbalancer).
    """
    if policy.distribute:
        return False
    if priorities is None:
        return orders_local_first(policy)
    return list(policy.failover_priority or ()) == list(priorities)


def breaking_tls(
    rule: ObservedDestinationRule, ports: Iterable[ServicePort], *, auto_mtls: bool, through_gateway: bool = True
) -> list[ObservedPolicy]:
    """What of a rule switches the mesh's own TLS off, on which the way through a gateway depends.

    `through_gateway`: clients ask a gateway for the host, by a server name that a rule must not replace
    (conditionallyConvertToIstioMtls, pilot/pkg/networking/core/cluster_tls.go).

    Where the entry of a port has no mode, the rule's own decides whether the port gets remote endpoints
    (trafficPolicyTLSModeForPort, pilot/pkg/xds/endpoints/mtls_checker.go), although its policy counts for nothing else.
    Without automatic mutual TLS a client uses none that no rule asks for (buildUpstreamTLSSettings,
    pilot/pkg/networking/core/cluster_tls.go).
    """
    policies = _policies(rule, ports)
    entries = [policy for policy in policies if policy is not rule]
    found: list[ObservedPolicy] = []
    counts = rule in policies
    renamed_by_rule = through_gateway and rule.server_name is not None
    if (
        rule.tls_mode not in (None, "ISTIO_MUTUAL") and (counts or any(entry.tls_mode is None for entry in entries))
    ) or (counts and (renamed_by_rule or not (auto_mtls or rule.tls_mode))):
        found.append(rule)
    allowed = (None, "ISTIO_MUTUAL") if auto_mtls else ("ISTIO_MUTUAL",)
    renamed = [entry for entry in entries if through_gateway and entry.server_name]
    return [*found, *(entry for entry in entries if entry.tls_mode not in allowed or entry in renamed)]


def orders_local_first(policy: ObservedPolicy) -> bool:
    """Whether the `failoverPriority` of a team's policy puts endpoints of the own network before all others."""
    order = policy.failover_priority or []
    return NETWORK in order and order[0].partition("=")[0] in _LOCAL_FIRST


def _policies(rule: ObservedDestinationRule, ports: Iterable[ServicePort]) -> list[ObservedPolicy]:
    """What counts for the TCP ports of a host: the rule's own policy if it does for one of them, then entries of ports.

    The entry of a port replaces the rule's own policy, also with what it leaves out; the first of several counts
    (GetPortLevelTrafficPolicy, pilot/pkg/networking/util/util.go).
    """
    entries = {entry.port: entry for entry in reversed(rule.port_level_settings)}
    numbers = {port.port for port in ports if port.protocol == "TCP"}
    own = [rule] if numbers - entries.keys() else []
    return [*own, *(entries[number] for number in sorted(numbers & entries.keys()))]
