"""DestinationRules of other namespaces, with wildcards or for some workloads replace ours for a part of the clients.

Source: the client's namespace comes before the service's, and the first level with a match wins whole,
pilot/pkg/model/push_context.go, destinationRule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.policies import breaking_tls, is_exact, without_failover
from meshgen.check.consumers import imports, is_stub
from meshgen.check.places import first_of
from meshgen.check.policies import comes_last, for_ports, place
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.language.inventory import ObservedDestinationRule, ObservedPolicy


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find such rules, one finding a rule and effect, with the clients that it changes."""
    found: dict[tuple[str, str, str, str], tuple[ObservedDestinationRule, str, list[Link]]] = {}
    for link in imports(relations):
        for rule in relations.destination_rules(link.cluster, link.host):
            judged = _judge(relations, link, rule)
            if judged is not None:
                effect, remedy = judged
                key = (link.cluster, rule.namespace, rule.name, effect)
                found.setdefault(key, (rule, remedy, []))[2].append(link)
    for (cluster, namespace, name, effect), (rule, remedy, links) in found.items():
        hosts = first_of([link.host for link in links])
        yield Diagnostic(
            code="MG362",
            severity="warning",
            message=f"DestinationRule `{name}` of namespace `{namespace}` in cluster `{cluster}` {effect} that call "
            f"{hosts}",
            span=rule.span("host"),
            help=f"Narrow its host, or {remedy}.",
            object=f"{cluster}/{namespace}/{name}",
        )


def _judge(relations: Relations, link: Link, rule: ObservedDestinationRule) -> tuple[str, str] | None:
    """What `rule` does to which clients of the host, and what helps besides a narrower host.

    None where it does no harm, where MG358 to MG360 judge it, or where ours beats it.
    """
    in_place = link.kind == "failover" or is_stub(relations, link)
    home = rule.namespace == (link.service.namespace if in_place else multicluster_namespace(relations.fleet))
    if home and (not rule.workload_selector or rule.host.startswith("*")):
        # An exact rule for all clients is judged elsewhere, and ours is more specific than a wildcard.
        return None
    if comes_last(rule):
        return None
    breaking = breaking_tls(rule, link.ports)
    if breaking and rule.namespace == link.service.namespace and is_exact(relations, rule, link.host):
        return None
    lacking = without_failover(rule, link.ports)
    # Clients in its namespace that it does not select find no rule (pilot/pkg/model/sidecar.go, DestinationRule).
    hides_ours = bool(rule.workload_selector) and not home
    if breaking:
        mode = f"{breaking[0].tls_mode}{for_ports(breaking[:1])}"
        effect = f"cuts the way to other clusters (TLS mode {mode}){' or takes failover' if hides_ours else ''}"
        remedies = [f"take `tls` out of {_places(breaking)}"]
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
