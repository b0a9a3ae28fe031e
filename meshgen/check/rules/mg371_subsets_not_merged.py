"""Two DestinationRules of one host are merged only if they are exported to the same namespaces (`unmerged`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.policies import exported_to_all, has_policy
from meshgen.check.places import listed
from meshgen.check.policies import unmerged
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedDestinationRule


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules with subsets only that no known route needs; MG389 has the others."""
    for link, rule in unmerged(relations):
        if has_policy(rule) or (rule.subsets and relations.virtual_services(link.cluster, link.host)):
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
    """The clients that see a rule."""
    if exported_to_all(rule):
        return "all clients"
    namespaces = {rule.namespace if name == "." else name for name in rule.export_to or ()}
    return f"clients in {listed(sorted(namespaces))}"
