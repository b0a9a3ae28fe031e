"""Two DestinationRules of one host are merged only if they are exported to the same namespaces.

Source: EnableEnhancedDestinationRuleMerge, pilot/pkg/model/destination_rule.go; of those that a client sees the newest
counts, setDestinationRules in push_context.go and DestinationRule in sidecar.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed
from meshgen.check.policies import decisions, is_exact
from meshgen.diagnostics import Diagnostic
from meshgen.model.policies import exported_to_all, has_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.inventory import ObservedDestinationRule
    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules with subsets only that have an `exportTo`; ours has none, and that is not the same as `*`."""
    for link, decision in decisions(relations):
        if decision.owner != "ours":
            continue
        for rule in relations.destination_rules(link.cluster, link.host):
            own = rule.namespace == link.service.namespace and is_exact(relations, rule, link.host)
            if not own or has_policy(rule) or not rule.export_to:
                continue
            yield Diagnostic(
                code="MG371",
                severity="warning",
                message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` is "
                f"not merged with ours for `{link.host}`: if it is newer, {_clients(rule)} see its subsets without "
                "failover",
                span=rule.span("exportTo"),
                help="Remove its `exportTo`: Istio merges rules that are exported alike.",
                object=link.object,
            )


def _clients(rule: ObservedDestinationRule) -> str:
    """The clients that see a rule with `exportTo`."""
    if exported_to_all(rule):
        return "all clients"
    namespaces = {rule.namespace if name == "." else name for name in rule.export_to or ()}
    return f"clients in {listed(sorted(namespaces))}"
