"""Two DestinationRules of one host are merged only if they are exported to the same namespaces.

Source: EnableEnhancedDestinationRuleMerge, pilot/pkg/model/destination_rule.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.policies import decisions, is_exact
from meshgen.diagnostics import Diagnostic
from meshgen.model.policies import exported_to_all, has_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules with subsets only that are exported otherwise than ours, which goes to all namespaces."""
    for link, decision in decisions(relations):
        if decision.owner != "ours":
            continue
        for rule in relations.destination_rules(link.cluster, link.host):
            own = rule.namespace == link.service.namespace and is_exact(relations, rule, link.host)
            if not own or has_policy(rule) or exported_to_all(rule):
                continue
            yield Diagnostic(
                code="MG371",
                severity="warning",
                message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` is "
                f"not merged with ours for `{link.host}`: some clients see its subsets without failover",
                span=rule.span("exportTo"),
                help="Remove its `exportTo`: Istio merges rules that are exported alike.",
                object=link.object,
            )
