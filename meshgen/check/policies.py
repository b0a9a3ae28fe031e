"""The teams' DestinationRules against the hosts of a consumer, and the block that they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.calls.order import asked_for, by_locality
from meshgen.calls.traffic_policy import (
    comes_last,
    exported_to_all,
    has_policy,
    in_order,
    is_exact,
    rules_beside,
)
from meshgen.check.places import listed
from meshgen.language.foreign import ObservedPortPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls, Import
    from meshgen.language.foreign import ObservedDestinationRule, ObservedPolicy


def beside_services(calls: Calls) -> Iterator[Import]:
    """The imports whose DestinationRule stands in the namespace of the Service, where a team may have one, too."""
    return (item for item in calls.imports if item.beside_service)


def unmerged(calls: Calls) -> Iterator[tuple[Import, ObservedDestinationRule]]:
    """Teams' rules beside ours that are exported otherwise: of the two each client takes the newer that it sees.

    Source: EnableEnhancedDestinationRuleMerge, pilot/pkg/model/destination_rule.go; of those that a client sees the
    newest counts, setDestinationRules in push_context.go and DestinationRule in sidecar.go.
    """
    for item in beside_services(calls):
        if item.policy.owner != "ours":
            continue
        for rule in rules_beside(calls.relations, item.consumer, item.service):
            if tuple(rule.export_to or ()) != item.policy.export_to:
                yield item, rule


def hidden(calls: Calls) -> Iterator[tuple[Import, ObservedDestinationRule]]:
    """The team's rule that governed a host for all clients until ours came, which is more specific or nearer.

    Source: the first level with a match wins, the root namespace last (pilot/pkg/model/push_context.go); within a level
    an exact host beats a wildcard, and nothing is merged (pilot/pkg/model/config.go).
    """
    relations = calls.relations
    for item in beside_services(calls):
        if item.policy.owner != "ours" or rules_beside(relations, item.consumer, item.service):
            continue
        rules = [rule for rule in relations.destination_rules(item.consumer, item.host) if not rule.workload_selector]
        beside = [rule for rule in rules if rule.namespace == item.service.namespace]
        above = [rule for rule in rules if comes_last(relations.facts[item.consumer], rule)]
        governing = max(beside or above, key=lambda rule: len(rule.host), default=None)
        if governing is not None and (has_policy(governing) or governing.subsets):
            yield item, governing


def for_ports(policies: Sequence[ObservedPolicy]) -> str:
    """Which ports policies of one rule are for, as the end of a phrase; nothing if the rule's own is among them."""
    ports = [str(policy.port) for policy in policies if isinstance(policy, ObservedPortPolicy)]
    if len(ports) < len(policies):
        return ""
    return f" for port{'s' if len(ports) > 1 else ''} {listed(ports)}"


def tls_of(policy: ObservedPolicy) -> str:
    """What a policy that breaks mutual TLS says of it."""
    if renames(policy):
        return f"its TLS server name{for_ports([policy])} is `{policy.server_name}`, by which no gateway knows the host"
    if policy.tls_mode is None:
        return f"it sets no TLS mode{for_ports([policy])}, and the mesh has no automatic mutual TLS"
    return f"its TLS mode{for_ports([policy])} is {policy.tls_mode}"


def renames(policy: ObservedPolicy) -> bool:
    """Whether all that a policy breaks is the server name."""
    return policy.tls_mode == "ISTIO_MUTUAL" and policy.server_name is not None


def place(policy: ObservedPolicy) -> str:
    """Where a policy stands in the manifest of its rule."""
    if isinstance(policy, ObservedPortPolicy):
        return f"the entry of port {policy.port} in its `portLevelSettings`"
    return "its `trafficPolicy`"


def missing_block(item: Import, policy: ObservedPolicy) -> str:
    """What to add to a team's policy, at its place, so that it keeps the order of the clusters, as flow YAML.

    It goes in the place of `distribute`, where the policy has that.
    """
    parts = []
    if policy.outlier_detection is None:
        detection = {"maxEjectionPercent": 100} | item.failover.outlier_detection
        fields = ", ".join(f"{key}: {_scalar(value)}" for key, value in detection.items())
        parts.append(f"outlierDetection: {{{fields}}}")
    if not in_order(policy, asked_for(item.order)):
        zone_aware = item.failover.zone_aware
        order = ", ".join(asked_for(item.order) or by_locality(0, local=True, zone_aware=zone_aware).priorities)
        parts.append(f"loadBalancer: {{localityLbSetting: {{enabled: true, failoverPriority: [{order}]}}}}")
    return f"{{{', '.join(parts)}}}"


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def subset_rules(calls: Calls) -> Iterator[tuple[Import, ObservedDestinationRule, Exposure | None, list[str]]]:
    """Teams' rules with subsets for imported hosts; the first source that lacks some of them, and which."""
    relations = calls.relations
    seen: set[tuple[str, str, int]] = set()
    known: dict[tuple[str, str, str], set[str]] = {}
    for item in calls.imports:
        for rule in relations.destination_rules(item.consumer, item.host):
            key = (item.consumer, item.host, id(rule))
            if not rule.subsets or key in seen or not is_exact(relations, rule, item.host):
                continue
            seen.add(key)
            for source in item.sources:
                key_of_source = (source.cluster, source.host, source.gateway.namespace)
                if key_of_source not in known:
                    known[key_of_source] = _seen_subsets(relations, source)
                missing = [subset for subset in rule.subsets if subset not in known[key_of_source]]
                if missing:
                    yield item, rule, source, missing
                    break
            else:
                yield item, rule, None, []


def _seen_subsets(relations: Relations, source: Exposure) -> set[str]:
    """The subsets of all rules of the source that its gateway sees."""
    known: set[str] = set()
    gateway = source.gateway.namespace
    for twin in relations.destination_rules(source.cluster, source.host):
        visible = exported_to_all(relations.facts[source.cluster], twin) or gateway in (
            twin.namespace,
            *(twin.export_to or ()),
        )
        if visible and is_exact(relations, twin, source.host):
            known.update(twin.subsets)
    return known
