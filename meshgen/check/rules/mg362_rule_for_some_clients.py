"""DestinationRules of other namespaces, with wildcards or for some workloads replace ours for a part of the clients.

Source: the client's namespace comes before the service's, and the first level with a match wins whole,
pilot/pkg/model/push_context.go, destinationRule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports, is_stub
from meshgen.check.policies import for_ports, is_exact, place
from meshgen.diagnostics import Diagnostic
from meshgen.model.facts import multicluster_namespace
from meshgen.model.policies import breaking_tls, keeps_local_first, without_failover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.consumers import Link
    from meshgen.model.inventory import ObservedDestinationRule, ObservedPolicy
    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find such rules, one finding a rule and effect, with the clients that it changes."""
    found: dict[tuple[str, str, str, str], tuple[ObservedDestinationRule, list[Link]]] = {}
    for link in imports(relations):
        for rule in relations.destination_rules(link.cluster, link.host):
            if _concerns_some(relations, link, rule):
                key = (link.cluster, rule.namespace, rule.name, _effect(link, rule))
                found.setdefault(key, (rule, []))[1].append(link)
    for (cluster, namespace, name, effect), (rule, links) in found.items():
        more = f" and {len(links) - 1} more" if len(links) > 1 else ""
        workloads = " with its `workloadSelector`" if rule.workload_selector else ""
        yield Diagnostic(
            code="MG362",
            severity="warning",
            message=f"DestinationRule `{name}` of namespace `{namespace}` in cluster `{cluster}` {effect} for "
            f"clients in `{namespace}`{workloads} that call `{links[0].host}`{more}",
            span=rule.span("host"),
            help=f"Narrow its host, or {_remedy(links[0], rule)}.",
            object=f"{cluster}/{namespace}/{name}",
        )


def _concerns_some(relations: Relations, link: Link, rule: ObservedDestinationRule) -> bool:
    """Whether `rule` governs some clients of the host: all but those rules that MG358 to MG360 judge or ours beats."""
    exact = is_exact(relations, rule, link.host)
    in_place = link.kind == "failover" or is_stub(relations, link)
    home = link.service.namespace if in_place else multicluster_namespace(relations.fleet)
    if rule.namespace == home and not rule.workload_selector:
        # An exact rule is judged elsewhere, and ours is more specific than a wildcard.
        return False
    if exact and rule.namespace == link.service.namespace and breaking_tls(rule, link.ports):
        return False
    return not keeps_local_first(rule, link.ports)


def _effect(link: Link, rule: ObservedDestinationRule) -> str:
    breaking = breaking_tls(rule, link.ports)
    if not breaking:
        return "takes failover"
    return f"cuts the way to other clusters (TLS mode {breaking[0].tls_mode}{for_ports(breaking[:1])})"


def _remedy(link: Link, rule: ObservedDestinationRule) -> str:
    breaking = breaking_tls(rule, link.ports)
    if breaking:
        return f"take `tls` out of {_places(breaking)}"
    lacking = without_failover(rule, link.ports)
    return f"add `outlierDetection` and `failoverPriority` as ours have to {_places(lacking)}"


def _places(policies: list[ObservedPolicy]) -> str:
    return " and ".join(place(policy) for policy in policies)
