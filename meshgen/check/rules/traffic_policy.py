"""A team's DestinationRules beside ours."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from meshgen.calls.order import asked_for
from meshgen.calls.traffic_policy import (
    breaking_tls,
    comes_last,
    exported_to_all,
    has_policy,
    is_exact,
    rules_beside,
    without_failover,
)
from meshgen.check.origins import exposure_at, hosts_at
from meshgen.check.places import listed, notes
from meshgen.check.policies import (
    beside_services,
    for_ports,
    hidden,
    missing_block,
    place,
    renames,
    subset_rules,
    tls_of,
    unmerged,
)
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.facts import ClusterFacts
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.language.foreign import ObservedDestinationRule, ObservedPolicy


def team_rule_without_failover(context: Context) -> Iterator[Finding]:
    """Find policies without outlier detection or priorities; the help holds the block that they lack.

    A team's DestinationRule replaces ours, so it has to keep local endpoints first (design §3, DestinationRule).

    Source: with several rules for one host of one namespace the oldest policy stays,
    pilot/pkg/model/destination_rule.go.
    """
    facts = context.relations.facts
    for item in beside_services(context.calls):
        decision, rule = item.policy, item.policy.rule
        if (
            decision.owner != "refused"
            or rule is None
            or breaking_tls(rule, item.ports, auto_mtls=facts[item.consumer].auto_mtls)
        ):
            continue
        priorities = asked_for(item.order)
        lacking = without_failover(rule, item.ports, priorities)
        why = "does not put local endpoints first" if priorities is None else "does not keep the order of the clusters"
        blocks = ", ".join(
            f"to {place(policy)}{' in the place of `distribute`' if policy.distribute else ''}: "
            f"`{missing_block(item, policy)}`"
            for policy in lacking
        )
        yield Finding(
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{item.consumer}` takes "
            f"failover from `{item.host}`: its policy{for_ports(lacking)} {why}",
            span=rule.span("name") if rule in lacking else lacking[0].span("port"),
            help=f"Add {blocks}, then import the inventory again.",
            notes=notes((exposure_at(item.sources[0]), f"cluster `{item.sources[0].cluster}` serves it")),
            object=item.object,
        )


def team_rule_governs(context: Context) -> Iterator[Finding]:
    """Find hosts whose entries come without our rule, or with it for some clients only.

    Without a local copy any policy of the team will do.

    A team's DestinationRule that keeps local endpoints first is left alone (design §3, DestinationRule).

    Ours stands beside one that is not exported to everybody: the two are not merged, and who does not see theirs would
    have none (pilot/pkg/model/destination_rule.go).
    """
    for item in beside_services(context.calls):
        decision, rule = item.policy, item.policy.rule
        if rule is None or decision.owner == "refused":
            continue
        beside_ours = decision.owner == "ours"
        reach = ", at most for the clients that it is exported to" if beside_ours else ""
        emitted = "its own rule for all others" if beside_ours else "entries but no rule of its own"
        yield Finding(
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{item.consumer}` "
            f"decides when `{item.host}` fails over{reach}: meshgen emits {emitted}",
            span=rule.span("name"),
            help=f"Accept this,{' export it to all namespaces,' if beside_ours else ''} or move its settings to "
            "`failover` and delete the rule.",
            object=item.object,
        )


def team_rule_breaks_tls(context: Context) -> Iterator[Finding]:
    """Find rules for exactly an imported host, in its own namespace, with another TLS mode; others are for MG362.

    The way through a gateway is mesh TLS with the host in the SNI: a DestinationRule must not change it.

    Source: pilot/pkg/xds/endpoints/mtls_checker.go.
    """
    relations = context.relations
    for item in context.calls.imports:
        for rule in rules_beside(relations, item.consumer, item.service):
            auto_mtls = relations.facts[item.consumer].auto_mtls
            for policy in breaking_tls(rule, item.ports, auto_mtls=auto_mtls):
                remedy = f"Remove `tls` from {place(policy)}, or set ISTIO_MUTUAL."
                if renames(policy):
                    remedy = f"Remove `sni` from `tls` in {place(policy)}."
                elif not auto_mtls:
                    remedy = f"Set `tls: {{mode: ISTIO_MUTUAL}}` in {place(policy)}."
                yield Finding(
                    message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster "
                    f"`{item.consumer}` cuts the way to other clusters for `{item.host}`: {tls_of(policy)}",
                    span=policy.span("serverName" if renames(policy) else "tlsMode"),
                    help=remedy,
                    notes=notes((exposure_at(item.sources[0]), f"cluster `{item.sources[0].cluster}` serves it")),
                    object=item.object,
                )


def subset_without_failover(context: Context) -> Iterator[Finding]:
    """Find subsets for imported hosts that a source has no rule for.

    A gateway passes a subset on only where its own cluster has a DestinationRule with it. Nothing is imported where a
    team's rule is refused (MG358).

    Source: subset chains, pilot/pkg/networking/core/gateway.go.
    """
    for item, rule, source, missing in subset_rules(context.calls):
        if source is None or not item.takes:
            continue
        several = len(missing) > 1
        yield Finding(
            message=f"requests for subset{'s' if several else ''} {listed(missing)} of `{item.host}` in cluster "
            f"`{item.consumer}` {'do not fail over' if item.local is not None else 'fail'}: cluster "
            f"`{source.cluster}` has no DestinationRule with {'them' if several else 'it'}",
            span=rule.span("subsets"),
            help="Route to the host without a subset where requests shall reach other clusters.",
            notes=notes((source.service.span("name"), f"the Service in `{source.cluster}`")),
            object=item.object,
        )


def rule_for_some_clients(context: Context) -> Iterator[Finding]:
    """Find DestinationRules that replace ours for a part of the clients, one finding a rule and effect.

    Those of other namespaces, with wildcards or for some workloads do.

    Source: the client's namespace comes before the service's, and the first level with a match wins whole,
    pilot/pkg/model/push_context.go, destinationRule.
    """
    relations = context.relations
    found: dict[tuple[str, str, str, str], tuple[ObservedDestinationRule, str, list[Import]]] = {}
    for item in context.calls.imports:
        for rule in relations.destination_rules(item.consumer, item.host):
            judged = _harm(relations, item, rule)
            if judged is not None:
                effect, remedy = judged
                key = (item.consumer, rule.namespace, rule.name, effect)
                found.setdefault(key, (rule, remedy, []))[2].append(item)
    for (cluster, namespace, name, effect), (rule, remedy, items) in found.items():
        hosts = listed(dict.fromkeys(item.host for item in items))
        yield Finding(
            message=f"DestinationRule `{name}` of namespace `{namespace}` in cluster `{cluster}` {effect} that call "
            f"{hosts}",
            span=rule.span("host"),
            help=f"Narrow its host, or {remedy}.",
            notes=hosts_at(items),
            object=f"{cluster}/{namespace}/{name}",
        )


def _harm(relations: Relations, item: Import, rule: ObservedDestinationRule) -> tuple[str, str] | None:
    """What `rule` does to which clients of the host, and what helps besides a narrower host.

    None where it does no harm, where MG358 to MG360 judge it, or where ours beats it.
    """
    home = rule.namespace == item.namespace
    if home and (not rule.workload_selector or rule.host.startswith("*")):
        # An exact rule for all clients is judged elsewhere, and ours is more specific than a wildcard.
        return None
    facts = relations.facts[item.consumer]
    if comes_last(facts, rule):
        return None
    breaking = breaking_tls(rule, item.ports, auto_mtls=facts.auto_mtls)
    if breaking and rule.namespace == item.service.namespace and is_exact(relations, rule, item.host):
        return None
    lacking = without_failover(rule, item.ports)
    # Clients in its namespace that it does not select find no rule (pilot/pkg/model/sidecar.go, DestinationRule).
    hides_ours = bool(rule.workload_selector) and not home
    if breaking:
        what = f"server name `{breaking[0].server_name}`"
        if not renames(breaking[0]):
            what = f"mode {breaking[0].tls_mode or 'not set'}"
        how = f"TLS {what}{for_ports(breaking[:1])}"
        effect = f"cuts the way to other clusters ({how}){' or takes failover' if hides_ours else ''}"
        remedies = [f"take `tls` out of {_places(breaking)}"]
        if renames(breaking[0]):
            remedies = [f"take `tls.sni` out of {_places(breaking)}"]
        elif not facts.auto_mtls:
            remedies = [f"set TLS mode ISTIO_MUTUAL in {_places(breaking)}"]
    elif lacking:
        effect = "takes failover"
        remedies = [f"add `outlierDetection` and `failoverPriority` as ours have to {_places(lacking)}"]
    elif hides_ours:
        effect, remedies = "takes failover", []
    else:
        return None
    clients = f"clients in `{rule.namespace}`"
    if home:
        clients += " with its `workloadSelector`"
    elif not remedies:
        clients += " outside its `workloadSelector`"
    if hides_ours:
        remedies.append("remove its `workloadSelector`")
    return f"{effect} for {clients}", " and ".join(remedies)


def _places(policies: list[ObservedPolicy]) -> str:
    return " and ".join(place(policy) for policy in policies)


def subsets_not_merged(context: Context) -> Iterator[Finding]:
    """Find rules with subsets only that no known route needs; MG389 has the others.

    Two DestinationRules of one host are merged only if they are exported to the same namespaces (`unmerged`).
    """
    relations = context.relations
    for item, rule in unmerged(context.calls):
        facts = relations.facts[item.consumer]
        if has_policy(rule) or (rule.subsets and relations.virtual_services(item.consumer, item.host)):
            continue
        yield Finding(
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{item.consumer}` is "
            f"not merged with ours for `{item.host}`: if it is newer, {_clients(facts, rule)} see its subsets without "
            "failover",
            span=rule.span("exportTo"),
            help=f"{_alike(facts)}: Istio merges rules that are exported alike.",
            object=item.object,
        )


def _clients(facts: ClusterFacts, rule: ObservedDestinationRule) -> str:
    """The clients that see a rule."""
    if exported_to_all(facts, rule):
        return "all clients"
    namespaces = {rule.namespace if name == "." else name for name in rule.export_to or (".",)}
    return f"clients in {listed(sorted(namespaces))}"


def subsets_stay_local(context: Context) -> Iterator[Finding]:
    """Find subsets that all sources have as well; where one lacks them, MG361 says so.

    Entries carry the labels of a Service's selector, not those of subsets, so a subset has local endpoints only.

    Source: subsets choose endpoints by label.
    """
    for item, rule, source, _ in subset_rules(context.calls):
        if source is not None or not any(taken.sort == "workloadEntry" for taken in item.takes):
            continue
        yield Finding(
            message=f"requests for subset{'s' if len(rule.subsets) > 1 else ''} {listed(rule.subsets)} of "
            f"`{item.host}` stay in cluster `{item.consumer}`: entries carry no labels of subsets",
            span=rule.span("subsets"),
            help="Route to the host without a subset where requests shall fail over.",
            object=item.object,
        )


def _alike(facts: ClusterFacts) -> str:
    """What makes Istio merge a rule with ours, beside it."""
    return "Remove its `exportTo`" if facts.exports_rules else 'Set its `exportTo: ["*"]`, as ours has'


_EXACT = "Declare them in a rule for exactly the host, which Istio merges with ours"


def hidden_subsets(context: Context) -> Iterator[Finding]:
    """Find rules with subsets that Istio does not merge with ours, where a route of the team is for the same host.

    Ours must not hide a team's subsets from routes that need them: every request to one would fail (`unmerged`).

    Source: measured in the lab: with ours newer and exported otherwise, 123 of 123 requests that a VirtualService
    routed to a subset were answered 503 while all copies lived.
    """
    relations = context.relations
    beside = (
        (
            item,
            rule,
            "exportTo",
            f"{_alike(relations.facts[item.consumer])}, since Istio merges rules that are exported alike",
        )
        for item, rule in unmerged(context.calls)
    )
    wider = ((item, rule, "host", _EXACT) for item, rule in hidden(context.calls))
    for item, rule, field, remedy in chain(beside, wider):
        routes = relations.virtual_services(item.consumer, item.host)
        if not rule.subsets or not routes:
            continue
        yield Finding(
            message=f"our DestinationRule for `{item.host}` in cluster `{item.consumer}` would hide the "
            f"subset{'s' if len(rule.subsets) > 1 else ''} {listed(rule.subsets)} of DestinationRule `{rule.name}` of "
            f"namespace `{rule.namespace}`: requests that {routes[0].kind} `{routes[0].name}` routes there would fail",
            span=rule.span(field),
            help=f"{remedy}, or set `failover: {{enabled: false}}` for the service.",
            notes=notes((routes[0].span("name"), "this routes the host")),
            object=item.object,
        )


def hidden_rule(context: Context) -> Iterator[Finding]:
    """Find rules whose policy no longer counts for a host, one finding a rule; MG389 has subsets that routes need.

    Our exact DestinationRule hides wildcards of its namespace, and rules of the root namespace (`policies.hidden`).
    """
    found: dict[tuple[str, str, str], tuple[ObservedDestinationRule, list[Import]]] = {}
    for item, rule in hidden(context.calls):
        if has_policy(rule):
            found.setdefault((item.consumer, rule.namespace, rule.name), (rule, []))[1].append(item)
    for (cluster, namespace, name), (rule, items) in found.items():
        hosts = listed(dict.fromkeys(item.host for item in items))
        yield Finding(
            message=f"our DestinationRule for {hosts} in cluster `{cluster}` hides `{name}` of "
            f"namespace `{namespace}`: none of its settings counts there any more",
            span=rule.span("host"),
            help="Accept this, write a rule with what the host needs of them for exactly the host, or set "
            "`failover: {enabled: false}`.",
            notes=hosts_at(items),
            object=f"{cluster}/{namespace}/{name}",
        )


RULES = (
    Rule("MG358", "error", "a team's DestinationRule without failover", "0.1", team_rule_without_failover),
    Rule("MG359", "warning", "a team's DestinationRule decides", "0.1", team_rule_governs),
    Rule("MG360", "error", "a team's DestinationRule changes the TLS", "0.1", team_rule_breaks_tls),
    Rule("MG361", "warning", "a subset that other clusters lack", "0.1", subset_without_failover),
    Rule("MG362", "warning", "a DestinationRule for some clients", "0.1", rule_for_some_clients),
    Rule("MG371", "warning", "subsets that are exported otherwise", "0.1", subsets_not_merged),
    Rule("MG387", "warning", "subsets stay local", "0.1", subsets_stay_local),
    Rule("MG389", "error", "ours would hide a team's subsets", "0.1", hidden_subsets),
    Rule("MG391", "warning", "a DestinationRule that ours hides", "0.1", hidden_rule),
)
